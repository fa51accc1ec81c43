import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { type DataType, FairleadError, isFloat, writeJson } from '@fairlead/contract'
import { answerCells } from '../../packages/platform/src/domain/inference/index.ts'
import { openedHere, runBatch } from '../../packages/platform/src/testing/batch-rig.ts'
import { temporaryFolder } from '../../packages/platform/src/testing/temporary.ts'
import { type Cells, caseHas, caseTable, type ModelCase, modelCases } from './load.ts'
import { serveCase } from './serve-cases.ts'
import type { ServedModel } from './served.ts'

/** Rows that go together online: other ones than in batch. */
const TOGETHER = 7
/** Of the cases that are much alike, one in so many. */
const EVERY = 3

type JsonRow = Record<string, unknown>

function rowsOf({ read }: ServedModel, one: ModelCase): JsonRow[] {
  const { rows, columns } = caseTable(one, 'rows.parquet')
  const [only, ...others] = read.signature.columns
  const listed = others.length === 0 && only?.shape !== undefined ? only.name : undefined
  const cell = (cells: Cells, row: number) => {
    const value = cells[row]!
    if (typeof value !== 'number' || Number.isFinite(value)) return value
    return Number.isNaN(value) ? null : String(value)
  }
  return Array.from({ length: rows }, (_, row) => {
    const own = [...columns].map(([name, cells]) => [name, cell(cells, row)] as const)
    return listed === undefined ? Object.fromEntries(own) : { [listed]: own.map(([, value]) => value ?? 'NaN') }
  })
}

/** A value of NDJSON as its column has it. */
function typed(value: unknown, type: DataType): unknown {
  if (Array.isArray(value)) return value.map((inner) => typed(inner, type))
  if (value === null) return null
  if (type === 'int64' || type === 'uint64') return BigInt(value as number)
  return isFloat(type) ? (type === 'float32' ? Math.fround(Number(value)) : Number(value)) : value
}

/** Each row's answer online, a few rows at a time; null for those that are refused. */
async function online(opened: ReturnType<typeof openedHere>, rows: readonly JsonRow[]): Promise<(Record<string, unknown> | null)[]> {
  const { serving } = opened
  const ask = async (some: readonly JsonRow[]): Promise<Record<string, unknown>[]> => {
    const { outputs } = await serving.run({ inputs: serving.rows.decode(some), rows: some.length, deadline: Date.now() + 60_000 })
    const columns = serving.answerColumns.of(outputs, some.length)
    const cells = columns.map((column) => answerCells(column, some.length))
    return some.map((_, row) => Object.fromEntries(columns.map(({ name }, place) => [name, cells[place]![row]])))
  }
  const answers: (Record<string, unknown> | null)[] = []
  for (let at = 0; at < rows.length; at += TOGETHER) {
    const some = rows.slice(at, at + TOGETHER)
    try {
      answers.push(...(await ask(some)))
    } catch {
      for (const row of some)
        answers.push(
          await ask([row]).then(
            ([answer]) => answer!,
            () => null,
          ),
        )
    }
  }
  return answers
}

/** ONNX Runtime multiplies matrices in another order when more rows go together: its last digits are not a row's own. */
function assertAlike(own: JsonRow, expected: JsonRow, { exact, row }: { exact: boolean; row: number }): void {
  if (exact) {
    assert.deepEqual(own, expected, `row ${row}`)
    return
  }
  assert.deepEqual(Object.keys(own), Object.keys(expected))
  for (const [name, value] of Object.entries(own)) {
    const [a, b] = [[value].flat(), [expected[name]].flat()]
    assert.equal(a.length, b.length)
    for (const [at, x] of a.entries()) {
      const y = b[at]
      const near = typeof x === 'number' && typeof y === 'number' && Math.abs(x - y) <= 2e-6 * Math.max(1, Math.abs(y))
      assert.ok(near || Object.is(x, y), `row ${row} ${name}: ${x} and ${y}`)
    }
  }
}

async function checkCase(one: ModelCase): Promise<void> {
  await using served = await serveCase(one)
  const opened = openedHere(served.session, served.release)
  const rows = rowsOf(served, one)
  const expected = await online(opened, rows)
  await using folder = await temporaryFolder()
  const at = (name: string) => join(folder.path, name)
  await writeFile(at('in.ndjson'), `${rows.map((row) => writeJson(row)).join('\n')}\n`)
  const { summary } = await runBatch({ input: at('in.ndjson'), output: at('out.ndjson'), opened, maxBad: '100%' })
  const types = new Map(opened.serving.answerColumns.of({}, 0).map(({ name, type }) => [name, type]))
  const answers = readFileSync(at('out.ndjson'), 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as JsonRow)
  const answered = expected.filter((answer) => answer !== null)
  assert.equal(summary.rejected, rows.length - answered.length)
  for (const [row, answer] of answers.entries()) {
    const own = Object.fromEntries(
      Object.entries(answer).map(([name, value]) => [name, typed(value, types.get(name) ?? served.read.signature.fields[0]!.type)]),
    )
    assertAlike(own, answered[row]!, { exact: served.read.format !== 'onnx', row })
  }
}

describe('every model answers in batch as online, row for row', () => {
  const cases = modelCases().filter((one) => one.support === 'required' && caseHas(one, 'rows.parquet'))
  const chosen = cases.filter((_, at) => at % EVERY === 0)
  assert.ok(chosen.length > 50)
  for (const one of chosen) {
    test(`${one.library} ${one.id}`, async (context) => {
      try {
        await checkCase(one)
      } catch (error) {
        // what the platform refuses at import is never scored
        if (!(error instanceof FairleadError) || !error.code.startsWith('model-')) throw error
        context.diagnostic(error.message)
      }
    })
  }
})
