import type { DataType } from '@fairlead/contract'
import type { PredictionEvent, Tensor, TensorData } from '../inference/index.ts'
import type { BlockArray } from './block.ts'
import type { StoredTensor } from './layout.ts'

/** One tensor of many requests, row after row. */
export interface Packed {
  type: DataType
  values: BlockArray | string[]
  /** Where each row starts, and the end of the last; absent when all rows are equally wide. */
  starts?: Uint32Array<ArrayBuffer>
  /** 1 where a value is null; absent when none is. */
  nulls?: Uint8Array<ArrayBuffer>
  /** Positions of requests that have no such tensor; absent when all have it. */
  absent?: number[]
}

/** The parts of a request that packing looks at, gathered once because looking up a name in every request is what costs. */
interface Part {
  rows: number
  tensor: Tensor | undefined
}

function gather(events: readonly PredictionEvent[], { side, name }: StoredTensor): Part[] {
  const parts = new Array<Part>(events.length)
  for (let i = 0; i < events.length; i++) {
    const { request, answer } = events[i]!
    parts[i] = { rows: request.rows, tensor: side === 'input' ? request.inputs[name] : answer.outputs[name] }
  }
  return parts
}

function emptyLike(sample: TensorData, length: number): BlockArray | string[] {
  return Array.isArray(sample) ? [] : new (sample.constructor as new (n: number) => BlockArray)(length)
}

function copyInto(target: BlockArray | string[], data: TensorData, at: number): void {
  if (Array.isArray(target)) for (const value of data) target.push(value as string)
  else if (data.length === 1) target[at] = data[0] as never
  else target.set(data as never, at)
}

function blankOut(values: BlockArray | string[], positions: readonly number[], width: number): void {
  const empty = Array.isArray(values) ? '' : typeof values[0] === 'bigint' ? 0n : 0
  for (const position of positions) {
    for (let i = position; i < values.length; i += width) values[i] = empty as never
  }
}

/** A tensor of fixed width; undefined where the requests do not all have `rows × width` values of one type. */
function packFixed(parts: readonly Part[], stored: StoredTensor, rows: number): Packed | undefined {
  const { width } = stored
  const sample = parts[0]!.tensor
  if (sample === undefined) return undefined
  const values = emptyLike(sample.data, rows * width)
  let nulls: Uint8Array<ArrayBuffer> | undefined
  let at = 0
  for (let i = 0; i < parts.length; i++) {
    const { rows: own, tensor } = parts[i]!
    if (tensor === undefined || tensor.data.constructor !== sample.data.constructor || tensor.data.length !== own * width) return undefined
    copyInto(values, tensor.data, at)
    if (tensor.nulls !== undefined) {
      nulls ??= new Uint8Array(rows * width)
      nulls.set(tensor.nulls, at)
    }
    at += tensor.data.length
  }
  blankOut(values, stored.blank, width)
  return nulls === undefined ? { type: sample.type, values } : { type: sample.type, values, nulls }
}

/**
 * A tensor whose rows differ in size, or which some requests left out. Requests whose values have another type than the first ones,
 * and all where positions are redacted (they cannot be told apart in rows of unexpected size), add empty rows.
 */
function packVarying(parts: readonly Part[], stored: StoredTensor, rows: number): Packed {
  const sample = parts.find((part) => part.tensor !== undefined)?.tensor
  const fitting = parts.map(({ rows: own, tensor }) => {
    const fits = stored.blank.length === 0 && tensor?.data.constructor === sample?.data.constructor && (tensor?.data.length ?? 0) % own === 0
    return fits ? tensor : undefined
  })
  const total = fitting.reduce((sum, tensor) => sum + (tensor?.data.length ?? 0), 0)
  const starts = new Uint32Array(rows + 1)
  const values = sample === undefined ? [] : emptyLike(sample.data, total)
  let nulls: Uint8Array<ArrayBuffer> | undefined
  let at = 0
  let row = 0
  for (let i = 0; i < parts.length; i++) {
    const tensor = fitting[i]
    const size = tensor?.data.length ?? 0
    const own = parts[i]!.rows
    for (let r = 1; r <= own; r++) starts[++row] = at + (r * size) / own
    if (tensor === undefined || size === 0) continue
    copyInto(values, tensor.data, at)
    if (tensor.nulls !== undefined) {
      nulls ??= new Uint8Array(total)
      nulls.set(tensor.nulls, at)
    }
    at += size
  }
  const packed: Packed = { type: sample?.type ?? 'string', values, starts }
  return nulls === undefined ? packed : { ...packed, nulls }
}

/** Puts one tensor of all events into one piece. `rows`: rows of all events together. */
export function packTensor(events: readonly PredictionEvent[], stored: StoredTensor, rows: number): Packed {
  const parts = gather(events, stored)
  const packed = (stored.width > 0 ? packFixed(parts, stored, rows) : undefined) ?? packVarying(parts, stored, rows)
  const absent = parts.flatMap(({ tensor }, i) => (tensor === undefined ? [i] : []))
  return absent.length === 0 ? packed : { ...packed, absent }
}
