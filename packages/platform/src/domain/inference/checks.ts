import { FairleadError, type ProblemItem, parseJson, type Row, writeJson } from '@fairlead/contract'
import type { GoldenRows } from '@fairlead/contract/control'
import { AnswersPlan } from './answers.ts'
import { modelSide } from './model-side.ts'
import { RowsPlan } from './rows.ts'
import type { ReleasePlan, ServingRelease } from './serving-release.ts'
import type { LoadReport } from './types.ts'

type Check = LoadReport['checks'][number]

/** The example or golden rows did not pass; carries what every check found. */
export class ChecksFailed extends FairleadError {
  readonly checks: Check[]

  constructor(detail: string, checks: Check[], options: { items: ProblemItem[]; cause?: unknown }) {
    super('example-failed', detail, options)
    this.checks = checks
  }
}

interface Difference {
  path: string
  detail: string
}

/** Numbers as numbers, also those that JSON has as text. */
function asNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return value
  if (typeof value === 'bigint') return Number(value)
  return value === 'NaN' || value === 'Infinity' || value === '-Infinity' ? Number(value) : undefined
}

/** Compares expected answers with got ones; answers the largest difference of two numbers and the places that differ. */
export function compareAnswers(
  expected: unknown,
  got: unknown,
  { tolerance, path }: { tolerance: number; path: string },
): { largest: number; differences: Difference[] } {
  if (isWhole(expected) && isWhole(got)) return compareWhole(BigInt(expected), BigInt(got), { tolerance, path })
  const [a, b] = [asNumber(expected), asNumber(got)]
  if (a !== undefined && b !== undefined) {
    const distance = Object.is(a, b) || a === b ? 0 : Math.abs(a - b)
    if (distance <= tolerance) return { largest: distance, differences: [] }
    return { largest: Number.isFinite(distance) ? distance : 0, differences: [{ path, detail: `expected ${expected}, got ${got}` }] }
  }
  if (typeof expected === 'object' && expected !== null && typeof got === 'object' && got !== null) {
    let largest = 0
    const differences: Difference[] = []
    for (const [key, value] of Object.entries(expected)) {
      const inner = compareAnswers(value, (got as Record<string, unknown>)[key], {
        tolerance,
        path: Array.isArray(expected) ? `${path}[${key}]` : `${path}.${key}`,
      })
      largest = Math.max(largest, inner.largest)
      differences.push(...inner.differences)
    }
    return { largest, differences }
  }
  // a label may be written as text in one place and as a number in the other
  if (expected === got || (expected != null && got != null && String(expected) === String(got))) return { largest: 0, differences: [] }
  return { largest: 0, differences: [{ path, detail: `expected ${writeJson(expected)}, got ${writeJson(got) ?? 'nothing'}` }] }
}

function isWhole(value: unknown): value is bigint | number {
  return typeof value === 'bigint' || Number.isSafeInteger(value)
}

/** A double has no room for the digits in which two numbers of 64 bits may differ. */
function compareWhole(expected: bigint, got: bigint, { tolerance, path }: { tolerance: number; path: string }) {
  const distance = Number(expected > got ? expected - got : got - expected)
  if (distance <= tolerance) return { largest: distance, differences: [] }
  return { largest: distance, differences: [{ path, detail: `expected ${expected}, got ${got}` }] }
}

const LISTED = 20
const CHUNK = 1000
const CHECK_MS = 60_000

/** How rows of the model's own columns become its tensors. */
export function modelRows(plan: ReleasePlan): RowsPlan {
  return plan.steps ? new RowsPlan(modelSide(plan.release).signature, plan.release.settings) : plan.rows
}

/** What rows are, how they run, and how answers are written. */
interface Way {
  rows: RowsPlan
  answers: AnswersPlan
  run: ServingRelease['run']
}

/** As callers ask. */
function wayOfCallers(serving: ServingRelease): Way {
  return { rows: serving.rows, answers: serving.answers, run: (work) => serving.run(work) }
}

/** The model without the steps around it: rows that came with it know nothing of them. */
function wayOfModel(serving: ServingRelease): Way {
  if (!serving.steps) return wayOfCallers(serving)
  const { signature } = modelSide(serving.release)
  return { rows: modelRows(serving), answers: new AnswersPlan(signature), run: (work) => serving.runModel(work) }
}

async function answers({ rows: plan, answers: written, run }: Way, rows: Row[]): Promise<Row[]> {
  const all: Row[] = []
  for (let from = 0; from < rows.length; from += CHUNK) {
    const part = rows.slice(from, from + CHUNK)
    const { outputs } = await run({ inputs: plan.decode(part), rows: part.length, deadline: Date.now() + CHECK_MS })
    all.push(...(parseJson(written.write(outputs, part.length)) as Row[]))
  }
  return all
}

/**
 * Sends the release's example rows through its whole plan, and the golden rows, which came with the model, through the model. Golden answers must be equal,
 * numbers within the tolerance. Throws `ChecksFailed` naming row and field.
 */
export async function runChecks(serving: ServingRelease, golden: GoldenRows | undefined): Promise<Check[]> {
  const { example } = serving.release
  const checks: Check[] = []
  if (example.length > 0) checks.push(await runExample(serving, example))
  if (golden && golden.rows.length > 0) checks.push(await runGolden(serving, golden, checks))
  return checks
}

async function runExample(serving: ServingRelease, rows: Row[]): Promise<Check> {
  try {
    await answers(wayOfCallers(serving), rows)
    return { kind: 'example', rows: rows.length, passed: true }
  } catch (error) {
    throw exampleFailed(rows.length, error)
  }
}

/** The failure of an example row, with the places of the error that it met. */
export function exampleFailed(rows: number, error: unknown): ChecksFailed {
  const known = error instanceof FairleadError
  const detail = `the example rows do not pass: ${error instanceof Error ? error.message : error}`
  const items = known ? error.items.map((item) => ({ ...item, path: item.path.replace(/^rows/, 'example') })) : []
  return new ChecksFailed(detail, [{ kind: 'example', rows, passed: false, detail }], { items, cause: error })
}

/** Compares answers with golden ones; `detail` puts the first place that differs in words. */
export function compareGolden(
  { predictions, tolerance }: Pick<GoldenRows, 'predictions' | 'tolerance'>,
  got: readonly unknown[],
): { largest: number; differences: Difference[]; detail?: string } {
  let largest = 0
  const differences: Difference[] = []
  for (const [i, expected] of predictions.entries()) {
    const found = compareAnswers(expected, got[i], { tolerance, path: `golden[${i}]` })
    largest = Math.max(largest, found.largest)
    differences.push(...found.differences)
  }
  const [first] = differences
  if (!first) return { largest, differences }
  const more = differences.length === 1 ? '' : `, and ${differences.length - 1} more places differ`
  return { largest, differences, detail: `${first.path}: ${first.detail} (tolerance ${tolerance})${more}` }
}

async function runGolden(serving: ServingRelease, golden: GoldenRows, before: Check[]): Promise<Check> {
  const { rows } = golden
  const check = { kind: 'golden' as const, rows: rows.length }
  const got = await answers(wayOfModel(serving), rows).catch((error: unknown) => {
    const detail = `the golden rows do not pass: ${error instanceof Error ? error.message : error}`
    const items = error instanceof FairleadError ? error.items.map((item) => ({ ...item, path: item.path.replace(/^rows/, 'golden') })) : []
    throw new ChecksFailed(detail, [...before, { ...check, passed: false, detail }], { items, cause: error })
  })
  const { largest, differences, detail } = compareGolden(golden, got)
  if (detail === undefined) return { ...check, passed: true, largestDifference: largest }
  const items = differences.slice(0, LISTED).map(({ path, detail: words }): ProblemItem => ({ path, code: 'example-failed', detail: words }))
  throw new ChecksFailed(detail, [...before, { ...check, passed: false, largestDifference: largest, detail }], { items })
}
