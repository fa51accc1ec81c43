import { devNull } from 'node:os'
import { isMainThread } from 'node:worker_threads'
import { FairleadError } from '@fairlead/contract'
import type { Artifact, Runtime, Session, Tensors } from '../../domain/inference/index.ts'
import { ByName } from '../../kernel/by-name.ts'
import { disableTelemetry } from './telemetry.ts'
import { fromNative, type NativeResult, type NativeTensor, toNative } from './tensors.ts'

/**
 * The library's synchronous core. Its public `run()` wraps this in a timer turn and several promises, which costs a small
 * model more than running it; the version is pinned exactly, and the conformance suite covers what is used here.
 */
interface NativeSession {
  loadModel(path: string, options: object): void
  loadModel(buffer: ArrayBufferLike, byteOffset: number, byteLength: number, options: object): void
  readonly inputMetadata: { name: string; isTensor: boolean }[]
  readonly outputMetadata: { name: string; isTensor: boolean }[]
  run(feeds: Record<string, NativeTensor>, fetches: Record<string, null>, options: object): Record<string, NativeResult>
  dispose(): void
}
interface Native {
  binding: {
    InferenceSession: new () => NativeSession
    /** Once a thread; later calls do nothing. `Result` is what answers are made with. */
    initOrtOnce(logLevel: number, Result: new (...parts: never[]) => NativeResult, isMainThread: boolean): void
  }
}

let loading: Promise<Native> | undefined

function native(): Promise<Native> {
  loading ??= import('onnxruntime-node/dist/binding.js').then((module) => (module.default ?? module) as unknown as Native)
  return loading
}

/** Quiet: what goes wrong is thrown, and the library would print it a second time. */
const ONLY_FATAL = 4

/**
 * ONNX Runtime on the CPU. `threads` is the number of threads one run may use; one by default, because parallelism comes
 * from processes and workers.
 */
export function onnxRuntime({ threads = 1 }: { threads?: number } = {}): Runtime {
  disableTelemetry()
  return { name: 'onnx', takes: (format) => format === 'onnx', open: (artifact) => open(artifact, threads), warm: async () => void (await ready()) }
}

/** The library, ready to open models on this thread. */
async function ready(): Promise<Native['binding']> {
  const { binding } = await native()
  // with a class of our own instead of the library's, which checks what its own core has made: a seventh of a small run
  binding.initOrtOnce(ONLY_FATAL, NativeAnswer, isMainThread)
  return binding
}

async function open(artifact: Artifact, threads: number): Promise<Session> {
  const options = {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    logSeverityLevel: ONLY_FATAL,
    extra: {
      session: {
        // without a folder the library looks in the current one: a place that holds nothing keeps every file out of its reach
        model_external_initializers_file_folder_path: artifact.folder ?? devNull,
        // else it guesses by a few bytes, and reads another format than the one that was checked
        load_model_format: 'ONNX',
      },
    },
  }
  try {
    const binding = await ready()
    const session = new binding.InferenceSession()
    const { bytes } = artifact
    session.loadModel(bytes.buffer, bytes.byteOffset, bytes.byteLength, options)
    return new OnnxSession(session)
  } catch (cause) {
    throw new FairleadError('load-failed', `ONNX Runtime cannot load the model: ${reason(cause)}`, { cause })
  }
}

class NativeAnswer implements NativeResult {
  readonly type: string
  readonly data: unknown
  readonly dims: readonly number[]

  constructor(type: string, data: unknown, dims: readonly number[]) {
    this.type = type
    this.data = data
    this.dims = dims
  }
}

class OnnxSession implements Session {
  readonly #session: NativeSession
  readonly #inputs: string[]
  readonly #outputs: string[]
  readonly #fetches: Record<string, null>
  #disposed = false

  constructor(session: NativeSession) {
    this.#session = session
    this.#inputs = session.inputMetadata.map((input) => input.name)
    // sequences and maps cannot be returned; asking for tensors alone lets the rest of such a model run
    this.#outputs = session.outputMetadata.filter((output) => output.isTensor).map((output) => output.name)
    this.#fetches = Object.fromEntries(this.#outputs.map((name) => [name, null]))
  }

  runSync(inputs: Tensors): Tensors {
    if (this.#disposed) throw new FairleadError('model-run-failed', 'the model was unloaded')
    const feeds = new ByName<NativeTensor>()
    for (const name of this.#inputs) {
      const tensor = inputs[name]
      if (!tensor) throw new FairleadError('model-run-failed', `the input tensor "${name}" is missing`)
      feeds[name] = toNative(tensor)
    }
    const results = this.#call(feeds)
    const outputs: Tensors = new ByName()
    // by name: the library sets its answer as one sets a prototype where an output is called __proto__
    for (const name of this.#outputs) outputs[name] = fromNative(results[name]!)
    return outputs
  }

  async run(inputs: Tensors): Promise<Tensors> {
    return this.runSync(inputs)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#disposed) return
    this.#disposed = true
    this.#session.dispose()
  }

  #call(feeds: Record<string, NativeTensor>): Record<string, NativeResult> {
    try {
      return this.#session.run(feeds, this.#fetches, {})
    } catch (cause) {
      throw new FairleadError('model-run-failed', `the model failed: ${reason(cause)}`, { cause })
    }
  }
}

/** The library's message without the path of its own source file. */
function reason(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause)
  return text
    .replace(/\/onnxruntime_src\/\S+ ?/g, '')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 1000)
}
