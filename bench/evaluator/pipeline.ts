import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as ort from 'onnxruntime-node'
import { compile, type InputData, type Predictor, readOnnx } from '../../packages/evaluator/src/index.ts'
import { readOnnx as readGraph } from '../../packages/platform/src/model/onnx/read.ts'
import { rewriteOnnx } from '../../packages/platform/src/model/onnx/rewrite.ts'
import type { Figure } from '../report.ts'

const EXAMPLE = join(import.meta.dirname, '../../examples/credit-risk')
const MODELS = { logistic: 'models/logistic/model.onnx', boosting: 'model/model.onnx' }
const SIZES = [1, 100, 1000, 10_000]
const OUTPUT = 'output_probability'
/** A turn is so long that the machine's other work is likely to leave a run alone in it. */
const TURN_MS = 100

interface Side {
  readonly name: string
  readonly rows: number
  readonly ours: Runner
  readonly theirs: Runner
}

/** Makes rows of strings that nobody has looked up before, as a request or a file brings them; gives what runs them. */
type Runner = () => () => Float32Array | Promise<Float32Array>

/** Whole scikit-learn pipelines, texts and whole numbers in, probabilities out: ours, and ONNX Runtime through its Node binding, turn by turn. */
export async function pipelines(): Promise<{ round: () => Promise<void>; figures: () => Figure[] }> {
  const sides = await sidesOf()
  for (const { name, rows, ours, theirs } of sides) agree(`${name}, ${rows} rows`, await ours()(), await theirs()())
  const took = sides.map((): { ours: number[]; theirs: number[] } => ({ ours: [], theirs: [] }))
  const round = async (): Promise<void> => {
    for (const [at, side] of sides.entries()) {
      took[at]!.theirs.push(await fastest(side.theirs))
      took[at]!.ours.push(await fastest(side.ours))
    }
  }
  return { round, figures: () => sides.flatMap((side, at) => figuresOf(side, took[at]!)) }
}

async function sidesOf(): Promise<Side[]> {
  const cells = readFileSync(join(EXAMPLE, 'data/german_credit.csv'), 'utf8')
  const sides: Side[] = []
  for (const [name, path] of Object.entries(MODELS)) {
    const bytes = readFileSync(join(EXAMPLE, path))
    const predictor = compile(readOnnx(bytes))
    const session = await ort.InferenceSession.create(rewriteOnnx(readGraph(bytes)).bytes, { intraOpNumThreads: 1, interOpNumThreads: 1 })
    for (const rows of SIZES) sides.push(sideOf(name, { predictor, session, rows, data: columnsOf(cells, predictor, rows) }))
  }
  return sides
}

interface Runs {
  readonly predictor: Predictor
  readonly session: ort.InferenceSession
  readonly rows: number
  readonly data: () => Readonly<Record<string, InputData>>
}

function sideOf(name: string, { predictor, session, rows, data }: Runs): Side {
  const tensorOf = (column: InputData): ort.Tensor =>
    Array.isArray(column) ? new ort.Tensor('string', column as string[], [rows, 1]) : new ort.Tensor('int64', column as BigInt64Array, [rows, 1])
  const ours = (): (() => Float32Array) => {
    const given = data()
    return () => predictor.run(given, rows, [OUTPUT])[OUTPUT] as Float32Array
  }
  const theirs = (): (() => Promise<Float32Array>) => {
    const tensors = Object.fromEntries(Object.entries(data()).map(([input, column]) => [input, tensorOf(column)]))
    return async () => (await session.run(tensors, [OUTPUT]))[OUTPUT]!.data as Float32Array
  }
  return { name, rows, ours, theirs }
}

/** The first rows of the data, again and again: every call makes each text anew. */
function columnsOf(csv: string, { form }: Predictor, rows: number): () => Record<string, InputData> {
  const lines = csv.trim().split('\n')
  const header = lines.shift()!.split(',')
  const cells = Array.from({ length: rows }, (_, row) => lines[row % lines.length]!.split(','))
  const columns = form.inputs.map(({ name, type }) => {
    const column = cells.map((row) => row[header.indexOf(name)]!)
    return { name, column: type === 'text' ? column.map((text) => Buffer.from(text)) : BigInt64Array.from(column, BigInt) }
  })
  const made = (column: Buffer[] | BigInt64Array): InputData => (Array.isArray(column) ? column.map(String) : column)
  return () => Object.fromEntries(columns.map(({ name, column }) => [name, made(column)]))
}

function agree(what: string, ours: Float32Array, theirs: Float32Array): void {
  if (ours.length !== theirs.length) throw new Error(`${what}: ${theirs.length} answers where ours are ${ours.length}`)
  for (let at = 0; at < ours.length; at++) {
    if (!(Math.abs(theirs[at]! - ours[at]!) <= 1e-6)) throw new Error(`${what}: answer ${at} is ${theirs[at]}, ours ${ours[at]}`)
  }
}

/** Seconds of the fastest run of a turn, the making of its rows not counted. */
async function fastest(runner: Runner): Promise<number> {
  let best = Number.POSITIVE_INFINITY
  for (const begin = performance.now(); performance.now() - begin < TURN_MS; ) {
    const run = runner()
    const start = performance.now()
    const found = run()
    if (found instanceof Promise) await found
    best = Math.min(best, performance.now() - start)
  }
  return best / 1000
}

function figuresOf({ name, rows }: Side, { ours, theirs }: { ours: readonly number[]; theirs: readonly number[] }): Figure[] {
  const title = `pipeline with texts, ${name}, ${rows === 1 ? 'one row' : `${rows} rows`}`
  return [
    { name: `${title}: ours`, unit: 'µs', rounds: ours.map((seconds) => seconds * 1e6) },
    { name: `${title}: ours of ONNX Runtime's speed`, unit: '×', rounds: [Math.min(...theirs) / Math.min(...ours)], bar: { least: 5 } },
  ]
}
