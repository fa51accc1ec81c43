import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { type DataType, writeJson } from '@fairlead/contract'
import {
  type BatchSource,
  denseAs,
  type Piece,
  type PieceAsk,
  type PieceRead,
  type PieceReader,
  type SourceBatch,
  type SourceColumn,
  unreadable,
} from '../../../domain/batch/index.ts'
import { type AnswerColumn, halfToNumber, type TableColumn, type TensorData } from '../../../domain/inference/index.ts'
import { type ParquetMetadata, readFooter } from '../metadata.ts'
import { malformed } from '../thrift.ts'
import { type Kind, kindOf, type Values } from '../values.ts'
import { ColumnStream } from './column-stream.ts'

const MAGIC = Buffer.from('PAR1')
const TAIL_BYTES = 8
/** Values in the metadata of one file; they are read once for each shard. */
const MOST_VALUES = 20_000_000
/** Rows of a shard, where row groups are smaller. */
const PIECE_ROWS = 262_144
const MOST_ROWS = 2 ** 40

function withFile<T>(path: string, work: (file: number) => T): T {
  let file: number
  try {
    file = openSync(path, 'r')
  } catch (cause) {
    throw unreadable(path, cause)
  }
  try {
    return work(file)
  } catch (error) {
    closeSync(file)
    throw error
  }
}

function metadataOf(file: number): ParquetMetadata {
  const { size } = fstatSync(file)
  const read = (at: number, length: number) => {
    const bytes = Buffer.alloc(length)
    readSync(file, bytes, 0, length, at)
    return bytes
  }
  const tail = size < TAIL_BYTES + MAGIC.length ? undefined : read(size - TAIL_BYTES, TAIL_BYTES)
  if (!tail?.subarray(4).equals(MAGIC) || !read(0, 4).equals(MAGIC)) throw malformed('it does not begin and end as one')
  const length = tail.readUInt32LE(0)
  if (length > size - TAIL_BYTES - MAGIC.length) throw malformed('its metadata are longer than it is')
  return readFooter(read(size - TAIL_BYTES - length, length), { fileSize: size, mostValues: MOST_VALUES })
}

function sourceColumn(column: ParquetMetadata['columns'][number]): SourceColumn {
  const { name } = column
  if ('nested' in column) return { name, type: null, unreadable: 'nested' }
  const kind = kindOf(column)
  return kind ? { name, type: kind.type } : { name, type: null, unreadable: `a ${column.meaning ?? column.physical}` }
}

/** Parquet, by its row groups. */
export const parquetSource: BatchSource = {
  async describe(path) {
    return withFile(path, (file) => {
      const { columns, groups } = metadataOf(file)
      closeSync(file)
      const rows = groups.reduce((sum, group) => sum + group.rows, 0)
      if (rows > MOST_ROWS) throw malformed('it says that it has more rows than any file')
      return { columns: columns.map(sourceColumn), rows, pieces: piecesOf(groups), guessed: false, headLines: 0, how: null }
    })
  },
  open: (ask) => withFile(ask.file, (file) => new ParquetReader(file, ask)),
}

function piecesOf(groups: ParquetMetadata['groups']): Piece[] {
  const pieces: Piece[] = []
  let [from, rows] = [0, 0]
  for (const [place, group] of groups.entries()) {
    rows += group.rows
    if (rows < PIECE_ROWS && place < groups.length - 1) continue
    if (rows > 0) pieces.push({ from, to: place + 1, rows })
    from = place + 1
    rows = 0
  }
  return pieces
}

interface Column {
  name: string
  kind: Kind
  stream: ColumnStream
  values: Values
  nulls: Uint8Array
  missing: boolean
}

/** Reads row groups into columns, page by page. */
class ParquetReader implements PieceReader {
  readonly read: PieceRead
  readonly #file: number
  readonly #ask: PieceAsk
  readonly #columns: Column[]
  readonly #wanted: Column[]
  readonly #kept: Column[]
  readonly #rows: number

  constructor(file: number, ask: PieceAsk) {
    this.#file = file
    this.#ask = ask
    const { from, to } = ask.piece
    this.read = { from, to, rows: 0, lines: 0 }
    const metadata = metadataOf(file)
    const groups = metadata.groups.slice(from, to)
    this.#rows = groups.reduce((sum, group) => sum + group.rows, 0)
    const made = new Map<string, Column>()
    const columnOf = (name: string): Column => {
      const column = made.get(name) ?? this.#open(name, metadata, groups)
      made.set(name, column)
      return column
    }
    this.#wanted = ask.wanted.map((one) => columnOf(one.from))
    this.#kept = ask.kept.map(({ name }) => columnOf(name))
    this.#columns = [...made.values()]
  }

  #open(name: string, { columns }: ParquetMetadata, groups: ParquetMetadata['groups']): Column {
    const column = columns.find((one) => one.name === name)
    const kind = column && !('nested' in column) ? kindOf(column) : undefined
    if (!column || 'nested' in column || !kind) throw malformed(`the column "${name.slice(0, 100)}" is not what it was`)
    const chunks = groups
      .filter(({ rows }) => rows > 0)
      .map(({ rows, chunks: all }) => {
        const chunk = all.find((one) => one.column === name)
        if (!chunk) throw malformed('a row group lacks a column')
        return { chunk, rows }
      })
    const { batchRows } = this.#ask
    const stream = new ColumnStream(this.#file, { column, kind }, chunks)
    return { name, kind, stream, values: kind.make(batchRows), nulls: new Uint8Array(batchRows), missing: false }
  }

  async next(): Promise<SourceBatch | undefined> {
    const first = this.read.rows
    const rows = Math.min(this.#ask.batchRows, this.#rows - first)
    if (rows === 0) return undefined
    for (const column of this.#columns) {
      if (column.missing) column.nulls.fill(0)
      column.missing = column.stream.read(rows, column.values, column.nulls)
    }
    this.read.rows += rows
    const columns = this.#ask.wanted.map(({ column }, place) => tableColumn(this.#wanted[place]!, { name: column.name, type: column.type, rows }))
    return {
      table: { rows, columns },
      kept: this.#kept.map((column) => keptColumn(column, rows)),
      number: (row) => first + row,
      line: () => null,
      text: (row) => writeJson(Object.fromEntries(this.#columns.map((column) => [column.name, valueAt(column, row)]))),
      faults: [],
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.#file)
  }
}

function valueAt({ kind: { type }, values, nulls, missing }: Column, row: number): unknown {
  if (missing && nulls[row] === 1) return null
  const raw = values[row]
  if (type === 'bool') return raw === 1
  const number = type === 'float16' ? halfToNumber(raw as number) : raw
  return typeof number === 'number' && !Number.isFinite(number) ? String(number) : number
}

function cut(values: Values, rows: number): TensorData {
  return (Array.isArray(values) ? values.slice(0, rows) : values.subarray(0, rows)) as TensorData
}

function tableColumn(column: Column, { name, type, rows }: { name: string; type: DataType; rows: number }): TableColumn {
  const at = (row: number) => valueAt(column, row)
  if (column.kind.type === 'string') return { name, at }
  const nulls = column.missing ? { nulls: column.nulls } : {}
  const dense = denseAs({ type: column.kind.type, data: cut(column.values, rows), ...nulls }, type, rows)
  return { name, at, ...(dense ? { dense } : {}) }
}

function keptColumn({ name, kind, values, nulls, missing }: Column, rows: number): AnswerColumn {
  return { name, type: kind.type, data: cut(values, rows), ...(missing ? { nulls: nulls.subarray(0, rows) } : {}) }
}
