import type { Prediction, PredictResponse } from '@fairlead/contract'
import type { RequestOptions } from './call.ts'
import { PredictionError } from './error.ts'

/** Where rows come from. */
export type RowSource<R> = Iterable<R> | AsyncIterable<R> | ReadableStream<R>

export interface ManyOptions extends RequestOptions {
  /** Rows of one request (default 500). */
  batchRows?: number | undefined
  /** Requests under way at once (default 4). */
  concurrency?: number | undefined
  /** Whether predictions come in the order of the rows (default), or as soon as they are there. */
  ordered?: boolean | undefined
}

/** A row with its prediction. */
export interface Scored<R, P = Prediction> {
  /** Index of the row in the whole input. */
  index: number
  /** Name of the row in the prediction log. */
  id: string
  row: R
  prediction: P
}

interface Batch<R> {
  from: number
  rows: R[]
}

/** Asks for the predictions of one batch. */
type Ask<R> = (rows: R[], options: RequestOptions) => Promise<PredictResponse>

function iteratorOf<R>(source: RowSource<R>): Iterator<R> | AsyncIterator<R> {
  if (Symbol.asyncIterator in source) return source[Symbol.asyncIterator]()
  if (Symbol.iterator in source) return source[Symbol.iterator]()
  // browsers came late to reading streams by `for await`
  const reader = (source as ReadableStream<R>).getReader()
  return {
    next: () => reader.read() as Promise<IteratorResult<R>>,
    return: async () => {
      await reader.cancel()
      return { done: true, value: undefined }
    },
  }
}

/** The error of a batch, with rows counted over the whole input. */
function placed(error: unknown, { from, rows }: Batch<unknown>): unknown {
  if (!(error instanceof PredictionError)) return error
  const moved = (text: string) => text.replace(/\brows\[(\d+)\]/g, (_, index: string) => `rows[${Number(index) + from}]`)
  const { problem } = error
  const where = /\brows\[\d+\]/.test(problem.detail) ? '' : ` (rows ${from} to ${from + rows.length - 1} of the input)`
  const errors = problem.errors?.map((item) => ({ ...item, path: moved(item.path), detail: moved(item.detail) }))
  const detail = moved(problem.detail) + where
  return new PredictionError({ ...problem, detail, ...(errors ? { errors } : {}) }, { cause: error, retryAfterMs: error.retryAfterMs })
}

/**
 * Predictions for any number of rows, in batches. At most `concurrency` batches are under way and one is being read;
 * rows are taken no faster than predictions are. Leaving the loop, and an error, stop what is under way and close the source.
 */
export async function* predictMany<R>(ask: Ask<R>, source: RowSource<R>, options: ManyOptions): AsyncGenerator<Scored<R>, void, undefined> {
  const { batchRows = 500, concurrency = 4, ordered = true, ...own } = options
  if (!(batchRows >= 1 && concurrency >= 1)) throw new RangeError('batchRows and concurrency must be at least 1')
  const iterator = iteratorOf(source)
  const stop = new AbortController()
  const signal = own.signal ? AbortSignal.any([own.signal, stop.signal]) : stop.signal
  let from = 0
  let ended = false
  let failure: { error: unknown } | undefined

  const nextBatch = async (): Promise<undefined> => {
    const rows: R[] = []
    try {
      while (rows.length < batchRows && !ended) {
        const next = await iterator.next()
        if (next.done) ended = true
        else rows.push(next.value)
      }
    } catch (error) {
      // what came before it is answered first
      failure = { error }
      ended = true
    }
    if (rows.length > 0) waiting.push({ from, rows })
    from += rows.length
  }
  const answered = async (batch: Batch<R>): Promise<Scored<R>[]> => {
    const { id, predictions } = await ask(batch.rows, { ...own, signal }).catch((error: unknown) => {
      throw placed(error, batch)
    })
    return batch.rows.map((row, at) => ({ index: batch.from + at, id: `${id}/${at}`, row, prediction: predictions[at]! }))
  }

  const waiting: Batch<R>[] = []
  const asked: Promise<Scored<R>[]>[] = []
  let reading: Promise<undefined> | undefined
  const abort = new Promise<never>((_, reject) => {
    own.signal?.addEventListener('abort', () => reject(own.signal?.reason), { signal: stop.signal })
  })
  abort.catch(() => {})
  try {
    own.signal?.throwIfAborted()
    for (;;) {
      if (!reading && !ended && waiting.length === 0) reading = nextBatch()
      if (!reading && asked.length === 0 && waiting.length === 0) break
      const answers = (ordered ? asked.slice(0, 1) : asked).map((one) => one.then((scored) => ({ one, scored })))
      const first = await Promise.race([...answers, ...(reading ? [reading] : []), abort])
      if (first) {
        asked.splice(asked.indexOf(first.one), 1)
        yield* first.scored
      } else reading = undefined
      while (waiting.length > 0 && asked.length < concurrency) {
        const one = answered(waiting.shift()!)
        // seen when its turn comes
        one.catch(() => {})
        asked.push(one)
      }
    }
    if (failure) throw failure.error
  } finally {
    stop.abort()
    const closing = ended ? undefined : Promise.resolve(iterator.return?.())
    // a source that is waited for may never come back
    if (reading) closing?.catch(() => {})
    else await closing
  }
}
