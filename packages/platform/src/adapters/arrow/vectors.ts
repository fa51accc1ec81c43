import type { DataType } from '@fairlead/contract'
import type { TensorData } from '../../domain/inference/index.ts'
import type { BatchParts } from './buffers.ts'
import { malformed } from './flatbuffer.ts'
import type { ArrowField } from './schema.ts'

/** Values of one column in one batch, as JSON would have them. */
export interface Vector {
  length: number
  at(row: number): unknown
  /** The numbers as they lie, where none is null. */
  dense?: { type: DataType; data: Exclude<TensorData, string[]> }
}

export type Dictionaries = ReadonlyMap<number, Vector>

interface NumberKind {
  type: DataType
  make: { new (buffer: ArrayBufferLike, offset: number, length: number): Exclude<TensorData, string[]>; BYTES_PER_ELEMENT: number }
}

const INTEGERS: Readonly<Record<string, NumberKind>> = {
  true8: { type: 'int8', make: Int8Array },
  true16: { type: 'int16', make: Int16Array },
  true32: { type: 'int32', make: Int32Array },
  true64: { type: 'int64', make: BigInt64Array },
  false8: { type: 'uint8', make: Uint8Array },
  false16: { type: 'uint16', make: Uint16Array },
  false32: { type: 'uint32', make: Uint32Array },
  false64: { type: 'uint64', make: BigUint64Array },
}
const FLOATS: Readonly<Record<number, NumberKind>> = {
  16: { type: 'float16', make: Uint16Array },
  32: { type: 'float32', make: Float32Array },
  64: { type: 'float64', make: Float64Array },
}

/** Why values of a type cannot be those of a column; `undefined` for types that can be read. */
export function unreadable({ type, bits, signed, listSize, dictionary, children }: ArrowField): string | undefined {
  // each value of these lists takes some bytes of the stream, so that a short one cannot ask for much memory
  const inner = () => (children.length === 1 && children[0]!.type !== 'null' ? unreadable(children[0]!) : 'a list without values')
  const isList = type === 'list' || type === 'largeList' || type === 'fixedList'
  if (isList && dictionary) return 'a dictionary of lists'
  if (dictionary && !INTEGERS[`${dictionary.signed}${dictionary.bits}`]) return 'a dictionary of an unknown kind'
  if (type === 'int') return INTEGERS[`${signed}${bits}`] ? undefined : `an integer of ${bits} bits`
  if (type === 'float') return FLOATS[bits] ? undefined : `a float of ${bits} bits`
  if (type === 'fixedList' && listSize < 1) return 'a list without values'
  if (isList) return inner()
  if (type === 'null' || type === 'bool' || type === 'utf8' || type === 'largeUtf8' || type === 'utf8View') return undefined
  return `a ${type}`
}

/** Buffers of types that are not read, beside those of their parts. */
function buffersOf(field: ArrowField, parts: BatchParts): number {
  const { type, dictionary, dense } = field
  if (dictionary) return 2
  if (type === 'null' || type === 'runEnds') return 0
  if (type === 'struct' || type === 'fixedList') return 1
  if (type === 'union') return dense ? 2 : 1
  if (type === 'binaryView' || type === 'utf8View') return 2 + parts.variadic()
  return ['utf8', 'largeUtf8', 'binary', 'largeBinary', 'listView', 'largeListView'].includes(type) ? 3 : 2
}

/** Steps over a column of which nobody will ask a value. */
export function skipVector(field: ArrowField, parts: BatchParts): void {
  parts.node()
  parts.skip(buffersOf(field, parts))
  if (!field.dictionary) for (const child of field.children) skipVector(child, parts)
}

function numbersOf(bytes: Uint8Array, { make }: NumberKind, length: number): Exclude<TensorData, string[]> {
  if (bytes.length < length * make.BYTES_PER_ELEMENT) throw malformed('a column is shorter than its batch')
  const used = bytes.subarray(0, length * make.BYTES_PER_ELEMENT)
  const { buffer, byteOffset } = used.byteOffset % make.BYTES_PER_ELEMENT === 0 ? used : new Uint8Array(used)
  return new make(buffer, byteOffset, length)
}

/** Tells whether a value is there; `undefined` where all are. */
function validityOf(bytes: Uint8Array, length: number, nulls: number): ((row: number) => boolean) | undefined {
  if (nulls === 0) return undefined
  if (bytes.length * 8 < length) throw malformed('a column is shorter than its batch')
  return (row) => (bytes[row >> 3]! & (1 << (row & 7))) !== 0
}

function numberVector(kind: NumberKind, parts: BatchParts): Vector {
  const { length, nulls } = parts.node()
  const valid = validityOf(parts.buffer(), length, nulls)
  const data = numbersOf(parts.buffer(), kind, length)
  const half = kind.type === 'float16' ? new Float16Array(data.buffer, data.byteOffset, length) : undefined
  const value = (row: number): unknown => {
    const number = half ? half[row]! : data[row]!
    return typeof number === 'number' && !Number.isFinite(number) ? String(number) : number
  }
  return { length, at: valid ? (row) => (valid(row) ? value(row) : null) : value, ...(valid ? {} : { dense: { type: kind.type, data } }) }
}

/** Where the values of each row begin and end; checked, so that none lies outside and all together are not more than there are. */
function offsetsOf(bytes: Uint8Array, { length, large, size }: { length: number; large: boolean; size: number }): (row: number) => [number, number] {
  if (length === 0) return () => [0, 0]
  const offsets = numbersOf(bytes, large ? INTEGERS.true64! : INTEGERS.true32!, length + 1)
  let last = Number(offsets[0])
  if (last < 0) throw malformed('an offset is negative')
  for (let i = 1; i <= length; i++) {
    const next = Number(offsets[i])
    if (next < last) throw malformed('offsets go back')
    last = next
  }
  if (last > size) throw malformed('an offset lies outside of its column')
  return (row) => [Number(offsets[row]), Number(offsets[row + 1])]
}

function textVector(large: boolean, parts: BatchParts): Vector {
  const { length, nulls } = parts.node()
  const valid = validityOf(parts.buffer(), length, nulls)
  const offsets = parts.buffer()
  const bytes = parts.buffer()
  const range = offsetsOf(offsets, { length, large, size: bytes.length })
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const value = (row: number) => text.toString('utf8', ...range(row))
  return { length, at: valid ? (row) => (valid(row) ? value(row) : null) : value }
}

/** Longest text that stands in its view. */
const SHORT = 12

/** Views of 16 bytes: a length, and up to 12 bytes of text or the place of longer ones. */
function viewVector(parts: BatchParts): Vector {
  const { length, nulls } = parts.node()
  const valid = validityOf(parts.buffer(), length, nulls)
  const views = parts.buffer()
  if (views.length < length * 16) throw malformed('a column is shorter than its batch')
  const view = new DataView(views.buffer, views.byteOffset, views.byteLength)
  const data = Array.from({ length: parts.variadic() }, () => parts.buffer())
  // each row may point at the same long text
  let long = 0
  for (let row = 0; row < length; row++) {
    const size = !valid || valid(row) ? view.getUint32(row * 16, true) : 0
    if (size > SHORT) long += size
  }
  parts.grow(long)
  const at = (row: number): unknown => {
    if (valid && !valid(row)) return null
    const size = view.getUint32(row * 16, true)
    const short = size <= SHORT
    const bytes = short ? views : data[view.getUint32(row * 16 + 8, true)]
    const from = short ? row * 16 + 4 : view.getUint32(row * 16 + 12, true)
    if (!bytes || from + size > bytes.length) throw malformed('a text lies outside of its column')
    return Buffer.from(bytes.buffer, bytes.byteOffset + from, size).toString('utf8')
  }
  return { length, at }
}

function boolVector(parts: BatchParts): Vector {
  const { length, nulls } = parts.node()
  const valid = validityOf(parts.buffer(), length, nulls)
  const bits = parts.buffer()
  if (bits.length * 8 < length) throw malformed('a column is shorter than its batch')
  const at = (row: number) => (valid && !valid(row) ? null : (bits[row >> 3]! & (1 << (row & 7))) !== 0)
  return { length, at }
}

function listVector(field: ArrowField, parts: BatchParts, dictionaries: Dictionaries): Vector {
  const { length, nulls } = parts.node()
  const valid = validityOf(parts.buffer(), length, nulls)
  const fixed = field.type === 'fixedList'
  const offsets = fixed ? undefined : parts.buffer()
  const values = readVector(field.children[0]!, parts, dictionaries)
  if (fixed && (field.listSize < 0 || values.length < length * field.listSize)) throw malformed('a column is shorter than its batch')
  const range = offsets
    ? offsetsOf(offsets, { length, large: field.type === 'largeList', size: values.length })
    : (row: number): [number, number] => [row * field.listSize, (row + 1) * field.listSize]
  const at = (row: number): unknown => {
    if (valid && !valid(row)) return null
    const [from, to] = range(row)
    return Array.from({ length: to - from }, (_, i) => values.at(from + i))
  }
  return { length, at }
}

function dictionaryVector({ dictionary, name }: ArrowField, parts: BatchParts, dictionaries: Dictionaries): Vector {
  const { id, bits, signed } = dictionary!
  const values = dictionaries.get(id)
  const { length, nulls } = parts.node()
  const valid = validityOf(parts.buffer(), length, nulls)
  const places = numbersOf(parts.buffer(), INTEGERS[`${signed}${bits}`]!, length)
  if (!values) throw malformed(`the dictionary of the column "${name.slice(0, 100)}" is missing`)
  const at = (row: number): unknown => {
    if (valid && !valid(row)) return null
    const place = Number(places[row])
    if (place < 0 || place >= values.length) throw malformed('a value lies outside of its dictionary')
    return values.at(place)
  }
  return { length, at }
}

/** Reads one column of a batch, of a type that `unreadable` has nothing against. Throws `table-invalid`. */
export function readVector(field: ArrowField, parts: BatchParts, dictionaries: Dictionaries): Vector {
  if (field.dictionary) return dictionaryVector(field, parts, dictionaries)
  const { type, bits, signed } = field
  if (type === 'int') return numberVector(INTEGERS[`${signed}${bits}`]!, parts)
  if (type === 'float') return numberVector(FLOATS[bits]!, parts)
  if (type === 'bool') return boolVector(parts)
  if (type === 'utf8View') return viewVector(parts)
  if (type === 'list' || type === 'largeList' || type === 'fixedList') return listVector(field, parts, dictionaries)
  if (type === 'null') return { length: parts.node().length, at: () => null }
  return textVector(type === 'largeUtf8', parts)
}
