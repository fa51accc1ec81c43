import { FairleadError } from '@fairlead/contract'
import { concatAll, sliceAll } from './tensors.ts'
import type { Tensors } from './types.ts'

/** What one request got back, and where its time went (milliseconds). */
export interface BatchResult {
  outputs: Tensors
  queueMs: number
  runMs: number
}

/** Rows to run the model on. */
export interface Work {
  inputs: Tensors
  rows: number
  /** Milliseconds since 1970. */
  deadline: number
  /** Whether the caller has gone away. */
  isAbandoned?: (() => boolean) | undefined
  /** Its level, 1 the highest. */
  priority?: number | undefined
}

/** Who is told what became of work: by one of the two, once. Neither may throw, because others are told after it. */
export interface Outcome {
  done(result: BatchResult): void
  failed(error: unknown): void
}

/** A request in the batcher. */
export interface QueuedRequest {
  inputs: Tensors
  rows: number
  /** About how much memory its inputs hold while it waits. */
  bytes: number
  priority: number
  /** Its place in the queue: the lower, the sooner. */
  rank: number
  /** Milliseconds since 1970. */
  deadline: number
  isAbandoned: (() => boolean) | undefined
  /** Rows already given to a run. */
  taken: number
  /** Parts that have come back, by their place; `cut` counts all, `left` those still out. */
  parts: Tensors[]
  cut: number
  left: number
  /** In `performance.now()` milliseconds. */
  queuedAt: number
  startedAt: number
  outcome: Outcome
  done: boolean
}

/** Rows of one request that go into one run. */
export interface Slice {
  request: QueuedRequest
  from: number
  to: number
  part: number
}

/** The earliest deadline; `Infinity` when there is none. */
export function earliest(requests: Iterable<QueuedRequest>): number {
  let first = Number.POSITIVE_INFINITY
  for (const { deadline } of requests) if (deadline < first) first = deadline
  return first
}

/** Bytes of inputs that may wait, where a release was frozen before this could be set. */
export const QUEUE_BYTES = 256 * 1024 * 1024

/** What each text takes beside its letters. */
const TEXT_BYTES = 16

/** About how much memory tensors hold. */
export function weightOf(tensors: Tensors): number {
  let bytes = 0
  for (const name in tensors) {
    const { data } = tensors[name]!
    if (Array.isArray(data)) for (const text of data) bytes += TEXT_BYTES + text.length
    else bytes += data.byteLength
  }
  return bytes
}

function inputsOf({ request, from, to }: Slice): Tensors {
  return from === 0 && to === request.rows ? request.inputs : sliceAll(request.inputs, from, to)
}

/** The inputs of a run. */
export function gather(slices: Slice[]): Tensors {
  return slices.length === 1 ? inputsOf(slices[0]!) : concatAll(slices.map(inputsOf))
}

export function rowsOf(slices: Slice[]): number {
  let rows = 0
  for (const { from, to } of slices) rows += to - from
  return rows
}

/** The outputs of a run, which may be cut and joined only if they have a row for each of its rows. Throws `model-run-failed`. */
export function checked(slices: Slice[], outputs: Tensors): Tensors {
  const [{ request, from, to }] = slices as [Slice]
  if (slices.length === 1 && to - from === request.rows) return outputs
  const rows = rowsOf(slices)
  for (const name in outputs) {
    const got = outputs[name]!.shape[0]
    if (got !== rows) throw new FairleadError('model-run-failed', `the output "${name}" has ${got ?? 'no'} rows for ${rows} rows of input`)
  }
  return outputs
}
