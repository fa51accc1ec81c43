import { Worker } from 'node:worker_threads'
import { type ErrorCode, FairleadError, type ProblemItem, parseJson, type Row } from '@fairlead/contract'
import { atOnce } from '../../kernel/at-once.ts'
import { type FileListing, type ReadModel, type ReadOptions, readModel } from '../../model/index.ts'
import type { ModelReader } from './import.ts'

/** What one reading may take. */
export interface ReadLimits {
  /** Milliseconds of work; the time that control takes to hand files over does not count. */
  millis: number
  /** Megabytes of heap; the files themselves lie outside. */
  heapMb: number
  /** Readings at a time; others wait. */
  atOnce: number
  /** Bytes up to which files are read without a thread: they cannot take long, and a thread costs memory that a process keeps. */
  hereBytes: number
}

const DEFAULT_LIMITS: ReadLimits = { millis: 60_000, heapMb: 1024, atOnce: 2, hereBytes: 400_000 }

/** From the thread: it wants a file, or has come to an end. */
export type FromReader =
  | { kind: 'read'; path: string }
  | { kind: 'done'; model: Omit<ReadModel, 'example'>; example: string }
  | { kind: 'failed'; code: ErrorCode; detail: string; items: ProblemItem[] }

/** What the thread starts with. */
export interface ReaderTask {
  paths: FileListing['paths']
  options: ReadOptions
}

const MAIN = new URL(import.meta.url.endsWith('.ts') ? './read-apart-main.ts' : './read-apart-main.js', import.meta.url)

/**
 * Reads models in threads of their own, but for small ones: a file made to be hard to read takes neither the time nor the memory of the process. What
 * `files.read` answers is given away to the thread. Throws what `readModel` throws, and `model-too-large` past the limits.
 */
export function readApart(given: Partial<ReadLimits> = {}): ModelReader {
  const limits = { ...DEFAULT_LIMITS, ...given }
  const limited = atOnce(limits.atOnce)
  return async (files, options) => {
    const bytes = files.paths.reduce((sum, { size }) => sum + size, options.signatureFile?.length ?? 0)
    return bytes <= limits.hereBytes ? readModel(files, options) : limited(() => readOnce(files, options, limits))
  }
}

async function readOnce(files: FileListing, options: ReadOptions, limits: ReadLimits): Promise<ReadModel> {
  const thread = new Worker(MAIN, {
    workerData: { paths: files.paths, options } satisfies ReaderTask,
    resourceLimits: { maxOldGenerationSizeMb: limits.heapMb },
    name: 'reader',
  })
  try {
    return await answerOf(thread, files, limits)
  } finally {
    await thread.terminate()
  }
}

function answerOf(thread: Worker, files: FileListing, { millis, heapMb }: ReadLimits): Promise<ReadModel> {
  const { promise, resolve, reject } = Promise.withResolvers<ReadModel>()
  const late = () => reject(new FairleadError('model-too-large', `reading the model takes more than ${millis / 1000} s`))
  let left = millis
  let since = performance.now()
  let timer = setTimeout(late, left).unref()
  const pause = () => {
    clearTimeout(timer)
    left -= performance.now() - since
  }
  const resume = () => {
    since = performance.now()
    timer = setTimeout(late, Math.max(0, left)).unref()
  }
  const hand = async (path: string) => {
    pause()
    const bytes = await files.read(path)
    resume()
    const { buffer } = bytes
    // what is the whole of its memory moves; a part of more is copied
    const moves = buffer instanceof ArrayBuffer && bytes.byteLength === buffer.byteLength && !Buffer.isBuffer(bytes)
    thread.postMessage(bytes, moves ? [buffer] : [])
  }
  thread.on('message', (message: FromReader) => {
    if (message.kind === 'read') hand(message.path).catch(reject)
    else if (message.kind === 'done') resolve({ ...message.model, example: parseJson(message.example) as Row[] })
    else reject(new FairleadError(message.code, message.detail, { items: message.items }))
  })
  thread.on('error', (cause: NodeJS.ErrnoException) => {
    const full = cause.code === 'ERR_WORKER_OUT_OF_MEMORY'
    reject(full ? new FairleadError('model-too-large', `reading the model takes more than ${heapMb} MB of memory`, { cause }) : cause)
  })
  thread.on('exit', (code) => reject(new Error(`the thread that reads models ended with code ${code}`)))
  return promise.finally(() => clearTimeout(timer))
}
