import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Frame } from '../packages/platform/src/domain/pipeline/columns.ts'
import { type CompiledColumns, compileColumns } from '../packages/platform/src/domain/pipeline/expression/index.ts'
import { CASES, SPECS } from './expressions/cases.ts'
import { columns, compare, writeColumns } from './expressions/columns.ts'
import type { Figure } from './report.ts'
import { python, venv, venvEnv } from './serving/venv.ts'

const ROWS = 1_000_000

/**
 * Expressions of pipelines over a million rows, beside polars on one thread, turn by turn, all answers compared; and over one row, where a request
 * pays for each node. Times are those of the processor, so that other work on the machine counts less.
 */
export async function expressions({ rounds, cache }: { rounds: number; cache: string }): Promise<Figure[]> {
  const folder = join(cache, 'expressions')
  await venv(folder, ['polars==2.1.0', 'numpy==2.4.0'])
  const frame = columns(ROWS)
  writeColumns(folder, frame)
  const compiled = CASES.map((one) => ({ ...one, ours: compileColumns(one.text, SPECS), took: [] as number[], theirs: [] as number[] }))
  await using polars = await Polars.start(folder)
  for (const { name, ours, polars: theirs } of compiled) {
    const path = join(folder, 'answer')
    await polars.ask(`${theirs}\t${path}`)
    compare(name, ours.evaluate(frame, ROWS), path)
  }
  for (let round = 0; round < rounds; round++) {
    for (const { ours, polars: text, took, theirs } of compiled) {
      const turn = [() => void took.push(seconds(ours, frame)), async () => void theirs.push(Number(await polars.ask(text)))]
      for (const side of round % 2 === 0 ? turn : turn.reverse()) await side()
    }
    process.stderr.write(`round ${round + 1} of ${rounds}\n`)
  }
  const large = compiled.flatMap(({ name, took, theirs }) => [
    { name: `${name}: ours`, unit: 'ms', rounds: took.map((s) => s * 1000) },
    { name: `${name}: polars`, unit: 'ms', rounds: theirs.map((s) => s * 1000) },
    { name: `${name}: times as fast as polars`, unit: '×', rounds: theirs.map((s, round) => s / took[round]!), bar: { least: 1 } },
  ])
  return [...large, oneRow(rounds)]
}

/** Processor time of the least run in two tenths of a second, that of the garbage collector's threads with it. */
function seconds(compiled: CompiledColumns, frame: Frame): number {
  let best = Number.POSITIVE_INFINITY
  const end = performance.now() + 200
  while (performance.now() < end) {
    const start = process.cpuUsage()
    compiled.evaluate(frame, ROWS)
    const { user, system } = process.cpuUsage(start)
    best = Math.min(best, user + system)
  }
  return best / 1e6
}

/** All expressions over one row, divided by their operators and functions. */
function oneRow(rounds: number): Figure {
  const frame = columns(1)
  const compiled = CASES.map(({ text }) => compileColumns(text, SPECS))
  const nodes = CASES.reduce((sum, { text }) => sum + (text.match(/[-+*/<>]=?|\|\||\b(?:and|or|between|in|when)\b|\w+\(/g)?.length ?? 0), 0)
  const times = 20_000
  const run = (): number => {
    const start = performance.now()
    for (let i = 0; i < times; i++) for (const one of compiled) one.evaluate(frame, 1)
    return ((performance.now() - start) * 1000) / times / nodes
  }
  run()
  return { name: 'one row: an operator or function', unit: 'µs', rounds: Array.from({ length: rounds }, run), bar: { most: 1 } }
}

/** Polars in a process of its own. */
class Polars {
  readonly #child
  readonly #lines

  private constructor(folder: string) {
    const script = join(import.meta.dirname, 'expressions/polars_side.py')
    const env = { ...process.env, ...venvEnv(folder), POLARS_MAX_THREADS: '1' }
    this.#child = spawn(python(folder), [script, folder], { env, stdio: ['pipe', 'pipe', 'inherit'] })
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]()
  }

  static async start(folder: string): Promise<Polars> {
    const polars = new Polars(folder)
    await polars.#line()
    return polars
  }

  ask(line: string): Promise<string> {
    this.#child.stdin.write(`${line}\n`)
    return this.#line()
  }

  async #line(): Promise<string> {
    const { value, done } = await this.#lines.next()
    if (done) throw new Error('the Python process ended')
    return value
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#child.stdin.end()
    return new Promise((resolve) => this.#child.once('close', () => resolve()))
  }
}
