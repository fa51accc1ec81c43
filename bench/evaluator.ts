import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import * as ort from 'onnxruntime-node'
import { compile, type Predictor, readLightGBM, readXGBoost } from '../packages/evaluator/src/index.ts'
import { inChromium } from './evaluator/chromium.ts'
import { Libraries } from './evaluator/libraries.ts'
import { pipelines } from './evaluator/pipeline.ts'
import { normal } from './normal.ts'
import type { Figure } from './report.ts'
import { python, venv, venvEnv } from './serving/venv.ts'

const MODELS = { xgboost: join(import.meta.dirname, 'fixtures/trees_100x30.xgb.ubj'), onnx: join(import.meta.dirname, 'fixtures/trees_100x30.onnx') }
const PACKAGES = ['xgboost-cpu==3.2.0', 'lightgbm==4.7.0', 'onnxruntime==1.31.1', 'lleaves==1.3.0', 'llvmlite==0.44.0', 'tl2cgen==1.0.0', 'treelite==4.8.1']
const ROWS = 10_000
/** Rows of the forest and of the model of five classes: their libraries take long. */
const FEW = 2000
const ORT_TILES = ['ort64', 'ort256', 'ort1024', 'ort10000']

/** One of ours: the compiled model, its rows, and room for the answers. */
interface Ours {
  readonly predictor: Predictor
  readonly rows: Float32Array | Float64Array
  readonly out: Float32Array | Float64Array
}

/**
 * Tree ensembles, one thread each, side by side in short turns: ours, the libraries they come from, and other compilers.
 * A figure of a round is a side's fastest run in a tenth of a second; how many times as fast one is, by the fastest rounds.
 */
export async function evaluator({ rounds, cache }: { rounds: number; cache: string }): Promise<Figure[]> {
  const folder = join(cache, 'evaluator')
  const rows = normal(ROWS * 30)
  await prepare(folder, rows)
  await using libraries = await Libraries.start(folder, MODELS)
  const ours = load(folder, rows)
  const one = await oneRow(rows)
  const whole = await pipelines()
  await using page = await inChromium(readFileSync(MODELS.xgboost), rows)
  check(ours, libraries)
  const took: Record<string, number[]> = {}
  const note = (name: string, seconds: number): void => {
    took[name] = [...(took[name] ?? []), seconds]
  }
  for (let round = 0; round < rounds; round++) {
    for (const name of ['xgboost', 'tl2cgen', 'lightgbm', 'lleaves', 'forest', 'classes-xgboost', 'classes-lightgbm']) {
      note(name, await libraries.seconds(name))
      const side = ours[name] ?? (ours[name === 'tl2cgen' ? 'xgboost' : 'lightgbm'] as Ours)
      note(
        `ours ${name}`,
        fastest(() => side.predictor.predict(side.rows, side.out)),
      )
    }
    const tiles: number[] = []
    for (const tile of ORT_TILES) tiles.push(await libraries.seconds(tile))
    note('ort', Math.min(...tiles))
    note(
      'ours ort',
      fastest(() => ours.xgboost!.predictor.predict(ours.xgboost!.rows, ours.xgboost!.out)),
    )
    if (page) note('chromium', await page.seconds())
    note('ort one', await one.theirs())
    note('ours one', one.ours(ours.xgboost!.predictor))
    await whole.round()
    process.stderr.write(`round ${round + 1} of ${rounds}\n`)
  }
  return [...figures(took), ...whole.figures()]
}

/** Models, machine code and Python packages, made once. */
async function prepare(folder: string, rows: Float32Array<ArrayBuffer>): Promise<void> {
  await venv(folder, PACKAGES)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'rows.f32'), new Uint8Array(rows.buffer))
  if (existsSync(join(folder, 'made.json'))) return
  process.stderr.write('makes the models; this takes some minutes, once\n')
  const args = [join(import.meta.dirname, 'evaluator/make.py'), MODELS.xgboost, folder]
  await promisify(execFile)(python(folder), args, { env: { ...process.env, ...venvEnv(folder) }, maxBuffer: 2 ** 26 })
}

function load(folder: string, rows: Float32Array): Record<string, Ours> {
  const bytes = (name: string): Uint8Array => readFileSync(join(folder, name))
  const file = bytes('mixed.f32')
  const mixed = new Float32Array(file.buffer.slice(file.byteOffset, file.byteOffset + FEW * 24 * 4))
  const side = (predictor: Predictor, data: Float32Array | Float64Array): Ours => ({
    predictor,
    rows: data,
    out: predictor.predict(data) as Float32Array | Float64Array,
  })
  return {
    xgboost: side(compile(readXGBoost(readFileSync(MODELS.xgboost))), rows),
    lightgbm: side(compile(readLightGBM(bytes('binary.lgb.txt'))), Float64Array.from(rows)),
    forest: side(compile(readXGBoost(bytes('forest.xgb.ubj'))), rows.subarray(0, FEW * 30)),
    'classes-xgboost': side(compile(readXGBoost(bytes('classes.xgb.ubj'))), mixed),
    'classes-lightgbm': side(compile(readLightGBM(bytes('classes.lgb.txt'))), Float64Array.from(mixed)),
  }
}

/** Stops where ours and a library's answers are apart. */
function check(ours: Record<string, Ours>, libraries: Libraries): void {
  const pairs = { ...Object.fromEntries(Object.keys(ours).map((name) => [name, name])), tl2cgen: 'xgboost', lleaves: 'lightgbm', ort64: 'xgboost' }
  for (const [library, name] of Object.entries(pairs)) {
    const theirs = libraries.answers(library)
    const { out } = ours[name] as Ours
    if (theirs.length !== out.length) throw new Error(`${library}: ${theirs.length} answers where ours are ${out.length}`)
    for (let at = 0; at < out.length; at++) {
      if (!(Math.abs(theirs[at]! - out[at]!) <= 1e-6)) throw new Error(`${library}: answer ${at} is ${theirs[at]}, ours ${out[at]}`)
    }
  }
}

/** One row a call through ONNX Runtime's binding and through ours: seconds of a call. */
async function oneRow(rows: Float32Array): Promise<{ theirs: () => Promise<number>; ours: (predictor: Predictor) => number }> {
  const session = await ort.InferenceSession.create(MODELS.onnx, { intraOpNumThreads: 1, interOpNumThreads: 1 })
  const name = session.inputNames[0] as string
  const tensors = Array.from({ length: 64 }, (_, row) => new ort.Tensor('float32', rows.slice(row * 30, row * 30 + 30), [1, 30]))
  const singles = tensors.map(({ data }) => data as Float32Array)
  const out = new Float32Array(1)
  return {
    theirs: async () => {
      let best = Number.POSITIVE_INFINITY
      for (let turn = 0; turn < 20; turn++) {
        const start = performance.now()
        for (const tensor of tensors) await session.run({ [name]: tensor }, ['probabilities'])
        best = Math.min(best, performance.now() - start)
      }
      return best / 1000 / tensors.length
    },
    ours: (predictor) =>
      fastest(() => {
        for (const single of singles) predictor.predict(single, out)
      }) / singles.length,
  }
}

/** Seconds of the fastest run in about a tenth of a second. */
function fastest(run: () => void): number {
  let best = Number.POSITIVE_INFINITY
  for (const begin = performance.now(); performance.now() - begin < 100; ) {
    const start = performance.now()
    run()
    best = Math.min(best, performance.now() - start)
  }
  return best / 1000
}

function figures(took: Readonly<Record<string, readonly number[]>>): Figure[] {
  const rate = (name: string, rows: number): number[] => (took[name] as number[]).map((seconds) => rows / seconds)
  const best = (name: string): number => Math.min(...(took[name] as number[]))
  // of the fastest of all rounds: on a machine that does other things, a round may be slow for one side alone
  const times = (name: string): number[] => [best(name) / best(`ours ${name}`)]
  const micro = (name: string): number[] => (took[name] as number[]).map((seconds) => seconds * 1e6)
  const beside = (title: string, name: string, least?: number): Figure[] => [
    { name: `${title}: rows`, unit: '/s', rounds: rate(name, name === 'forest' || name.startsWith('classes') ? FEW : ROWS) },
    { name: `${title}: ours`, unit: '×', rounds: times(name), ...(least === undefined ? {} : { bar: { least } }) },
  ]
  return [
    { name: '100 trees of depth 6, batch: ours, rows', unit: '/s', rounds: rate('ours xgboost', ROWS) },
    ...beside('XGBoost, inplace_predict', 'xgboost', 1.8),
    ...beside('tl2cgen (C by gcc)', 'tl2cgen'),
    ...beside('ONNX Runtime, best tile', 'ort', 5),
    ...(took.chromium ? [{ name: 'ours in Chromium: of Node', unit: '×', rounds: [best('ours xgboost') / best('chromium')], bar: { least: 0.8 } }] : []),
    { name: 'the same size in LightGBM, batch: ours, rows', unit: '/s', rounds: rate('ours lightgbm', ROWS) },
    ...beside('LightGBM', 'lightgbm'),
    ...beside('lleaves (LLVM)', 'lleaves', 2.5),
    { name: 'forest of 500 trees of depth 20: ours, rows', unit: '/s', rounds: rate('ours forest', FEW) },
    ...beside('XGBoost, its forest', 'forest', 1.5),
    { name: 'five classes, missing values, categories in XGBoost: ours, rows', unit: '/s', rounds: rate('ours classes-xgboost', FEW) },
    ...beside('XGBoost, five classes', 'classes-xgboost', 1.5),
    { name: 'five classes, missing values, categories in LightGBM: ours, rows', unit: '/s', rounds: rate('ours classes-lightgbm', FEW) },
    ...beside('LightGBM, five classes', 'classes-lightgbm', 1.5),
    { name: 'one row: ours', unit: 'µs', rounds: micro('ours one') },
    { name: 'one row: ONNX Runtime through its Node binding', unit: 'µs', rounds: micro('ort one') },
    {
      name: 'one row: ours of ONNX Runtime',
      unit: '×',
      rounds: [best('ours one') / best('ort one')],
      bar: { most: 0.1 },
    },
  ]
}
