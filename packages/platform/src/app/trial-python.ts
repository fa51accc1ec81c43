import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { FairleadError } from '@fairlead/contract'
import type { ModelCheck, RuntimeChoice } from '@fairlead/contract/control'
import { askRows, isolationWords, type PythonOptions, PythonProcess, runsOf, scored } from '../adapters/python/index.ts'
import { checkModel, decodeRows, measureSession, repeatRows, type Session, type Tensors } from '../domain/inference/index.ts'
import type { ModelTrial } from '../domain/registry/index.ts'
import { atOnce } from '../kernel/at-once.ts'
import { uuidv7 } from '../kernel/ids.ts'
import { checkPath } from '../kernel/relative-path.ts'
import type { FileListing, ReadModel } from '../model/index.ts'
import { declaredAnswers, type SeenAnswer, withAnswers } from '../model/python/answers.ts'
import { pythonModel, readPython } from '../model/python/read.ts'
import { BODY, type PythonModel } from '../model/python/spec.ts'
import { syntheticExample } from '../model/signature/example.ts'
import { goesAsItIs } from '../transport/http/scoring/body.ts'
import { EnvironmentWait } from './environment-wait.ts'
import { servingCheck } from './serving-check.ts'

/** Workers that are tried at a time: each may take the memory of a model. */
const AT_ONCE = 2
/** Longest loading of a model that is tried, and longest run. */
const OPEN_MS = 300_000
const RUN_MS = 60_000
/** Longest words of a reason. */
const WORDS = 1000
const MEMORY_BYTES = 4 * 2 ** 30

type Incoming = Parameters<ModelTrial>[0]

/** What trying a model works with. */
interface Tried {
  incoming: Incoming
  model: PythonModel
  worker: PythonProcess
  options: PythonOptions
}

/**
 * Tries models that Python runs: builds the environment, loads the model in a worker, and sees what it answers to the rows that came with it;
 * its outputs are what it was seen to answer. One whose answers are not one for each row takes bodies of scoring requests instead.
 * Throws `environment-building` while that takes long, `environment-failed`, `load-failed`.
 */
export function trialInPython(options: PythonOptions, temporary: string): ModelTrial {
  const limited = atOnce(AT_ONCE)
  const waiting = new EnvironmentWait(options.environments)
  return async (incoming) => {
    const folder = join(temporary, `python-${uuidv7()}`)
    const { model } = await pythonModel(incoming.files, incoming.read.entry, incoming.read.signature.answer === 'body')
    try {
      await layOut(incoming.files, folder)
      const environment = await waiting.get(model.environment, join(folder, model.folder))
      return await limited(async () => {
        await using worker = new PythonProcess(
          {
            environment,
            folder,
            memoryBytes: MEMORY_BYTES,
            network: false,
            log: join(options.host.logs, `python-trial-${model.environment.digest.slice(7, 19)}.log`),
            model: runsOf(model, folder),
          },
          options.host,
        )
        return await tried({ incoming, model, worker, options })
      })
    } finally {
      // a build that goes on reads the folder
      void waiting.settled(model.environment.digest).then(() => rm(folder, { recursive: true, force: true }))
    }
  }
}

async function layOut(files: FileListing, folder: string): Promise<void> {
  for (const { path } of files.paths) {
    checkPath(path)
    const target = join(folder, path)
    await mkdir(dirname(target), { recursive: true, mode: 0o755 })
    await writeFile(target, await files.read(path), { mode: 0o444 })
  }
}

async function tried(trial: Tried): ReturnType<ModelTrial> {
  const { incoming, worker } = trial
  const { read } = incoming
  const { measures, describe, seconds } = await worker.opened(OPEN_MS)
  const seen = await seenAnswer(trial)
  if (seen === undefined) {
    Object.assign(read, pickRead(await readPython(incoming.files, read.entry, { body: true })))
  } else read.signature = withAnswers(read.signature, { ...seen, kind: describe.kind, classes: describe.classes })
  if (read.facts.python) read.facts.python.isolation = isolationWords(measures)
  const loaded = `Runs by Python${describe.class === undefined ? '' : ` as ${describe.class}`}, which took ${seconds.toFixed(1)} s to load`
  if (seen === undefined)
    return { runtimes: choiceOf(`${loaded}. Its rows have no types that can be told, so that it takes bodies of scoring requests.`, []), checks: [] }
  const session = sessionOf(trial)
  const measured = await measure(session, read)
  const one = measured[0] ? `: one row takes ${(measured[0].micros / 1000).toFixed(2)} ms` : ''
  return { runtimes: choiceOf(`${loaded}${one}.`, measured), checks: await checks(trial, session) }
}

function pickRead({ signature, example, graph, facts }: Awaited<ReturnType<typeof readPython>>) {
  return { signature, example, graph, facts, serving: undefined }
}

function choiceOf(reason: string, measured: RuntimeChoice['ways'][number]['measured']): RuntimeChoice {
  return { chosen: 'python', reason, ways: [{ runtime: 'python', measured }] }
}

/** What the model answers to the rows that came with it, or to a plausible row; undefined where it does not answer row by row. */
async function seenAnswer({ incoming, model, worker, options }: Tried): Promise<Omit<SeenAnswer, 'kind' | 'classes'> | undefined> {
  const { read, golden } = incoming
  if (model.kind === 'body') return undefined
  const given = [...read.example, ...(golden?.rows ?? [])].slice(0, 3)
  let failure: FairleadError | undefined
  for (const rows of [given, given.slice(0, 1), [syntheticExample(read.signature)]]) {
    if (rows.length === 0) continue
    try {
      const inputs = decodeRows(read.signature, rows)
      const seen = await askRows(worker, { model, inputs, codec: options.codec, stuckMs: RUN_MS })
      return (await answersEach({ incoming, model, worker, options }, { inputs, rows: rows.length })) ? seen : undefined
    } catch (error) {
      if (!(error instanceof FairleadError) || error.code === 'worker-crashed') throw error
      // the number of answers, or their form, is the model's way; what it cannot do with a row may be the row's fault
      if (isUnusable(error)) return undefined
      failure ??= error
    }
  }
  const { mlmodel } = await pythonModel(incoming.files, read.entry)
  const declared = declaredAnswers(mlmodel)
  if (declared) return declared
  throw new FairleadError(
    'load-failed',
    `The model answers neither the rows that came with it nor a made-up one, and does not say what it answers: ${failure?.message}`,
  )
}

/** Whether other numbers of rows get as many answers: what was answered to the first may have had their number by chance. */
async function answersEach({ model, worker, options }: Tried, { inputs, rows }: { inputs: Tensors; rows: number }): Promise<boolean> {
  for (const count of [1, rows + 2]) {
    try {
      await askRows(worker, { model, inputs: repeatRows(inputs, count), codec: options.codec, stuckMs: RUN_MS })
    } catch (error) {
      if (!(error instanceof FairleadError) || error.code === 'worker-crashed') throw error
      if (isUnusable(error)) return false
    }
  }
  return true
}

function isUnusable({ message }: FairleadError): boolean {
  return message.startsWith('the answer of the model cannot be given on')
}

function sessionOf({ incoming, model, worker, options }: Tried): Session {
  return {
    async run(inputs: Tensors) {
      const outputs = incoming.read.signature.outputs
      return (await askRows(worker, { model, inputs, codec: options.codec, outputs, stuckMs: RUN_MS })).tensors
    },
    async [Symbol.asyncDispose]() {},
  }
}

async function measure(session: Session, read: ReadModel): Promise<RuntimeChoice['ways'][number]['measured']> {
  const row = read.example[0] ?? syntheticExample(read.signature)
  try {
    return (await measureSession(session, decodeRows(read.signature, [row]), { fixedRows: false })).measured
  } catch {
    return []
  }
}

/** What came as an example of a scoring request is asked, too: as a deployment reads it, or as the model itself where that hands it on. */
async function exampleCheck({ incoming, worker }: Tried, session: Session): Promise<ModelCheck[]> {
  const { serving, signature } = incoming.read
  if (!serving) return []
  const { path, body } = serving
  if (!goesAsItIs(signature, Buffer.from(body))) return [await servingCheck(session, signature, serving)]
  try {
    const outputs = await scored(worker, { [BODY.input]: { type: 'string', shape: [1], data: [body] } }, RUN_MS)
    const [status, text] = [Number(outputs[BODY.status]!.data[0]), String(outputs[BODY.answer]!.data[0])]
    if (status === 200) return [{ name: 'serving', ok: true, detail: `The serving example ${path} is answered.` }]
    return [{ name: 'serving', ok: false, detail: `The serving example ${path} is answered with ${status}: ${text.slice(0, WORDS)}` }]
  } catch (error) {
    return [{ name: 'serving', ok: false, detail: `The serving example ${path} is not answered: ${(error as Error).message.slice(0, WORDS)}` }]
  }
}

async function checks(trial: Tried, session: Session): Promise<ModelCheck[]> {
  const { incoming, worker } = trial
  const { read, golden } = incoming
  const { signature, example } = read
  const way = { runtime: 'python' as const, words: 'Python', open: async () => session }
  const found = await checkModel({ signature, ways: [way], probes: new Map(), example, golden, also: () => exampleCheck(trial, session) }).catch(
    (): ModelCheck[] => [],
  )
  if (worker.alive) return found
  return [{ name: 'trial', ok: false, detail: `The worker ended while it was tried: ${await worker.ended}.` }]
}
