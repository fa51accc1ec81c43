import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type Explainer, explainer, readXGBoost } from '../packages/evaluator/src/index.ts'
import { normal } from './normal.ts'
import type { Figure } from './report.ts'
import { python, venv, venvEnv } from './serving/venv.ts'

const MODEL = join(import.meta.dirname, 'fixtures/trees_100x30.xgb.ubj')
const FEATURES = 30
const ROWS = 1000
const BACKGROUND = 100
/** Rows of a round against the background: the shap library takes about as long for them as for all by paths. */
const FEW = 100

/**
 * Exact SHAP values of a thousand rows of the 100-tree classifier, one thread each: ours, XGBoost's `pred_contribs` and the
 * shap library, turn by turn; and of a hundred rows against a hundred others.
 */
export async function explain({ rounds, cache }: { rounds: number; cache: string }): Promise<Figure[]> {
  const folder = join(cache, 'explain')
  await venv(folder, ['xgboost-cpu==3.2.0', 'shap==0.51.0'])
  const rows = normal(ROWS * FEATURES)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'rows.f32'), new Uint8Array(rows.buffer))
  const form = readXGBoost(readFileSync(MODEL))
  const paths = explainer(form)
  const pairs = explainer(form, { background: { rows: rows.subarray(0, BACKGROUND * FEATURES), count: BACKGROUND } })
  await using libraries = await Libraries.start(folder)
  same(paths.explain(rows, ROWS), readColumns(join(folder, 'xgboost.f64'), FEATURES + 1), 0)
  same(pairs.explain(rows.subarray(0, FEW * FEATURES), FEW), readColumns(join(folder, 'pairs.f64'), FEATURES), 1)
  const found = { ours: [] as number[], xgboost: [] as number[], shap: [] as number[], oursPairs: [] as number[], pairs: [] as number[] }
  for (let round = 0; round < rounds; round++) {
    found.ours.push(seconds(paths, rows, ROWS))
    found.xgboost.push(await libraries.seconds('xgboost'))
    found.shap.push(await libraries.seconds('shap'))
    found.oursPairs.push(seconds(pairs, rows, FEW))
    found.pairs.push(await libraries.seconds('pairs'))
    process.stderr.write(`round ${round + 1} of ${rounds}\n`)
  }
  const times = (library: number[], ours: number[]): number[] => library.map((took, round) => took / ours[round]!)
  return [
    { name: '1,000 rows by paths: ours', unit: 's', rounds: found.ours, bar: { most: 1 } },
    { name: '1,000 rows by paths: XGBoost, pred_contribs', unit: 's', rounds: found.xgboost },
    { name: '1,000 rows by paths: the shap library', unit: 's', rounds: found.shap },
    { name: 'by paths: times as fast as XGBoost', unit: '×', rounds: times(found.xgboost, found.ours), bar: { least: 1 } },
    { name: 'by paths: times as fast as the shap library', unit: '×', rounds: times(found.shap, found.ours), bar: { least: 1 } },
    { name: `${FEW} rows against ${BACKGROUND}: ours`, unit: 's', rounds: found.oursPairs },
    { name: `${FEW} rows against ${BACKGROUND}: the shap library`, unit: 's', rounds: found.pairs },
    { name: 'against a background: times as fast as the shap library', unit: '×', rounds: times(found.pairs, found.oursPairs), bar: { least: 1 } },
  ]
}

/** The fastest of three: a neighbour on the machine slows down one more often than all. */
function seconds(explainer: Explainer, rows: Float32Array, count: number): number {
  const some = rows.subarray(0, count * FEATURES)
  const took = [1, 2, 3].map(() => {
    const start = performance.now()
    explainer.explain(some, count)
    return (performance.now() - start) / 1000
  })
  return Math.min(...took)
}

/** The libraries in one process, asked for one round after the other. */
class Libraries {
  readonly #child
  readonly #lines

  private constructor(folder: string) {
    const script = join(import.meta.dirname, 'explain/libraries.py')
    const args = [script, MODEL, join(folder, 'rows.f32'), String(ROWS), String(BACKGROUND), folder]
    this.#child = spawn(python(folder), args, { env: { ...process.env, ...venvEnv(folder) }, stdio: ['pipe', 'pipe', 'inherit'] })
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]()
  }

  static async start(folder: string): Promise<Libraries> {
    const libraries = new Libraries(folder)
    await libraries.#line()
    return libraries
  }

  /** The fastest of two. */
  async seconds(what: string): Promise<number> {
    const took: number[] = []
    for (let time = 0; time < 2; time++) {
      this.#child.stdin.write(`${what}\n`)
      took.push(Number(await this.#line()))
    }
    return Math.min(...took)
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

function readColumns(file: string, columns: number): { columns: number; data: Float64Array } {
  const bytes = readFileSync(file)
  return { columns, data: new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)) }
}

/** Stops where ours and theirs are more than 1e-5 apart; theirs may lack the bias. */
function same(ours: Float64Array, { columns, data }: { columns: number; data: Float64Array }, bias: number): void {
  const rows = data.length / columns
  if (ours.length !== rows * (columns + bias)) throw new Error(`${ours.length} contributions where the library gives ${data.length}`)
  for (let at = 0; at < data.length; at++) {
    const found = ours[Math.floor(at / columns) * (columns + bias) + (at % columns)]!
    if (!(Math.abs(found - data[at]!) <= 1e-5))
      throw new Error(`row ${Math.floor(at / columns)}, column ${at % columns}: ${found}, the library has ${data[at]}`)
  }
}
