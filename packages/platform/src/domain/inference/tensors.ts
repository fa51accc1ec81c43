import type { DataType } from '@fairlead/contract'
import { ByName } from '../../kernel/by-name.ts'
import type { Tensor, TensorData, Tensors } from './types.ts'

const ARRAYS = {
  bool: Uint8Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
  float16: Uint16Array,
  float32: Float32Array,
  float64: Float64Array,
} as const

/** As many values as a tensor may have, and as many dimensions as those of any runtime have at most. */
const MAX_VALUES = 2 ** 31
const MAX_DIMENSIONS = 64

/** Sizes for which an array of its own costs more than filling it: beyond what the engine keeps in the object itself. */
const SHARED_FROM = 64
const SHARED_TO = 4096
const PIECE_BYTES = 64 * 1024
let piece = new ArrayBuffer(PIECE_BYTES)
let used = 0

/** Bytes of one number of a type. */
export function bytesOf(type: Exclude<DataType, 'string'>): number {
  return ARRAYS[type].BYTES_PER_ELEMENT
}

/** Room for `length` values: zeros, or empty texts. Small arrays are views of a larger piece of memory that others have a part of, too. */
export function allocate(type: DataType, length: number): TensorData {
  if (type === 'string') return new Array<string>(length).fill('')
  const Values = ARRAYS[type]
  const bytes = length * Values.BYTES_PER_ELEMENT
  if (bytes <= SHARED_FROM || bytes > SHARED_TO) return new Values(length)
  if (used + bytes > PIECE_BYTES) {
    piece = new ArrayBuffer(PIECE_BYTES)
    used = 0
  }
  const values = new Values(piece, used, length)
  used += Math.ceil(bytes / 8) * 8
  return values
}

/** Where values lie in memory: the offset in bytes, and how many there are. */
interface Place {
  at: number
  length: number
}

/** Numbers as they lie in memory, which is not copied. The offset must be a multiple of their size. */
export function viewOf(type: Exclude<DataType, 'string'>, memory: ArrayBufferLike, { at, length }: Place): TensorData {
  return new ARRAYS[type](memory as ArrayBuffer, at, length)
}

/** Numbers copied from memory, at any offset. */
export function copyOf(type: Exclude<DataType, 'string'>, memory: ArrayBufferLike, { at, length }: Place): TensorData {
  const bytes = length * bytesOf(type)
  if (bytes > SHARED_TO) return new ARRAYS[type](memory.slice(at, at + bytes) as ArrayBuffer)
  const values = allocate(type, length) as Exclude<TensorData, string[]>
  new Uint8Array(values.buffer, values.byteOffset, bytes).set(new Uint8Array(memory, at, bytes))
  return values
}

/** Number of values of a shape. */
export function sizeOf(shape: readonly number[]): number {
  let size = 1
  for (const n of shape) size *= n
  return size
}

/** Why a shape of whole numbers that a caller sent is not taken; `undefined` for one that is. */
export function shapeFault(shape: readonly number[]): string | undefined {
  if (shape.length > MAX_DIMENSIONS) return `${shape.length} dimensions, at most ${MAX_DIMENSIONS} are read`
  return sizeOf(shape) <= MAX_VALUES ? undefined : `the shape [${shape}] has too many values`
}

/** Rows `from` up to `to`. Numbers share the memory of the original. */
export function sliceRows(tensor: Tensor, from: number, to: number): Tensor {
  const { type, data, nulls } = tensor
  if (from === 0 && to === (tensor.shape[0] ?? 1)) return tensor
  const shape = tensor.shape.slice()
  shape[0] = to - from
  let width = 1
  for (let i = 1; i < shape.length; i++) width *= shape[i]!
  const cut = sliceData(type, data, from * width, to * width)
  return nulls ? { type, shape, data: cut, nulls: nulls.subarray(from * width, to * width) } : { type, shape, data: cut }
}

/** A view, made by its constructor: the engine's own way to cut one takes several times as long. */
function sliceData(type: DataType, data: TensorData, from: number, to: number): TensorData {
  if (Array.isArray(data)) return data.slice(from, to)
  const Values = ARRAYS[type as Exclude<DataType, 'string'>]
  return new Values(data.buffer as ArrayBuffer, data.byteOffset + from * data.BYTES_PER_ELEMENT, to - from)
}

/** Rows `from` up to `to` of every tensor. */
export function sliceAll(tensors: Tensors, from: number, to: number): Tensors {
  const cut: Tensors = new ByName()
  for (const name in tensors) cut[name] = sliceRows(tensors[name]!, from, to)
  return cut
}

/** Some rows of every tensor, by their numbers. */
export function pickRows(tensors: Tensors, rows: Uint32Array): Tensors {
  const picked: Tensors = new ByName()
  for (const name in tensors) picked[name] = pickedRows(tensors[name]!, rows)
  return picked
}

function pickedRows({ type, shape, data, nulls }: Tensor, rows: Uint32Array): Tensor {
  const [, ...inner] = shape
  const width = sizeOf(inner)
  const to = { type, shape: [rows.length, ...inner], data: allocate(type, rows.length * width) }
  copyRows(data as Float64Array, to.data as Float64Array, { rows, width })
  if (!nulls) return to
  const marks = new Uint8Array(rows.length * width)
  copyRows(nulls, marks, { rows, width })
  return { ...to, nulls: marks }
}

function copyRows<T extends Float64Array | Uint8Array>(from: T, to: T, { rows, width }: { rows: Uint32Array; width: number }): void {
  for (let i = 0, at = 0; i < rows.length; i++) for (let k = 0, source = rows[i]! * width; k < width; k++) to[at++] = from[source++]!
}

/** All rows of the parts, in order. The parts have the same type and inner shape; throws RangeError otherwise. */
export function concatRows(parts: Tensor[]): Tensor {
  const first = parts[0]!
  if (parts.length === 1) return first
  const { type } = first
  const shape = first.shape.slice()
  shape[0] = 0
  let hasNulls = false
  for (const part of parts) {
    if (part.type !== type || !sameInner(part.shape, shape)) throw new RangeError(`tensors of shapes [${first.shape}] and [${part.shape}] cannot be joined`)
    shape[0] += part.shape[0]!
    hasNulls ||= part.nulls !== undefined
  }
  const size = sizeOf(shape)
  const data = type === 'string' ? parts.flatMap((part) => part.data as string[]) : allocate(type, size)
  // the type was compared above, so all are the same kind of array
  if (!Array.isArray(data)) fill(data as Float64Array, parts as NumberTensor[])
  return hasNulls ? { type, shape, data, nulls: joinedNulls(parts, size) } : { type, shape, data }
}

function sameInner(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false
  for (let i = 1; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

type NumberTensor = Tensor & { data: Float64Array }

/** Rows of few values, of which most parts are one, are copied one by one: a call into the engine takes longer. */
const FEW_VALUES = 64

function fill(data: Float64Array, parts: readonly NumberTensor[]): void {
  let at = 0
  for (const { data: part } of parts) {
    if (part.length > FEW_VALUES) data.set(part, at)
    else for (let i = 0; i < part.length; i++) data[at + i] = part[i]!
    at += part.length
  }
}

function joinedNulls(parts: readonly Tensor[], size: number): Uint8Array {
  const nulls = new Uint8Array(size)
  let at = 0
  for (const part of parts) {
    if (part.nulls) nulls.set(part.nulls, at)
    at += part.data.length
  }
  return nulls
}

/** All rows of several records of tensors, name by name. */
export function concatAll(parts: Tensors[]): Tensors {
  const joined: Tensors = new ByName()
  for (const name in parts[0]) joined[name] = concatRows(parts.map((part) => part[name]!))
  return joined
}

/** Whether records of tensors can be joined along the rows: same names, types and inner shapes. */
export function joinable(a: Tensors, b: Tensors): boolean {
  for (const name in a) {
    const x = a[name]!
    const y = b[name]
    if (!y || x.type !== y.type || !sameInner(x.shape, y.shape)) return false
  }
  return true
}

/** `rows` rows made by repeating those there are. */
export function repeatRows(tensors: Tensors, rows: number): Tensors {
  const repeated: Tensors = new ByName()
  for (const name in tensors) {
    const tensor = tensors[name]!
    const [have = 1] = tensor.shape
    const copies = Math.ceil(rows / Math.max(1, have))
    repeated[name] = sliceRows(concatRows(Array.from({ length: copies }, () => tensor)), 0, rows)
  }
  return repeated
}
