import type { Row, Signature } from '@fairlead/contract'
import type { RuntimeChoice, RuntimeName } from '@fairlead/contract/control'
import { COST_ROWS } from '../../../model/cost.ts'
import { syntheticExample } from '../../../model/signature/example.ts'
import { measureSession } from '../measure.ts'
import { RowsPlan } from '../rows.ts'
import { concatAll, joinable, sizeOf, sliceAll } from '../tensors.ts'
import type { Session, Tensors } from '../types.ts'
import { compareAnswers } from './agreement.ts'
import { type ColumnProbes, madeRows } from './made-rows.ts'

/** One way to run a model. */
export interface Way {
  runtime: RuntimeName
  /** In words, for people. */
  words: string
  open(): Promise<Session>
}

/** What is tried. */
export interface Trial {
  signature: Signature
  /** The way whose answers count where they differ, first. */
  ways: readonly Way[]
  /** Values by which the model decides, by tensor. */
  probes: ReadonlyMap<string, readonly ColumnProbes[]>
  /** Rows that came with the model. */
  rows: readonly Row[]
}

/** Rows that are made up, and most of those that came with the model that are run. */
const MADE = 512
const MOST_GIVEN = 512
/** Made-up rows that are looked at for some that run, how many of them are enough, and how long is looked. */
const LOOKED_AT = 64
const ENOUGH = 32
const LOOKED_MS = 200
/** Numbers in the rows of a run that is timed. */
const MOST_NUMBERS = 4_000_000
/** How long each way runs before it is timed. */
const WARM_MS = 50

interface Tried {
  way: Way
  session?: Session
  problem?: string
  measured: RuntimeChoice['ways'][number]['measured']
}

/**
 * Runs a model in every way that takes it: all must answer the same to rows that came with it and to rows that are made up of the values
 * by which it decides; each is timed with one row and with many. The fastest of those that agree with the first is chosen.
 */
export async function tryWays({ signature, ways, probes, rows }: Trial): Promise<RuntimeChoice> {
  const tried: Tried[] = []
  try {
    for (const way of ways) tried.push(await opened(way))
    const given = decoded(signature, rows)
    const made = madeRows(signature, probes, MADE)
    const able = tried.filter((one) => one.session)
    const [first, ...others] = able
    if (!first) throw new Error(tried.map(({ way, problem }) => `${way.words}: ${problem}`).join('; '))
    let agreement: RuntimeChoice['agreement']
    const agreeing = [first]
    for (const other of others) {
      agreement = await agreementOf(first, other, { given, made })
      if (agreement.agree) agreeing.push(other)
    }
    const some = rowsToMeasure(able, { signature, given, made })
    if (some) for (const each of able) await measure(each, some)
    return verdict(tried, { agreeing, agreement })
  } finally {
    for (const { session } of tried) await session?.[Symbol.asyncDispose]()
  }
}

const LAX = { extraColumns: 'ignore', unknownValues: 'pass' } as const

async function opened(way: Way): Promise<Tried> {
  try {
    return { way, session: await way.open(), measured: [] }
  } catch (error) {
    return { way, problem: wordsOf(error), measured: [] }
  }
}

/** Rows that fit the signature; those that came with a model may not. */
function decoded(signature: Signature, rows: readonly Row[]): Tensors | undefined {
  if (rows.length === 0) return undefined
  try {
    return new RowsPlan(signature, LAX).decode(rows.slice(0, MOST_GIVEN))
  } catch {
    return undefined
  }
}

/**
 * Rows that every way answers: those that came with the model, a plausible one, made-up ones; there may be none. They are several, because
 * trees take one and the same row the faster the more often they see it.
 */
function rowsToMeasure(
  able: readonly Tried[],
  { signature, given, made }: { signature: Signature; given: Tensors | undefined; made: Tensors },
): Tensors | undefined {
  const own = given ? (Object.values(given)[0]?.shape[0] ?? 0) : 0
  const rows = [...Array.from({ length: Math.min(own, ENOUGH) }, (_, row) => sliceAll(given!, row, row + 1)), ...plausible(signature)]
  for (let row = 0; row < LOOKED_AT; row++) rows.push(sliceAll(made, row, row + 1))
  const found: Tensors[] = []
  const until = performance.now() + LOOKED_MS
  for (const one of rows) {
    if (found.length === ENOUGH || (found.length > 0 && performance.now() > until)) break
    if (found[0] && !joinable(found[0], one)) continue
    if (able.every(({ session }) => typeof answersOf(session!, one) !== 'string')) found.push(one)
  }
  return found.length === 0 ? undefined : concatAll(found)
}

function plausible(signature: Signature): Tensors[] {
  const row = decoded(signature, [syntheticExample(signature)])
  return row ? [row] : []
}

async function measure(tried: Tried, some: Tensors): Promise<void> {
  const one = sliceAll(some, 0, 1)
  const width = Object.values(one).reduce((sum, { shape }) => sum + sizeOf(shape), 0)
  const until = performance.now() + WARM_MS
  // what serves for days runs as the engine has optimised it, and is compared so
  while (performance.now() < until) tried.session!.runSync!(one)
  const sizes = COST_ROWS.filter((rows) => rows === 1 || rows * width <= MOST_NUMBERS)
  tried.measured = (await measureSession(tried.session!, some, { fixedRows: false, sizes, gathered: true })).measured
}

type Agreement = NonNullable<RuntimeChoice['agreement']>

async function agreementOf(first: Tried, other: Tried, { given, made }: { given: Tensors | undefined; made: Tensors }): Promise<Agreement> {
  let [rows, largest] = [0, 0]
  for (const [what, tensors] of [
    ['rows that came with the model', given],
    ['made-up rows', made],
  ] as const) {
    if (!tensors) continue
    const count = Object.values(tensors)[0]?.shape[0] ?? 0
    rows += count
    const found = compared(first, other, { tensors, rows: count })
    largest = Math.max(largest, found.largest)
    if (found.difference !== undefined) return { agree: false, rows, largestDifference: largest, detail: `${found.difference} (of the ${what})` }
  }
  return { agree: true, rows, largestDifference: largest }
}

function compared(first: Tried, other: Tried, { tensors, rows }: { tensors: Tensors; rows: number }): { largest: number; difference: string | undefined } {
  const of = [first.way.words, other.way.words] as const
  const [left, right] = [answersOf(first.session!, tensors), answersOf(other.session!, tensors)]
  if (typeof left !== 'string' && typeof right !== 'string') return compareAnswers(left, right, of)
  // one row that is refused hides all others: each by itself then
  let largest = 0
  for (let row = 0; row < rows; row++) {
    const alone = sliceAll(tensors, row, row + 1)
    const [a, b] = [answersOf(first.session!, alone), answersOf(other.session!, alone)]
    if (typeof a === 'string' && typeof b === 'string') continue
    if (typeof a === 'string' || typeof b === 'string') {
      const [refuses, answers, why] = typeof a === 'string' ? [of[0], of[1], a] : [of[1], of[0], b]
      return { largest, difference: `row ${row}: ${answers} answers and ${refuses} does not (${why})` }
    }
    const found = compareAnswers(a, b, of)
    largest = Math.max(largest, found.largest)
    if (found.difference !== undefined) return { largest, difference: found.difference.replace(/\brow 0\b/, `row ${row}`) }
  }
  return { largest, difference: undefined }
}

/** The answers, or why there are none. */
function answersOf(session: Session, tensors: Tensors): Tensors | string {
  try {
    return session.runSync!(tensors)
  } catch (error) {
    return wordsOf(error)
  }
}

function wordsOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 1000)
}

function verdict(tried: readonly Tried[], { agreeing, agreement }: { agreeing: readonly Tried[]; agreement: Agreement | undefined }): RuntimeChoice {
  const chosen = agreeing.reduce((best, one) => (costOf(one) < costOf(best) ? one : best))
  return {
    chosen: chosen.way.runtime,
    reason: reasonOf(tried, { chosen, agreeing, agreement }),
    ways: tried.map(({ way, problem, measured }) => ({ runtime: way.runtime, ...(problem === undefined ? {} : { problem }), measured })),
    ...(agreement ? { agreement } : {}),
  }
}

/** What one row costs alone and what it costs among many count alike: their geometric mean. */
function costOf({ measured }: Tried): number {
  const one = measured[0]?.micros
  if (one === undefined) return Number.POSITIVE_INFINITY
  return Math.sqrt(Math.max(one, 0.1) * Math.max(0.01, bestOf(measured)))
}

function bestOf(measured: Tried['measured']): number {
  return Math.min(...measured.map(({ rows, micros }) => micros / rows))
}

function reasonOf(
  tried: readonly Tried[],
  { chosen, agreeing, agreement }: { chosen: Tried; agreeing: readonly Tried[]; agreement: Agreement | undefined },
): string {
  const { words } = chosen.way
  const unable = tried.find((one) => one.problem !== undefined && one !== chosen)
  if (unable) return `Runs by ${words}: ${unable.way.words} does not take it (${unable.problem}).`
  if (agreement?.agree === false) return `Runs by ${words}, whose answers count where others differ: ${agreement.detail}.`
  const other = agreeing.find((one) => one !== chosen)
  if (!other || !agreement) return `Runs by ${words}: ${figuresOf(chosen)}.`
  const apart = agreement.largestDifference === 0 ? 'to the last bit' : `within ${agreement.largestDifference.toPrecision(2)}`
  return `Runs by ${words}, the faster of two that answer the same (${apart}, on ${agreement.rows} rows): ${figuresOf(chosen)}, by ${other.way.words} ${figuresOf(other)}.`
}

function figuresOf({ measured }: Tried): string {
  const [one] = measured
  if (!one) return 'not measured'
  return `one row takes ${rounded(one.micros)} µs, each of many ${rounded(bestOf(measured))} µs`
}

function rounded(micros: number): string {
  return micros >= 100 ? String(Math.round(micros)) : Number(micros.toPrecision(2)).toString()
}
