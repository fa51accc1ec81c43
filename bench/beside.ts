import type { LoadResult } from './load.ts'
import { processorMicros } from './platform.ts'
import type { Figure } from './report.ts'

/** One of two that are compared: ours, or an echo. */
export interface Side {
  name: string
  /** One round of load. */
  run(seconds: number): Promise<LoadResult>
  /** The process that answers; known on Linux. */
  pid: number | undefined
  results: LoadResult[]
  /** Processor time a request of each round, in microseconds. */
  micros: number[]
}

/** Ours, the echo that does the same without a model, and the share of the echo's rate that ours should have. */
export interface Pair {
  ours: Side
  echo: Side
  least: number
}

export function side(name: string, pid: number | undefined, run: Side['run']): Side {
  return { name, run, pid, results: [], micros: [] }
}

/** Measures all sides in turn, the order turned round every time, after a round each that is not counted. */
export async function measureBeside(pairs: readonly Pair[], { rounds, seconds }: { rounds: number; seconds: number }): Promise<Figure[]> {
  const sides = pairs.flatMap(({ ours, echo }) => [echo, ours])
  for (const one of sides) await one.run(Math.min(2, seconds * 2))
  for (let n = 0; n < rounds; n++) {
    for (const one of n % 2 === 0 ? sides : [...sides].reverse()) await round(one, seconds)
    process.stderr.write(`round ${n + 1} of ${rounds}\n`)
  }
  return pairs.flatMap(figures)
}

async function round(one: Side, seconds: number): Promise<void> {
  const { pid } = one
  const before = pid === undefined ? 0 : processorMicros(pid)
  const result = await one.run(seconds)
  one.results.push(result)
  if (pid !== undefined) one.micros.push((processorMicros(pid) - before) / result.requests)
}

function figures({ ours, echo, least }: Pair): Figure[] {
  const of = (one: Side, pick: (result: LoadResult) => number): number[] => one.results.map(pick)
  const micros = (one: Side): Figure[] => (one.micros.length === 0 ? [] : [{ name: `${one.name}: processor time a request`, unit: 'µs', rounds: one.micros }])
  return [
    { name: `${ours.name}: requests`, unit: '/s', rounds: of(ours, (result) => result.perSecond) },
    { name: `${echo.name}: requests`, unit: '/s', rounds: of(echo, (result) => result.perSecond) },
    {
      name: `${ours.name}: of the echo`,
      unit: '×',
      rounds: ours.results.map((result, at) => result.perSecond / (echo.results[at] as LoadResult).perSecond),
      bar: { least },
    },
    ...micros(ours),
    ...micros(echo),
    { name: `${ours.name}: p50`, unit: 'µs', rounds: of(ours, (result) => result.p50) },
    { name: `${ours.name}: p99`, unit: 'µs', rounds: of(ours, (result) => result.p99) },
    { name: `${ours.name}: the generator was busy`, unit: '×', rounds: of(ours, (result) => result.busy) },
  ]
}
