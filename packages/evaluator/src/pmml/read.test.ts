import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { checkForm } from '../form/check/index.ts'
import type { Elements } from '../form/element.ts'
import { type Form, NO_TEXT, type Output } from '../form/form.ts'
import { bothWays, type WorkOut } from '../testing/both.ts'
import { readPmml } from './read.ts'

type Cell = string | number | boolean | null

interface Answer {
  readonly value: Cell
  readonly probabilities?: Readonly<Record<string, number | null>>
}

interface Case {
  readonly name: string
  readonly columns: readonly string[]
  readonly rows: readonly (readonly Cell[])[]
  /** What the JPMML evaluator answers; null where it has no answer. */
  readonly expected: readonly (Answer | 'refused')[]
}

interface Model {
  readonly form: Form
  readonly answer: WorkOut
}

const TESTDATA = join(import.meta.dirname, 'testdata')
const { cases } = JSON.parse(readFileSync(join(TESTDATA, 'expected.json'), 'utf8')) as { cases: readonly Case[] }

describe('answers of the JPMML evaluator', () => {
  for (const one of cases) {
    test(one.name, () => {
      const form = readPmml(new Uint8Array(readFileSync(join(TESTDATA, `${one.name}.pmml`))))
      checkForm(form)
      const model = { form, answer: bothWays(form) }
      // Documents of XGBoost work in float32, where the order of the base decides the last bit.
      const tolerance = one.name.startsWith('xgboost') ? 2e-6 : 1e-12
      const answered = one.rows.filter((row, i) => compare(one, i, { form, answers: predict(model, one.columns, row), tolerance }))
      assert.ok(answered.length > 0, 'no row has an answer')
    })
  }
})

/** The answers for a row by output, or undefined where the row is refused. */
function predict({ form, answer }: Model, columns: readonly string[], row: readonly Cell[]): Map<string, Elements> | undefined {
  const cell = (name: string) => row[columns.indexOf(name)] ?? null
  for (const input of form.inputs) for (const at of input.required ?? []) if (cell(input.columns?.[at]?.name ?? input.name) === null) return undefined
  const inputs = form.inputs.map((input) => {
    const names = input.columns?.map(({ name }) => name) ?? [input.name]
    if (input.type === 'text') return Int32Array.of(cell(input.name) === null ? NO_TEXT : form.texts.indexOf(String(cell(input.name))))
    return Float64Array.from(names, (name) => (cell(name) === null ? Number.NaN : Number(cell(name))))
  })
  try {
    return answer(inputs, 1)
  } catch (error) {
    assert.ok(error instanceof TypeError || error instanceof RangeError, String(error))
    return undefined
  }
}

/** Whether the row has an answer, which then is the evaluator's. */
function compare(
  { expected, rows }: Case,
  row: number,
  { form, answers, tolerance }: { form: Form; answers: Map<string, Elements> | undefined; tolerance: number },
): boolean {
  const wanted = expected[row]
  const where = `row ${row} ${JSON.stringify(rows[row])}`
  const value = answers?.get('value')?.[0] ?? undefined
  if (wanted === 'refused' || wanted === undefined || wanted.value === null) {
    assert.ok(answers === undefined || Number.isNaN(value), `${where}: ${String(value)} where there is no answer`)
    return false
  }
  if (answers === undefined) {
    // The evaluator looks at a field when a rule asks for it; a form refuses what the document calls invalid, or lacks, at once.
    assert.ok(
      rows[row]?.some((cell) => cell === null || cell === 'unknown' || cell === 'XL'),
      `${where}: refused, ${JSON.stringify(wanted)} is expected`,
    )
    return false
  }
  if (value !== undefined) close(Number(value), Number(wanted.value), tolerance, where)
  else assert.equal(labelOf(form, answers), String(wanted.value), where)
  const output = form.outputs.find(({ name }) => name === 'probabilities')
  for (const [name, share] of Object.entries(wanted.probabilities ?? {})) {
    const at = output?.classes?.findIndex((one) => String(one) === name) ?? -1
    close(Number(answers.get('probabilities')?.[at]), Number(share), tolerance, `${where}, ${name}`)
  }
  return true
}

function labelOf(form: Form, answers: Map<string, Elements>): string {
  const output = form.outputs.find(({ name }) => name === 'label') as Output
  const step = form.steps[output.value - form.inputs.length]
  const label = Number(answers.get('label')?.[0])
  return step?.op === 'choose' && step.to === 'text' ? (form.texts[label] as string) : String(label)
}

function close(have: number, want: number, tolerance: number, where: string): void {
  assert.ok(Math.abs(have - want) <= tolerance + tolerance * Math.abs(want), `${where}: ${have} for ${want}`)
}
