import type { ElementType } from '../form/element.ts'
import { UnreadableModel } from '../unreadable.ts'
import { fixedOf, integersOf, type List, textsOf } from './lists.ts'
import { ELEMENT, type FileTensor } from './model.ts'
import { brokenAt, type Range, WireReader } from './wire.ts'

/**
 * A constant. Whole numbers beyond 2^53 stand as infinities, so that who needs them exactly refuses them. NaN among
 * whole numbers is the number of rows, as `Shape` gives it.
 */
export interface Constant {
  readonly kind: 'constant'
  readonly type: ElementType
  readonly dims: readonly number[]
  /** Empty for texts. */
  readonly data: Float64Array
  readonly texts: readonly string[]
}

/** Form's name of an ONNX element type; undefined for those that are not read. */
export function elementOf(type: number): ElementType | undefined {
  return NAMES.get(type)
}

const NAMES = new Map<number, ElementType>([
  [ELEMENT.float, 'f32'],
  [ELEMENT.double, 'f64'],
  [ELEMENT.int64, 'i64'],
  [ELEMENT.int32, 'i32'],
  [ELEMENT.bool, 'bool'],
  [ELEMENT.string, 'text'],
])

const NONE = new Float64Array(0)

/** A constant of numbers. */
export function numbers(type: ElementType, dims: readonly number[], data: Float64Array): Constant {
  return { kind: 'constant', type, dims, data, texts: [] }
}

/** Reads a tensor of the file. `where` names it in errors. */
export function readTensor(bytes: Uint8Array, tensor: Omit<FileTensor, 'name'>, where: string): Constant {
  return tensor.sparse ? readSparse(bytes, tensor.range, where) : readDense(bytes, tensor.range, where)
}

/** Reads a tensor of bytes (uint8), as the modes of trees are. */
export function readBytes(bytes: Uint8Array, range: Range, where: string): Float64Array {
  const reader = new WireReader(bytes, range)
  let type = 0
  let raw: Range | undefined
  while (reader.next()) {
    if (reader.number === 2) type = reader.integer()
    else if (reader.number === 9) raw = reader.range()
    else if (reader.number === 13 || reader.number === 14) refuseExternal(reader, where)
  }
  if (type !== 2) throw new UnreadableModel('malformed', where, `its elements are of ONNX type ${type} where 2 belongs`)
  return raw ? Float64Array.from(bytes.subarray(raw.from, raw.to)) : integersOf({ bytes, message: range, field: 5 })
}

/** Field of a TensorProto that holds the values of each element type, when they are not raw. */
const FIELD: Record<ElementType, number> = { f32: 4, f64: 10, i64: 7, i32: 5, bool: 5, text: 6 }

function readDense(bytes: Uint8Array, range: Range, where: string): Constant {
  const reader = new WireReader(bytes, range)
  let type = 0
  let raw: Range | undefined
  while (reader.next()) {
    if (reader.number === 2) type = reader.integer()
    else if (reader.number === 9) raw = reader.range()
    else if (reader.number === 13 || reader.number === 14) refuseExternal(reader, where)
  }
  const element = elementOf(type)
  if (element === undefined) throw new UnreadableModel('unsupported', where, `elements of ONNX type ${type} are not read`)
  const dims = readDims({ bytes, message: range, field: 1 }, where)
  const list = { bytes, message: range, field: FIELD[element] }
  const texts = element === 'text' ? textsOf(list) : []
  const data = element === 'text' ? NONE : raw ? readRaw(bytes, raw, element) : readTyped(list, element)
  const count = dims.reduce((product, size) => product * size, 1)
  const there = element === 'text' ? texts.length : data.length
  if (there !== count) throw new UnreadableModel('malformed', where, `it has ${there} values, and its shape asks for ${count}`)
  return { kind: 'constant', type: element, dims, data, texts }
}

function refuseExternal(reader: WireReader, where: string): void {
  if (reader.number === 13 || reader.integer() !== 0) throw new UnreadableModel('unsupported', where, 'its values lie in another file')
}

function readDims(list: List, where: string): number[] {
  const dims = integersOf(list)
  if (dims.length > 8) throw new UnreadableModel('unsupported', where, `it has ${dims.length} dimensions; at most 8 are read`)
  for (const size of dims) if (!(size >= 0 && size < 2 ** 31)) throw new UnreadableModel('malformed', where, `it has a dimension of ${size}`)
  return [...dims]
}

function readTyped(list: List, element: ElementType): Float64Array {
  if (element === 'f32') return fixedOf(list, 4)
  return element === 'f64' ? fixedOf(list, 8) : integersOf(list)
}

const WIDTH: Record<ElementType, number> = { f32: 4, f64: 8, i64: 8, i32: 4, bool: 1, text: 1 }

function readRaw(bytes: Uint8Array, { from, to }: Range, element: ElementType): Float64Array {
  const width = WIDTH[element]
  if ((to - from) % width !== 0) throw brokenAt(from, 'the values of a tensor have a broken length')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const data = new Float64Array((to - from) / width)
  for (let index = 0; index < data.length; index += 1) data[index] = readElement(view, from + index * width, element)
  return data
}

function readElement(view: DataView, at: number, element: ElementType): number {
  if (element === 'f32') return view.getFloat32(at, true)
  if (element === 'f64') return view.getFloat64(at, true)
  if (element === 'i32') return view.getInt32(at, true)
  if (element === 'bool') return view.getUint8(at) === 0 ? 0 : 1
  const value = view.getInt32(at + 4, true) * 0x1_0000_0000 + view.getUint32(at, true)
  return Number.isSafeInteger(value) ? value : value * Number.POSITIVE_INFINITY
}

/** Most elements of a sparse tensor, written out. */
const SPARSE_LIMIT = 1_000_000

/** Reads a SparseTensorProto as the dense one that it stands for. */
function readSparse(bytes: Uint8Array, range: Range, where: string): Constant {
  const reader = new WireReader(bytes, range)
  let values: Constant | undefined
  let indices: Constant | undefined
  while (reader.next()) {
    if (reader.number === 1) values = readDense(bytes, reader.range(), where)
    else if (reader.number === 2) indices = readDense(bytes, reader.range(), where)
  }
  const dims = readDims({ bytes, message: range, field: 3 }, where)
  const count = dims.reduce((product, size) => product * size, 1)
  if (!values || !indices || values.type === 'text') throw new UnreadableModel('malformed', where, 'a sparse tensor lacks its values or places')
  if (count > SPARSE_LIMIT) throw new UnreadableModel('too-large', where, `it has ${count} elements written out`)
  const each = indices.dims.length === 2 ? dims.length : 1
  if (indices.data.length !== values.data.length * each) throw new UnreadableModel('malformed', where, 'a sparse tensor has not one place for each value')
  const data = new Float64Array(count)
  for (let index = 0; index < values.data.length; index += 1) {
    let at = 0
    for (let axis = 0; axis < each; axis += 1) at = at * (each === 1 ? 1 : dims[axis]!) + indices.data[index * each + axis]!
    if (!(at >= 0 && at < count)) throw new UnreadableModel('malformed', where, `a sparse tensor places a value at ${at}`)
    data[at] = values.data[index]!
  }
  return numbers(values.type, dims, data)
}
