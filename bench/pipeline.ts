import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type PipelineInput, pipeline as pipelineSchema, releaseSettings } from '@fairlead/contract/control'
import { encodeForm, readOnnx } from '../packages/evaluator/src/index.ts'
import { compiledRuntime } from '../packages/platform/src/adapters/compiled/index.ts'
import {
  type AnswerColumn,
  completed,
  type ServableRelease,
  ServingRelease,
  type Table,
  type TensorData,
} from '../packages/platform/src/domain/inference/index.ts'
import { FORM_FORMAT } from '../packages/platform/src/model/compiled/form-format.ts'
import { readModel } from '../packages/platform/src/model/index.ts'
import { normal } from './normal.ts'
import type { Figure } from './report.ts'

const FIXTURES = join(import.meta.dirname, 'fixtures')
const FEATURES = 30
const BATCH = 100_000
/** Single rows of a turn, and how long a turn is at least: so long that a neighbour's work is likely to leave a part of it alone. */
const SINGLES = 400
const TURN_MS = 150
/** Ten steps around the model, half of them over several columns. */
const STEPS: PipelineInput = [
  {
    inputs: [
      { name: 'group', type: 'string', values: ['a', 'b', 'c'] },
      { name: 'first', type: 'float32' },
      { name: 'c05', type: 'float32', optional: true },
    ],
  },
  { rename: { first: 'c00' } },
  { default: { c05: 0 } },
  { derive: { c01: 'c01 * 1.0 + c02 / 1e9', ratio: 'c03 / (abs(c04) + 1)' } },
  { clip: { c06: { min: -4, max: 4 }, c07: { min: -4, max: 4 } } },
  { scale: { c08: { as: 'standard', mean: 0, deviation: 1 }, c09: { as: 'standard', mean: 0, deviation: 1 } } },
  { encode: { group: { as: 'ordinal', categories: ['a', 'b', 'c'], into: 'c10' } } },
  { bin: { ratio: { edges: [-1, 0, 1], into: 'c11' } } },
  { model: {} },
  { calibrate: { as: 'platt', a: -4, b: 2 } },
  { decide: { rules: [{ label: 'review', when: 'probability > 0.8 and ratio < 0' }], otherwise: 'accept' } },
]
const GROUPS = ['a', 'b', 'c']

/**
 * What ten steps add to a row (JSON values in, JSON text out) and to a batch of 100,000 (columns of a table in, columns out) through the 100-tree classifier:
 * the same release with the model alone beside it, turn by turn.
 */
export async function pipeline({ rounds }: { rounds: number }): Promise<Figure[]> {
  await using alone = await serving([{ model: {} }])
  await using stepped = await serving(STEPS)
  const columns = columnsOf()
  const [plain, steps] = [new Side(alone, columns), new Side(stepped, columns)]
  await check(plain, steps)
  const found = { aloneRow: [] as number[], stepsRow: [] as number[], aloneBatch: [] as number[], stepsBatch: [] as number[] }
  for (let round = 0; round < rounds; round++) {
    found.aloneRow.push(await fastest(() => plain.singles()))
    found.stepsRow.push(await fastest(() => steps.singles()))
    found.aloneBatch.push(await fastest(() => plain.batch()))
    found.stepsBatch.push(await fastest(() => steps.batch()))
    process.stderr.write(`round ${round + 1} of ${rounds}\n`)
  }
  const micros = (took: number[]) => took.map((ms) => (ms * 1000) / SINGLES)
  // a neighbour on the machine slows down one side more often than both: what steps add is told of the fastest rounds
  const [aloneRow, stepsRow, aloneBatch, stepsBatch] = [found.aloneRow, found.stepsRow, found.aloneBatch, found.stepsBatch].map((took) =>
    Math.min(...took),
  ) as [number, number, number, number]
  return [
    { name: 'one row, the model alone', unit: 'µs', rounds: micros(found.aloneRow) },
    { name: 'one row, with ten steps', unit: 'µs', rounds: micros(found.stepsRow) },
    { name: 'ten steps add to a row', unit: 'µs', rounds: micros([stepsRow - aloneRow]), bar: { most: 30 } },
    { name: '100,000 rows, the model alone', unit: 'ms', rounds: found.aloneBatch },
    { name: '100,000 rows, with ten steps', unit: 'ms', rounds: found.stepsBatch },
    { name: 'ten steps add to the batch', unit: '%', rounds: [(stepsBatch / aloneBatch - 1) * 100], bar: { most: 15 } },
  ]
}

async function serving(steps: PipelineInput): Promise<ServingRelease> {
  const bytes = readFileSync(join(FIXTURES, 'trees_100x30.onnx'))
  const listing = { paths: [{ path: 'model.onnx', size: bytes.length }], read: async () => bytes }
  const { signature } = await readModel(listing, { signatureFile: readFileSync(join(FIXTURES, 'signature.yaml'), 'utf8') })
  const session = await compiledRuntime().open({ format: FORM_FORMAT, bytes: encodeForm(readOnnx(bytes)), signature })
  const release: ServableRelease = {
    deployment: 'bench',
    number: 1,
    digest: `sha256:${'0'.repeat(64)}`,
    model: { name: 'trees', version: 1, digest: `sha256:${'0'.repeat(64)}`, format: 'onnx' },
    files: [],
    entry: 'trees_100x30.onnx',
    signature,
    pipeline: pipelineSchema.parse(steps),
    settings: releaseSettings.parse({ queueRows: 1_000_000 }),
    example: [],
  }
  const execution = { runtime: 'compiled', mode: 'inline' as const, reason: '', workers: 0, loadMs: 0, measured: [], tile: 1024 }
  return new ServingRelease(completed(release), session, { execution, batching: { tile: 1024, queueRows: BATCH, slots: 1, joinable: true } })
}

/** The same rows for both: those of the model, and what the steps make them of. */
function columnsOf(): Map<string, { data: TensorData; type: 'float32' | 'string' }> {
  const values = normal(BATCH * FEATURES)
  const columns = new Map<string, { data: TensorData; type: 'float32' | 'string' }>()
  for (let k = 0; k < FEATURES; k++) {
    const data = new Float32Array(BATCH)
    for (let row = 0; row < BATCH; row++) data[row] = values[row * FEATURES + k]!
    columns.set(`c${String(k).padStart(2, '0')}`, { type: 'float32', data })
  }
  columns.set('first', columns.get('c00')!)
  columns.set('group', { type: 'string', data: Array.from({ length: BATCH }, (_, row) => GROUPS[row % 3]!) })
  return columns
}

/** One of the two releases, with rows as it takes them. */
class Side {
  readonly serving: ServingRelease
  readonly #table: Table
  readonly #rows: Record<string, unknown>[]

  constructor(release: ServingRelease, columns: ReturnType<typeof columnsOf>) {
    this.serving = release
    const own = release.release.signature.columns.map(({ name }) => ({ name, ...columns.get(name)! }))
    this.#table = { rows: BATCH, columns: own.map(({ name, type, data }) => ({ name, at: (row) => data[row], dense: { type, data } })) }
    this.#rows = Array.from({ length: SINGLES }, (_, row) => Object.fromEntries(own.map(({ name, data }) => [name, data[row]])))
  }

  /** Rows one after the other, each from its JSON values to the text of its answer. */
  async singles(): Promise<string[]> {
    const { rows, answers } = this.serving
    const texts: string[] = []
    for (const row of this.#rows) {
      const { outputs } = await this.serving.run({ inputs: rows.decode([row]), rows: 1, deadline: Number.POSITIVE_INFINITY })
      texts.push(answers.write(outputs, 1))
    }
    return texts
  }

  /** All rows at once. */
  async batch(): Promise<AnswerColumn[]> {
    const { outputs } = await this.serving.run({ inputs: this.serving.rows.decodeTable(this.#table), rows: BATCH, deadline: Number.POSITIVE_INFINITY })
    return this.serving.answerColumns.of(outputs, BATCH)
  }
}

/** Single rows and the batch must answer the same, and the steps must have done something. */
async function check(plain: Side, steps: Side): Promise<void> {
  for (const side of [plain, steps]) {
    const texts = await side.singles()
    const bad = (await side.batch()).find(({ name }) => name === 'probabilities_1')!
    for (const [row, text] of texts.entries()) {
      const [{ probabilities }] = JSON.parse(text) as [{ probabilities: Record<string, number> }]
      if (!(Math.abs(probabilities['1']! - Number(bad.data[row])) < 1e-6)) throw new Error(`row ${row}: ${text} alone, ${bad.data[row]} in the batch`)
    }
  }
  const decided = (await steps.batch()).find(({ name }) => name === 'decision')!.data as string[]
  if (!decided.includes('review') || !decided.includes('accept')) throw new Error('the steps decided nothing')
}

/** The fastest of as many as fit into a turn, in milliseconds. */
async function fastest(work: () => Promise<unknown>): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  for (const end = performance.now() + TURN_MS; performance.now() < end || least === Number.POSITIVE_INFINITY; ) {
    const start = performance.now()
    await work()
    least = Math.min(least, performance.now() - start)
  }
  return least
}
