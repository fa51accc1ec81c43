import { malformed, ThriftReader, type ThriftStruct } from './thrift.ts'

const MAGIC = Buffer.from('PAR1')
/** Bytes behind the metadata: their length, and the magic. */
const TAIL = 8

const PHYSICAL = ['bool', 'int32', 'int64', 'int96', 'float32', 'float64', 'bytes', 'fixed'] as const
export type Physical = (typeof PHYSICAL)[number]

const LOGICAL: Readonly<Record<number, string>> = {
  1: 'text',
  2: 'map',
  3: 'list',
  4: 'text',
  5: 'decimal',
  6: 'date',
  7: 'time',
  8: 'timestamp',
  10: 'integer',
  11: 'null',
  12: 'text',
  13: 'bson',
  14: 'uuid',
  15: 'float16',
}
/** The older names of the same. */
const CONVERTED: Readonly<Record<number, string>> = {
  0: 'text',
  1: 'map',
  2: 'map',
  3: 'list',
  4: 'text',
  5: 'decimal',
  6: 'date',
  7: 'time',
  8: 'time',
  9: 'timestamp',
  10: 'timestamp',
  11: 'unsigned',
  12: 'unsigned',
  13: 'unsigned',
  14: 'unsigned',
  19: 'text',
  20: 'bson',
  21: 'interval',
}

/** One column that lies at the top of the schema. */
export interface ParquetColumn {
  name: string
  physical: Physical
  /** What the values mean: `text`, `unsigned`, `float16`, a type that is not read, or nothing. */
  meaning: string | undefined
  optional: boolean
  /** Bytes of each value of `fixed`. */
  width: number
}

/** Where the values of one column lie in one row group. */
export interface Chunk {
  column: string
  codec: number
  start: number
  length: number
}

export interface ParquetMetadata {
  /** Columns by name; nested ones only by theirs. */
  columns: (ParquetColumn | { name: string; nested: true })[]
  groups: { rows: number; chunks: Chunk[] }[]
}

function meaningOf(element: ThriftStruct): string | undefined {
  const logical = element.struct(10)
  if (logical) {
    for (const [id, name] of Object.entries(LOGICAL)) {
      const inner = logical.struct(Number(id))
      if (!inner) continue
      return name === 'integer' ? (inner.flag(2) === false ? 'unsigned' : undefined) : name
    }
  }
  const converted = element.number(6)
  return converted === undefined ? undefined : CONVERTED[converted]
}

/** Columns at the top of a schema, which lists its elements depth first. */
function readColumns(elements: readonly ThriftStruct[]): ParquetMetadata['columns'] {
  const columns: ParquetMetadata['columns'] = []
  let at = 1
  const skip = (): void => {
    // children of children, without recursion: any depth is safe
    for (let open = 1; open > 0; open--) {
      const element = elements[at++]
      if (!element) throw malformed('its schema ends early')
      open += Math.min(element.number(5) ?? 0, elements.length)
    }
  }
  while (at < elements.length) {
    const element = elements[at]!
    const name = element.text(4) ?? ''
    const physical = PHYSICAL[element.number(1) ?? -1]
    const repetition = element.number(3) ?? 0
    if (physical === undefined || repetition === 2 || (element.number(5) ?? 0) > 0) columns.push({ name, nested: true })
    else
      columns.push({
        name,
        physical,
        meaning: meaningOf(element),
        optional: repetition === 1,
        width: physical === 'fixed' ? element.size(2, 'the size of a column') : 0,
      })
    skip()
  }
  return columns
}

function readChunk(chunk: ThriftStruct, size: number): Chunk | undefined {
  const facts = chunk.struct(3)
  if (!facts) throw malformed('a column has no metadata')
  const path = facts.texts(3)
  if (path.length !== 1) return undefined
  const data = facts.size(9, 'the place of a column')
  const dictionary = facts.number(11) ?? 0
  const start = dictionary > 0 && dictionary < data ? dictionary : data
  const length = facts.size(7, 'the size of a column')
  if (!Number.isSafeInteger(start) || start + length > size) throw malformed('a column lies outside of the file')
  return { column: path[0]!, codec: facts.number(4) ?? 0, start, length }
}

/** Reads the metadata at the end of a Parquet file. Throws `table-invalid`. Source: https://github.com/apache/parquet-format */
export function readMetadata(bytes: Uint8Array): ParquetMetadata {
  const end = bytes.length - TAIL
  if (end < MAGIC.length || !MAGIC.equals(bytes.subarray(0, 4)) || !MAGIC.equals(bytes.subarray(bytes.length - 4)))
    throw malformed('it does not begin and end as one')
  const length = new DataView(bytes.buffer, bytes.byteOffset + end, 4).getUint32(0, true)
  if (length > end - MAGIC.length) throw malformed('its metadata are longer than it is')
  return readFooter(bytes.subarray(end - length, end), { fileSize: bytes.length })
}

/** Reads metadata by themselves, of a file of `fileSize` bytes. Throws `table-invalid`. */
export function readFooter(footer: Uint8Array, { fileSize, mostValues }: { fileSize: number; mostValues?: number }): ParquetMetadata {
  const file = new ThriftReader(footer, 0, mostValues).struct()
  const columns = readColumns(file.structs(2))
  const groups = file.structs(4).map((group) => ({
    rows: group.size(3, 'the number of rows of a group'),
    chunks: group.structs(1).flatMap((chunk) => readChunk(chunk, fileSize) ?? []),
  }))
  return { columns, groups }
}
