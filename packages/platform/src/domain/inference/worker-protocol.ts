import type { ErrorCode, Explanation, ProblemItem } from '@fairlead/contract'
import { ByName } from '../../kernel/by-name.ts'
import type { Measurement } from './measure.ts'
import type { Artifact, Tensors } from './types.ts'

/**
 * What the platform asks of a worker. `id` comes back with the answer; `session` is the id of the `open` that made it. A `part` has no answer: it
 * is of the bytes of the model that the `open` of the same id will open.
 */
export type WorkerCall = AnsweredCall | { id: number; kind: 'part'; part: Uint8Array<ArrayBuffer>; at: number; length: number }

/** Those that are answered. */
export type AnsweredCall =
  | { id: number; kind: 'open'; artifact: Artifact }
  | { id: number; kind: 'run'; session: number; inputs: Tensors }
  | { id: number; kind: 'explain'; session: number; inputs: Tensors }
  | { id: number; kind: 'measure'; session: number; inputs: Tensors; fixedRows: boolean }
  | { id: number; kind: 'close'; session: number }

/** What a worker answers. */
export type WorkerAnswer =
  | { id: number; kind: 'ready' }
  | { id: number; kind: 'ok'; outputs?: Tensors; explanations?: Explanation[]; millis?: number; measurement?: Measurement }
  | { id: number; kind: 'failed'; code: ErrorCode; detail: string; items: ProblemItem[] }

/** Buffers of tensors that may be handed over for good. Text and shared memory travel as copies. */
export function transferable(tensors: Tensors): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>()
  for (const name in tensors) {
    const { data, nulls } = tensors[name]!
    if (!Array.isArray(data) && data.buffer instanceof ArrayBuffer) buffers.add(data.buffer)
    if (nulls && nulls.buffer instanceof ArrayBuffer) buffers.add(nulls.buffer)
  }
  return [...buffers]
}

/**
 * Just the values, each in a buffer of its own: a view would drag its whole buffer along. They are copies, but for values that are
 * `given` and have a buffer to themselves.
 */
export function detached(tensors: Tensors, given = false): Tensors {
  const copy: Tensors = new ByName()
  for (const name in tensors) {
    const { type, shape, data, nulls } = tensors[name]!
    const isAlone = given && !Array.isArray(data) && data.byteLength === data.buffer.byteLength
    copy[name] = { type, shape, data: isAlone ? data : data.slice(), ...(nulls && { nulls: nulls.slice() }) }
  }
  return copy
}
