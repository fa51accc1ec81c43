import { join } from 'node:path'
import { FairleadError } from '@fairlead/contract'
import { type Artifact, type PooledWorker, type Runtime, type Session, type Tensors, WorkerPool } from '../../domain/inference/index.ts'
import type { PythonModel } from '../../model/python/spec.ts'
import { BODY } from '../../model/python/spec.ts'
import type { PythonEnvironments } from './environments.ts'
import type { PythonHost } from './host.ts'
import { PythonProcess, type Ready } from './process.ts'
import { type Answered, type RowCodec, readAnswer, writeRows } from './rows.ts'
import { isolationWords, type WorkerTask } from './task.ts'

/** What the bytes of a Python artefact are, as JSON. */
export interface PythonArtifact {
  model: PythonModel
  memoryBytes: number
  network: boolean
  workers: number
  /** Longest run; a worker that takes longer is replaced. */
  stuckMs: number
  /** Names the release in the names of logs. */
  name: string
}

export interface PythonOptions {
  host: PythonHost
  environments: PythonEnvironments
  codec: RowCodec
}

/** The format of artefacts that Python runs. */
export const PYTHON_FORMAT = 'python'
/** Longest loading of a model: large ones read gigabytes, and what they import takes its time on a busy machine. */
const OPEN_MS = 300_000

/** Runs `python_function` models of MLflow, each in Python processes of its own, in an environment built from the model's files. */
export function pythonRuntime(options: PythonOptions): Runtime {
  return {
    name: 'python',
    apart: true,
    takes: (format) => format === PYTHON_FORMAT,
    open: (artifact) => openPython(artifact, options),
  }
}

/** An open Python model that tells what keeps it apart, and what it says of itself. */
export interface PythonSession extends Session {
  readonly ready: Ready
}

/** Opens a model in as many workers as it asks for. Throws `environment-failed`, `load-failed`. */
export async function openPython(artifact: Artifact, options: PythonOptions): Promise<PythonSession> {
  const asked = JSON.parse(Buffer.from(artifact.bytes).toString()) as PythonArtifact
  const { folder } = artifact
  if (folder === undefined) throw new Error('a Python model has no folder')
  const environment = await options.environments.get(asked.model.environment, join(folder, asked.model.folder))
  let ready: Ready | undefined
  let count = 0
  const spawn = () =>
    new PooledProcess(taskOf(asked, { folder, environment, host: options.host, number: count++ }), {
      ...options,
      artifact,
      asked,
      onReady(said) {
        ready ??= said
      },
    })
  const pool = await WorkerPool.open({ artifact, size: asked.workers, spawn, openMs: OPEN_MS, stuckMs: asked.stuckMs })
  return {
    isolation: isolationWords(ready!.measures),
    ready: ready!,
    run: (inputs) => pool.run(inputs),
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  }
}

function taskOf(
  { model, memoryBytes, network, name }: PythonArtifact,
  { folder, environment, host, number }: Pick<WorkerTask, 'folder' | 'environment'> & { host: PythonHost; number: number },
): WorkerTask {
  return {
    environment,
    folder,
    memoryBytes,
    network,
    log: join(host.logs, `python-${name}-${process.pid}-${number % 16}.log`),
    model: runsOf(model, folder),
  }
}

/** What a worker is told of its model, which lies in `folder`. */
export function runsOf({ folder: inner, kind, inputs, direct }: PythonModel, folder: string): WorkerTask['model'] {
  return { path: join(folder, inner), kind, inputs, direct, params: inputs.filter(({ param }) => param) }
}

interface PooledOptions extends PythonOptions {
  artifact: Artifact
  asked: PythonArtifact
  onReady(ready: Ready): void
}

/** One Python process as a pool has its workers. */
class PooledProcess implements PooledWorker {
  readonly #process: PythonProcess
  readonly #options: PooledOptions

  constructor(task: WorkerTask, options: PooledOptions) {
    this.#process = new PythonProcess(task, options.host)
    this.#options = options
  }

  get alive(): boolean {
    return this.#process.alive
  }

  get ended(): Promise<string> {
    return this.#process.ended
  }

  async open(_artifact: Artifact, stuckMs: number): Promise<{ session: number }> {
    this.#options.onReady(await this.#process.opened(stuckMs))
    return { session: 0 }
  }

  async run(_session: number, inputs: Tensors, { stuckMs }: { stuckMs: number }): Promise<Tensors> {
    const { asked, artifact, codec } = this.#options
    // a request that is handed on as it came, whatever the rows of the model are
    if (isBody(inputs, asked.model)) return await scored(this.#process, inputs, stuckMs)
    const { tensors } = await askRows(this.#process, { model: asked.model, inputs, codec, outputs: artifact.signature.outputs, stuckMs })
    return tensors
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]()
  }
}

interface Question {
  model: PythonModel
  inputs: Tensors
  codec: RowCodec
  /** What is expected; absent where that is yet to be seen. */
  outputs?: Artifact['signature']['outputs'] | undefined
  stuckMs: number
}

/** Asks a worker for the answers to rows. Throws `model-run-failed`, `worker-crashed`. */
export async function askRows(worker: Pick<PythonProcess, 'ask'>, { model, inputs, codec, outputs, stuckMs }: Question): Promise<Answered> {
  const { header, body } = writeRows(model, inputs, codec)
  const rows = inputs[model.inputs[0]!.name]!.shape[0] ?? 0
  const answer = await worker.ask({ op: 'predict', ...header, ...(outputs && outputs.length > 0 ? { outputs } : {}) }, body, stuckMs)
  return readAnswer(answer, { rows, expected: outputs }, codec)
}

function isBody(inputs: Tensors, { kind, inputs: own }: PythonModel): boolean {
  return kind === 'body' || (inputs[BODY.input] !== undefined && own.every(({ name }) => name !== BODY.input))
}

/** Asks for the answers to bodies of scoring requests, one after the other. Throws as `askRows`. */
export async function scored(worker: Pick<PythonProcess, 'ask'>, inputs: Tensors, stuckMs: number): Promise<Tensors> {
  const bodies = inputs[BODY.input]!.data as string[]
  const types = inputs[BODY.type]?.data as string[] | undefined
  const [texts, statuses] = [[] as string[], new Int32Array(bodies.length)]
  for (const [row, body] of bodies.entries()) {
    const { header, body: text } = await worker.ask({ op: 'score', type: types?.[row] || 'application/json' }, Buffer.from(body), stuckMs)
    if (typeof header.status !== 'number') throw new FairleadError('model-run-failed', 'the worker answered without a status')
    statuses[row] = header.status
    texts.push(Buffer.from(text).toString())
  }
  const shape = [bodies.length]
  return { [BODY.answer]: { type: 'string', shape, data: texts }, [BODY.status]: { type: 'int32', shape, data: statuses } }
}
