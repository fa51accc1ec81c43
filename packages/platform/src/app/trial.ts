import { fork } from 'node:child_process'
import { type ErrorCode, FairleadError, type Row, type Signature } from '@fairlead/contract'
import type { GoldenRows, ModelCheck, ModelWork, ReadingOptions, RuntimeChoice } from '@fairlead/contract/control'
import type { ModelTrial } from '../domain/registry/index.ts'
import { atOnce } from '../kernel/at-once.ts'
import { storedForm } from '../model/compiled/stored.ts'
import { estimatesOf, graphWork } from '../model/cost.ts'
import type { ModelKind, ReadModel } from '../model/index.ts'

/** What the process that tries a model is given. */
export interface TrialTask {
  format: ModelKind
  entry: string
  bytes: Uint8Array
  reading: ReadingOptions | undefined
  signature: Signature
  /** Rows on which the ways are compared. */
  rows: Row[]
  example: Row[]
  golden: GoldenRows | undefined
  serving: ReadModel['serving']
  /** What a row costs, where reading the model told. */
  work: ModelWork | undefined
  /** Of an ONNX model, why it has no form, where that is known. */
  noForm: string | undefined
}

/** What costs are estimated from. */
interface Known {
  /** How long this machine takes, in times of the one that estimates are made for. */
  machine: number
  /** What a row costs in the compiled form, where there is one. */
  work?: ModelWork
}

/** What it answers. */
export type TrialOutcome =
  | ({ kind: 'tried'; choice: RuntimeChoice; checks: ModelCheck[] } & Known)
  | ({ kind: 'checked'; problem: string; checks: ModelCheck[] } & Known)
  | { kind: 'failed'; code: ErrorCode | undefined; detail: string }

export interface TrialOptions {
  /** Longest trial; then its process is ended. */
  millis?: number
  /** Tries those that Python runs. */
  python?: ModelTrial
  /** Where it runs: a folder that holds nothing. */
  cwd?: string
}

const TRIAL_MS = 60_000
/** A large file takes longer to read and to open, on a busy machine much longer. */
const LARGE_BYTES = 10_000_000
const LARGE_MS = 5000
/** Longest trial of a model that has one way to run: nothing waits for it but the checks. */
const ONE_WAY_MS = 20_000
/** Largest ONNX file that is handed to the process. */
const MOST_BYTES = 256 * 1024 * 1024
/** Files up to this size are looked into here, so that the reason is known whatever becomes of the trial. */
const HERE_BYTES = 400_000
/** Trials at a time: each takes a process, and they would spoil each other's timings. */
const AT_ONCE = 2
/** Rows that are handed over. */
const MOST_ROWS = 512
const MAIN = new URL(import.meta.url.endsWith('.ts') ? './trial-main.ts' : './trial-main.js', import.meta.url)

/**
 * Tries models in a process of their own: what crashes or hangs there costs a version its choice, and the platform nothing. A model of ONNX
 * that cannot be tried runs by ONNX Runtime, and the reason says why; any other must run compiled, so that its import fails.
 * Throws `load-failed`.
 */
export function trialInProcess({ millis = TRIAL_MS, cwd, python }: TrialOptions = {}): ModelTrial {
  const limited = atOnce(AT_ONCE)
  // of the last trial that ended well: a version that is not tried is estimated by it
  let machine: number | undefined
  return async (incoming) => {
    const { files, read, golden } = incoming
    if (read.format === 'python') {
      if (!python) throw new FairleadError('load-failed', 'this platform runs no models by Python')
      return python(incoming)
    }
    const bytes = await files.read(read.entry)
    const isOnnx = read.format === 'onnx'
    const noForm = isOnnx ? whyNotCompiled(read, bytes) : undefined
    if (noForm !== undefined && (read.externalData.length > 0 || bytes.length > MOST_BYTES))
      return { runtimes: estimated(onnxOnly(noForm), read, { machine }), checks: [] }
    const { entry, signature, example, serving, facts } = read
    const rows = [...example, ...(golden?.rows ?? [])].slice(0, MOST_ROWS)
    const task = { format: read.format, entry, bytes, reading: facts.reading, signature, rows, example, golden, serving, work: facts.work, noForm }
    const longest = (noForm === undefined ? millis : Math.min(millis, ONE_WAY_MS)) + Math.floor(bytes.length / LARGE_BYTES) * LARGE_MS
    const outcome = await limited(() => runApart(task, { millis: longest, cwd }))
    if (outcome.kind !== 'failed') {
      machine = outcome.machine
      const choice = outcome.kind === 'tried' ? outcome.choice : onnxOnly(outcome.problem)
      return { runtimes: estimated(choice, read, outcome), checks: outcome.checks }
    }
    if (!isOnnx) throw new FairleadError('load-failed', outcome.detail)
    return {
      runtimes: estimated(onnxOnly(noForm ?? outcome.detail), read, { machine }),
      checks: [{ name: 'trial', ok: false, detail: `It could not be run: ${outcome.detail.slice(0, WORDS_LIMIT)}.` }],
    }
  }
}

/** Why an ONNX model can only run by ONNX Runtime, as far as that is seen without trying. */
function whyNotCompiled({ entry, externalData, signature }: ReadModel, bytes: Uint8Array): string | undefined {
  if (externalData.length > 0) return 'its weights lie in other files'
  if (signature.inputs.some(({ shape }) => (shape[0] ?? 0) >= 0)) return 'it takes a fixed number of rows'
  if (bytes.length > HERE_BYTES) return undefined
  try {
    storedForm('onnx', bytes, { file: entry })
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

const WORDS_LIMIT = 2000

/** The choice with what each way should take. ONNX Runtime goes through the graph's operators, and through as many splits as the form. */
function estimated(
  choice: RuntimeChoice,
  { facts, signature }: ReadModel,
  { machine, work = facts.work }: { machine: number | undefined; work?: ModelWork | undefined },
): RuntimeChoice {
  const graph = graphWork(facts, signature)
  const works = { compiled: work, onnx: work ? { ...work, steps: graph.steps } : graph }
  return {
    ...choice,
    ...(machine === undefined ? {} : { machine }),
    ways: choice.ways.map((way) => {
      const { runtime } = way
      if (runtime === 'python') return way
      const own = works[runtime]
      return own && (way.runtime === 'onnx' || way.problem === undefined) ? { ...way, estimated: estimatesOf(runtime, own, machine) } : way
    }),
  }
}

function onnxOnly(problem: string): RuntimeChoice {
  const why = problem.slice(0, WORDS_LIMIT)
  return {
    chosen: 'onnx',
    reason: `Runs by ONNX Runtime: the compiled form does not take it (${why}).`,
    ways: [
      { runtime: 'onnx', measured: [] },
      { runtime: 'compiled', problem: why, measured: [] },
    ],
  }
}

function runApart(task: TrialTask, { millis, cwd }: { millis: number; cwd: string | undefined }): Promise<TrialOutcome> {
  const child = fork(MAIN, [], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    serialization: 'advanced',
    execArgv: ['--disable-warning=ExperimentalWarning'],
    ...(cwd === undefined ? {} : { cwd }),
  })
  return new Promise((resolve) => {
    const failed = (detail: string) => resolve({ kind: 'failed', code: undefined, detail })
    const timer = setTimeout(() => {
      failed(`trying it took more than ${millis / 1000} s`)
      child.kill('SIGKILL')
    }, millis)
    child.once('message', (outcome) => resolve(outcome as TrialOutcome))
    child.once('error', (error) => failed(`it could not be tried: ${error.message}`))
    child.once('exit', (code, signal) => {
      clearTimeout(timer)
      failed(`the process that tried it ended with ${signal ?? `code ${code}`}`)
    })
    child.send(task, (error) => {
      if (error) failed(`it could not be tried: ${error.message}`)
    })
  })
}
