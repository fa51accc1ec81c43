import type { OnnxDimension, OnnxTensor, OnnxType, OnnxValue } from './model.ts'
import { invalidFile, type WireReader } from './protobuf.ts'
import { COST, type Reading } from './reading.ts'

/** Most dimensions a tensor may have; the runtime and NumPy know no more. */
const RANK_LIMIT = 64

/** Reads a TensorProto without copying its values. */
export function readTensor(reader: WireReader, reading: Reading): OnnxTensor {
  reading.take(COST.tensor)
  const start = { from: reader.from, to: reader.to }
  const message = reader.message()
  const tensor: OnnxTensor = {
    name: '',
    dimensions: [],
    elementType: 0,
    sizeBytes: 0,
    external: undefined,
    range: { ...start, depth: message.depth },
  }
  const entries = new Map<string, string>()
  // the runtime decides by the place alone; entries without it may still be joined with it where protobuf merges two messages
  let external = false
  while (message.next()) {
    if (message.number === 1) readDimensions(message, tensor.dimensions, reading)
    else if (message.number === 2) tensor.elementType = message.integer()
    else if (message.number === 8) tensor.name = reading.name(message)
    else if (message.number === 13) {
      external = true
      readExternalEntry(message, entries, reading)
    } else if (message.number === 14) external = isElsewhere(message) || external
    else if (VALUE_FIELDS.has(message.number)) tensor.sizeBytes += message.to - message.from
  }
  if (external) {
    tensor.external = externalPlace(tensor.name, entries, start.from)
    tensor.sizeBytes = tensor.external.length ?? denseSize(tensor)
    reading.external.push(tensor)
  }
  return tensor
}

/** TensorProto.data_location. Protobuf cuts the number to 32 bits, so one that is neither 0 nor 1 may be either to another reader. */
function isElsewhere(reader: WireReader): boolean {
  const place = reader.int64()
  if (place !== 0n && place !== 1n) throw invalidFile(`a tensor has the data location ${place}; there are 0 and 1`, reader.from)
  return place === 1n
}

function readExternalEntry(reader: WireReader, entries: Map<string, string>, reading: Reading): void {
  const before = entries.size
  const [key, value] = readEntry(reader, (message) => reading.name(message))
  entries.set(key, value)
  if (entries.size === before) throw invalidFile('a tensor says twice where its values lie', reader.at)
}

/** Bytes of one element by TensorProto.DataType, as raw data hold it; what packs two or four to a byte is left to `length`. */
const ELEMENT_BYTES: Readonly<Record<number, number>> = { 1: 4, 2: 1, 3: 1, 4: 2, 5: 2, 6: 4, 7: 8, 9: 1, 10: 2, 11: 8, 12: 4, 13: 8, 14: 8, 15: 16, 16: 2 }

function denseSize(tensor: OnnxTensor): number {
  return tensor.dimensions.reduce((product, size) => product * size, ELEMENT_BYTES[tensor.elementType] ?? 0)
}

/** float, int32, string, int64, raw, double and uint64 data. */
const VALUE_FIELDS = new Set([4, 5, 6, 7, 9, 10, 11])

function readDimensions(reader: WireReader, dimensions: number[], reading: Reading): void {
  for (const size of reader.integers(RANK_LIMIT)) {
    if (dimensions.length === RANK_LIMIT) throw invalidFile(`a tensor has more than ${RANK_LIMIT} dimensions`, reader.at)
    reading.take(COST.dimension)
    dimensions.push(dimensionSize(size, reader))
  }
}

function dimensionSize(size: bigint, reader: WireReader): number {
  if (size < 0n || size > BigInt(Number.MAX_SAFE_INTEGER)) throw invalidFile(`a tensor has a dimension of ${size}`, reader.from)
  return Number(size)
}

function externalPlace(name: string, entries: Map<string, string>, at: number): NonNullable<OnnxTensor['external']> {
  const location = entries.get('location')
  if (location === undefined) throw invalidFile(`tensor "${name}" is external and names no file`, at)
  // the runtime keeps such names for addresses in memory
  if (location.includes('*')) throw invalidFile(`tensor "${name}" names the file ${JSON.stringify(location)}; names with * are not read`, at)
  const length = entries.get('length')
  return {
    location,
    offset: wholeNumber(entries.get('offset') ?? '0', name, at),
    length: length === undefined ? undefined : wholeNumber(length, name, at),
  }
}

function wholeNumber(text: string, name: string, at: number): number {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  if (!Number.isSafeInteger(value)) throw invalidFile(`tensor "${name}" has "${text}" where a byte count belongs`, at)
  return value
}

/** Reads a StringStringEntryProto, its key and value as `text` takes them. */
export function readEntry(reader: WireReader, text: (message: WireReader) => string): [key: string, value: string] {
  const message = reader.message()
  let key = ''
  let value = ''
  while (message.next()) {
    if (message.number === 1) key = text(message)
    else if (message.number === 2) value = text(message)
  }
  return [key, value]
}

/** Reads a SparseTensorProto as the dense tensor it stands for; only its stored values count as size. */
export function readSparseTensor(reader: WireReader, reading: Reading): OnnxTensor {
  const message = reader.message()
  let values: OnnxTensor | undefined
  while (message.next()) {
    if (message.number === 1) values = readTensor(message, reading)
    // the indices: nothing of them is kept but where they lie
    else if (message.number === 2) readTensor(message, reading)
  }
  if (!values) throw invalidFile('a sparse tensor has no values', reader.at)
  return values
}

/** Reads a ValueInfoProto. */
export function readValue(reader: WireReader, reading: Reading): OnnxValue {
  reading.take(COST.value)
  const message = reader.message()
  const value: OnnxValue = { name: '', type: { kind: 'unknown' } }
  while (message.next()) {
    if (message.number === 1) value.name = reading.name(message)
    else if (message.number === 2) value.type = readType(message, reading)
  }
  return value
}

function readType(reader: WireReader, reading: Reading): OnnxType {
  const message = reader.message()
  reading.take(COST.dimension)
  let type: OnnxType = { kind: 'unknown' }
  while (message.next()) {
    if (message.number === 1) type = readTensorType(message, 'tensor', reading)
    else if (message.number === 8) type = readTensorType(message, 'sparse tensor', reading)
    else if (message.number === 4) type = { kind: 'sequence', element: readElement(message, 1, reading) }
    else if (message.number === 9) type = { kind: 'optional', element: readElement(message, 1, reading) }
    else if (message.number === 5) type = readMapType(message, reading)
    else if (message.number === 7) type = { kind: 'opaque' }
  }
  return type
}

function readElement(reader: WireReader, field: number, reading: Reading): OnnxType | undefined {
  const message = reader.message()
  let element: OnnxType | undefined
  while (message.next()) if (message.number === field) element = readType(message, reading)
  return element
}

function readMapType(reader: WireReader, reading: Reading): OnnxType {
  const message = reader.message()
  let keyType = 0
  while (message.next()) if (message.number === 1) keyType = message.integer()
  return { kind: 'map', keyType, value: readElement(reader, 2, reading) }
}

function readTensorType(reader: WireReader, kind: 'tensor' | 'sparse tensor', reading: Reading): OnnxType {
  const message = reader.message()
  let elementType = 0
  let dimensions: OnnxDimension[] | undefined
  while (message.next()) {
    if (message.number === 1) elementType = message.integer()
    else if (message.number === 2) dimensions = readShape(message, reading)
  }
  return { kind, elementType, dimensions }
}

function readShape(reader: WireReader, reading: Reading): OnnxDimension[] {
  const message = reader.message()
  const dimensions: OnnxDimension[] = []
  while (message.next()) {
    if (message.number !== 1) continue
    if (dimensions.length === RANK_LIMIT) throw invalidFile(`a tensor has more than ${RANK_LIMIT} dimensions`, message.at)
    dimensions.push(readDimension(message, reading))
  }
  return dimensions
}

function readDimension(reader: WireReader, reading: Reading): OnnxDimension {
  const message = reader.message()
  reading.take(COST.dimension)
  let dimension: OnnxDimension = null
  while (message.next()) {
    if (message.number === 1) {
      const size = message.integer()
      // Some exporters write -1 or 0 for "any number of rows".
      dimension = size > 0 ? size : null
    } else if (message.number === 2) dimension = reading.name(message) || null
  }
  return dimension
}
