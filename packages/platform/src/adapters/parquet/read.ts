import { FairleadError } from '@fairlead/contract'
import { halfToNumber, type Table, type TableAsk, type TableColumn, type TensorData } from '../../domain/inference/index.ts'
import { type Filled, readChunk } from './column.ts'
import { type ParquetMetadata, readMetadata } from './metadata.ts'
import { malformed } from './thrift.ts'
import { kindOf } from './values.ts'

/** Bytes that compressed pages may become, or four times the file where that is more. */
const MOST_INFLATED = 64 * 1024 * 1024
/** Pages that are read, which takes seconds where each is unpacked. */
const MOST_PAGES = 50_000

/** Reads the wanted columns of a Parquet file. Throws as `TableCodec.read`. */
export function readParquet(bytes: Uint8Array, ask: TableAsk): Table {
  const metadata = readMetadata(bytes)
  const rows = rowsOf(metadata, ask)
  const known = new Set(ask.columns.map(({ name }) => name))
  const room = { left: Math.max(MOST_INFLATED, bytes.length * 4), pages: MOST_PAGES }
  const wanted = new Map<string, Filled>()
  const columns = metadata.columns.map((column): TableColumn => {
    if (!known.has(column.name)) return { name: column.name, at: () => undefined }
    const filled = startColumn(column, rows)
    wanted.set(column.name, filled)
    return columnOf(filled)
  })
  for (const group of metadata.groups) {
    const found = new Set<string>()
    for (const chunk of group.chunks) {
      const filled = wanted.get(chunk.column)
      if (!filled || found.has(chunk.column)) continue
      found.add(chunk.column)
      readChunk(bytes, chunk, { filled, rows: group.rows, room })
    }
    if (found.size !== wanted.size) throw malformed('a row group lacks a column')
  }
  return { rows, columns }
}

function rowsOf({ groups }: ParquetMetadata, { maxRows }: TableAsk): number {
  let rows = 0
  for (const group of groups) {
    rows += group.rows
    if (rows > maxRows) throw new FairleadError('rows-too-many', `more than ${maxRows} rows in one request, at most ${maxRows} are taken`)
  }
  return rows
}

function startColumn(column: ParquetMetadata['columns'][number], rows: number): Filled {
  const kind = 'nested' in column ? undefined : kindOf(column)
  if ('nested' in column || !kind) {
    const what = 'nested' in column ? 'nested' : (column.meaning ?? column.physical)
    const detail = `the column is ${what === 'nested' ? what : `a ${what}`}, and its values must be plain numbers, texts or truth values; cast it before it is sent`
    throw new FairleadError('value-type', `${column.name}: ${detail}`, { items: [{ path: column.name, code: 'value-type', detail }] })
  }
  return { column, kind, values: kind.make(rows), nulls: column.optional ? new Uint8Array(rows) : undefined, rows: 0 }
}

function columnOf({ column: { name }, kind, values, nulls }: Filled): TableColumn {
  const { type } = kind
  const value = (row: number): unknown => {
    const raw = values[row]
    if (type === 'bool') return raw === 1
    const number = type === 'float16' ? halfToNumber(raw as number) : raw
    return typeof number === 'number' && !Number.isFinite(number) ? String(number) : number
  }
  const dense = nulls || type === 'string' ? {} : { dense: { type, data: values as TensorData } }
  return { name, at: (row) => (nulls?.[row] === 1 ? null : value(row)), ...dense }
}
