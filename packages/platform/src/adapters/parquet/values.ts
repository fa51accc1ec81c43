import type { DataType } from '@fairlead/contract'
import { PageReader, readDeltas, readHybrid } from './bits.ts'
import type { ParquetColumn } from './metadata.ts'
import { malformed } from './thrift.ts'

export type Numbers = Uint8Array | Uint16Array | Int32Array | Uint32Array | BigInt64Array | BigUint64Array | Float32Array | Float64Array
export type Values = Numbers | string[]

interface Kind {
  type: DataType
  bytes: number
  make(length: number): Values
}

const KINDS = {
  bool: { type: 'bool', bytes: 0, make: (length) => new Uint8Array(length) },
  int32: { type: 'int32', bytes: 4, make: (length) => new Int32Array(length) },
  uint32: { type: 'uint32', bytes: 4, make: (length) => new Uint32Array(length) },
  int64: { type: 'int64', bytes: 8, make: (length) => new BigInt64Array(length) },
  uint64: { type: 'uint64', bytes: 8, make: (length) => new BigUint64Array(length) },
  float32: { type: 'float32', bytes: 4, make: (length) => new Float32Array(length) },
  float64: { type: 'float64', bytes: 8, make: (length) => new Float64Array(length) },
  float16: { type: 'float16', bytes: 2, make: (length) => new Uint16Array(length) },
  text: { type: 'string', bytes: 0, make: (length) => new Array<string>(length).fill('') },
} satisfies Record<string, Kind>

/** How the values of a column are kept; `undefined` for types that no value of a row can have. */
export function kindOf({ physical, meaning, width }: ParquetColumn): Kind | undefined {
  if (physical === 'bytes') return meaning === undefined || meaning === 'text' ? KINDS.text : undefined
  if (physical === 'fixed') return meaning === 'float16' && width === 2 ? KINDS.float16 : undefined
  if (physical === 'int96') return undefined
  if (physical === 'int32' || physical === 'int64') {
    if (meaning === 'unsigned') return physical === 'int32' ? KINDS.uint32 : KINDS.uint64
    return meaning === undefined ? KINDS[physical] : undefined
  }
  return KINDS[physical]
}

export type { Kind }

/** Values that stand as they are (PLAIN). */
function readPlain(reader: PageReader, kind: Kind, count: number): Values {
  if (kind.type === 'string') {
    // every text has four bytes of length
    reader.need(count * 4)
    return Array.from({ length: count }, () => textOf(reader.take(reader.uint32())))
  }
  if (kind.type === 'bool') {
    const bytes = reader.take(Math.ceil(count / 8))
    return Uint8Array.from({ length: count }, (_, i) => (bytes[i >> 3]! >> (i & 7)) & 1)
  }
  const bytes = reader.take(count * kind.bytes)
  const values = kind.make(count) as Numbers
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength).set(bytes)
  return values
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
}

/** Bytes of all values, the first one of each in front (BYTE_STREAM_SPLIT). */
function readSplit(reader: PageReader, kind: Kind, count: number): Values {
  if (kind.bytes === 0) throw malformed('a page has an encoding that its column cannot have')
  const bytes = reader.take(count * kind.bytes)
  const values = kind.make(count) as Numbers
  const into = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
  for (let b = 0; b < kind.bytes; b++) for (let i = 0; i < count; i++) into[i * kind.bytes + b] = bytes[b * count + i]!
  return values
}

function readDifferences(reader: PageReader, kind: Kind, count: number): Values {
  const values = readDeltas(reader, count)
  if (kind.type === 'int64') return values
  if (kind.type === 'uint64') return new BigUint64Array(values.buffer)
  if (kind.type !== 'int32' && kind.type !== 'uint32') throw malformed('a page has an encoding that its column cannot have')
  const into = kind.make(count) as Int32Array
  for (let i = 0; i < count; i++) into[i] = Number(BigInt.asIntN(32, values[i]!))
  return into
}

function readLengths(reader: PageReader, kind: Kind, count: number): Values {
  if (kind.type !== 'string') throw malformed('a page has an encoding that its column cannot have')
  const lengths = readDeltas(reader, count)
  return Array.from(lengths, (length) => textOf(reader.take(Number(length))))
}

function readPlaces(reader: PageReader, dictionary: Values | undefined, { kind, count }: { kind: Kind; count: number }): Values {
  if (!dictionary) throw malformed('a column has no dictionary')
  const places = new Uint32Array(count)
  const width = count === 0 ? 0 : reader.byte()
  if (width > 0) readHybrid(reader, width, places)
  const values = kind.make(count) as string[]
  for (let i = 0; i < count; i++) {
    const place = places[i]!
    if (place >= dictionary.length) throw malformed('a value lies outside of its dictionary')
    values[i] = dictionary[place] as string
  }
  return values
}

/** Truth values in runs, behind their length. */
function readRuns(reader: PageReader, kind: Kind, count: number): Values {
  if (kind.type !== 'bool') throw malformed('a page has an encoding that its column cannot have')
  reader.uint32()
  const values = new Uint8Array(count)
  readHybrid(reader, 1, values)
  return values
}

/** `count` values of a page, by its encoding. Throws `table-invalid`. */
export function readValues(bytes: Uint8Array, encoding: number | undefined, ask: { kind: Kind; count: number; dictionary: Values | undefined }): Values {
  const reader = new PageReader(bytes)
  const { kind, count } = ask
  switch (encoding) {
    case 0:
      return readPlain(reader, kind, count)
    case 2:
    case 8:
      return readPlaces(reader, ask.dictionary, ask)
    case 3:
      return readRuns(reader, kind, count)
    case 5:
      return readDifferences(reader, kind, count)
    case 6:
      return readLengths(reader, kind, count)
    case 9:
      return readSplit(reader, kind, count)
    default:
      throw malformed(`a page has the encoding ${encoding}, which is not read; write it with data pages of version 1`)
  }
}
