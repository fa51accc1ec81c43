import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { checkForm } from '../../packages/evaluator/src/form/check/index.ts'
import { compile, type Elements, type Form, interpret, readXGBoost, type XGBoostOptions } from '../../packages/evaluator/src/index.ts'
import { agree, type CaseTable, caseTable, type ModelCase, matrix, modelBytes, modelCase, modelCases } from './load.ts'

const all = modelCases('xgboost')
/** Margins are float32 sums in a known order: ours have the library's bits. */
const EXACTLY = { abs: 0, rel: 0 }
const formatOf = (path: string) => path.slice(path.lastIndexOf('.') + 1)

/** The rows as the form wants them: categories by their position. */
function features(form: Form, table: CaseTable): Float32Array {
  const names = [...table.columns.keys()]
  const rows = new Float32Array(table.rows * names.length)
  for (const [at, name] of names.entries()) {
    const column = form.inputs[0]!.columns?.[at]
    if (column) assert.equal(column.name, name)
    const known = column?.categories?.values as readonly unknown[] | undefined
    for (const [row, cell] of table.columns.get(name)!.entries()) {
      const missing = cell === null || Number.isNaN(cell)
      const position = known?.indexOf(cell) ?? 0
      assert.ok(missing || position >= 0, `${name} has no category ${cell}`)
      rows[row * names.length + at] = missing ? Number.NaN : known ? position : Number(cell)
    }
  }
  return rows
}

function options({ missing }: ModelCase): XGBoostOptions {
  return typeof missing === 'number' ? { missing } : {}
}

interface Ask {
  readonly one: ModelCase
  readonly path: string
  readonly options: XGBoostOptions
  /** Which output must be which of the expected columns. */
  readonly pairs: readonly (readonly [output: string, prefix: string])[]
}

function check({ one, path, options, pairs }: Ask): void {
  const form = readXGBoost(modelBytes(one, path), options)
  checkForm(form)
  const rows = caseTable(one, 'rows.parquet')
  const expected = caseTable(one, 'expected.parquet')
  const input = features(form, rows)
  const answers = interpret(form, [input], rows.rows)
  same(compile(form).run({ features: input }, rows.rows), answers)
  for (const [output, prefix] of pairs)
    agree(answers.get(output)!, matrix(expected, numbered(expected, prefix)), output === 'margin' ? EXACTLY : one.tolerance!)
}

/** The compiled form must give the same bits as the plain way. */
function same(compiled: Readonly<Record<string, unknown>>, plain: ReadonlyMap<string, Elements>): void {
  for (const [name, wanted] of plain) {
    const got = compiled[name] as Elements
    assert.equal(
      Buffer.compare(bits(got), bits(wanted)),
      0,
      `${name} differs from the plain way at element ${wanted.findIndex((x, at) => !Object.is(x, got[at]))}`,
    )
  }
}

function bits({ buffer, byteOffset, byteLength }: Elements): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength)
}

/** `pred_0`, `pred_1`, … and not `pred_best_0`. */
function numbered({ columns }: CaseTable, prefix: string): string[] {
  return [...columns.keys()].filter((name) => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length)))
}

describe('every XGBoost model answers as the library does', () => {
  assert.equal(all.length, 90)
  for (const one of all.filter(({ support, wrapper }) => support === 'required' && !wrapper)) {
    for (const { path } of one.files) {
      test(`${one.id} ${formatOf(path)}`, () => {
        const pairs = [['prediction', 'pred_'] as const, ['margin', 'margin_'] as const]
        check({ one, path, options: options(one), pairs })
        if (one.best_iteration === undefined) return
        const best = [['prediction', 'pred_best_'] as const, ['margin', 'margin_best_'] as const]
        check({ one, path, options: { ...options(one), iterations: 'best' }, pairs: best })
        check({ one, path, options: { ...options(one), as: 'regressor' }, pairs: best })
      })
    }
  }
})

describe("every model of XGBoost's scikit-learn classes answers as they do", () => {
  for (const one of all.filter(({ wrapper }) => wrapper)) {
    for (const { path } of one.files) {
      test(`${one.id} ${formatOf(path)}`, () => {
        const isClassifier = one.wrapper!.endsWith('Classifier')
        const pairs = isClassifier
          ? ([
              ['label', 'pred_'],
              ['probabilities', 'proba_'],
              ['margin', 'margin_'],
            ] as const)
          : ([
              ['prediction', 'pred_'],
              ['margin', 'margin_'],
            ] as const)
        check({ one, path, options: { as: isClassifier ? 'classifier' : 'regressor' }, pairs })
      })
    }
  }
})

test('a classifier of several labels says of each whether it is likelier than not', () => {
  const one = modelCase('xgb-multilabel')
  const form = readXGBoost(modelBytes(one), { as: 'classifier' })
  const rows = caseTable(one, 'rows.parquet')
  const expected = matrix(caseTable(one, 'expected.parquet'), 'pred_')
  const input = features(form, rows)
  const answers = interpret(form, [input], rows.rows)
  same(compile(form).run({ features: input }, rows.rows), answers)
  agree(answers.get('probabilities')!, expected, one.tolerance!)
  assert.deepEqual(
    Array.from(answers.get('label')!, Number),
    Array.from(expected.data, (probability) => (probability > 0.5 ? 1 : 0)),
  )
})

test('what cannot be read is refused with what to do', () => {
  assert.throws(() => readXGBoost(modelBytes(modelCase('xgb17-binary-format'))), {
    name: 'UnreadableModel',
    reason: 'unsupported',
    message: /load it with xgboost < 3\.1 and save it as JSON/,
  })
  for (const { path } of modelCase('xgb-cat-frame-unicode').files) {
    assert.throws(() => readXGBoost(modelBytes(modelCase('xgb-cat-frame-unicode'), path)), {
      reason: 'unsupported',
      message: /cats\.enc\[1\].*categories outside ASCII.*train again/,
    })
  }
})

test('both encodings of a model give the same form', () => {
  for (const id of ['xgb-cat-frame-strings', 'xgb-multi-output-tree', 'xgb-pruned', 'xgb17-dart', 'xgb-gblinear-multi']) {
    const [json, ubjson] = modelCase(id).files.map(({ path }) => readXGBoost(modelBytes(modelCase(id), path)))
    assert.deepEqual(json, ubjson, id)
  }
})
