import { type FileHandle, open } from 'node:fs/promises'
import type { LogColumn, LogTable } from '../../../domain/predictionlog/index.ts'
import { type Chunk, columnChunk, describeChunk } from './column-chunk.ts'
import { ThriftWriter } from './thrift-writer.ts'
import { PARQUET_TYPES } from './types.ts'
import { type Piece, rowsOf } from './values.ts'

const MAGIC = Buffer.from('PAR1')
/** Row groups have at most so many rows, and about so many bytes of values: they are in memory as a whole. */
const GROUP_ROWS = 122_880
const GROUP_BYTES = 32 << 20
const OPTIONAL = 1

interface Group {
  chunks: Chunk[]
  rows: number
  at: number
}

/**
 * Writes tables as one Parquet file with just these columns, none of them of lists, every value optional; zstd. A column that a table lacks is null
 * in its rows. Source: https://github.com/apache/parquet-format
 */
export async function writeLogFile(path: string, tables: readonly LogTable[], columns: readonly LogColumn[]): Promise<void> {
  await using file = await open(path, 'w')
  await file.write(MAGIC)
  let at = MAGIC.length
  const groups: Group[] = []
  for (const pieces of groupsOf(tables)) {
    const group: Group = { chunks: [], rows: rowsOf(pieces), at }
    // one after the other: others in this process have their turn while one is compressed
    for (const column of columns) {
      const chunk = await columnChunk(column, pieces)
      await writeAll(file, chunk.parts)
      at += chunk.compressed
      group.chunks.push({ ...chunk, parts: [] })
    }
    groups.push(group)
  }
  const footer = footerOf(columns, groups)
  const length = Buffer.alloc(4)
  length.writeUInt32LE(footer.length)
  await writeAll(file, [footer, length, MAGIC])
}

async function writeAll(file: FileHandle, parts: readonly Uint8Array[]): Promise<void> {
  const bytes = Buffer.concat(parts)
  for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at)).bytesWritten
}

function* groupsOf(tables: readonly LogTable[]): Generator<Piece[]> {
  let pieces: Piece[] = []
  let rows = 0
  for (const table of tables) {
    const vectors = new Map(table.vectors.map((vector) => [vector.column.name.toLowerCase(), vector]))
    for (let from = 0; from < table.rows; ) {
      // tables that share a group are small: what is cut from a large one goes by itself
      const to = Math.min(from + GROUP_ROWS - rows, table.end(from, GROUP_BYTES))
      pieces.push({ table, vectors, from, to })
      rows += to - from
      if (rows >= GROUP_ROWS || to < table.rows) {
        yield pieces
        pieces = []
        rows = 0
      }
      from = to
    }
  }
  if (pieces.length > 0) yield pieces
}

/** Source: parquet.thrift, FileMetaData. */
function footerOf(columns: readonly LogColumn[], groups: readonly Group[]): Buffer {
  const thrift = new ThriftWriter().i32(1, 2)
  const schema: (LogColumn | undefined)[] = [undefined, ...columns]
  thrift.structs(2, schema, (column) => {
    if (!column) {
      thrift.text(4, 'log').i32(5, columns.length)
      return
    }
    const { physical, converted, logical } = PARQUET_TYPES[column.type]
    thrift.i32(1, physical).i32(3, OPTIONAL).text(4, column.name)
    if (converted !== undefined) thrift.i32(6, converted)
    if (logical) thrift.struct(10, () => logical(thrift))
  })
  thrift.i64(
    3,
    groups.reduce((sum, { rows }) => sum + rows, 0),
  )
  thrift.structs(4, groups, ({ chunks, rows, at }) => {
    let place = at
    thrift
      .structs(1, chunks, (chunk) => {
        describeChunk(thrift, chunk, place)
        place += chunk.compressed
      })
      .i64(
        2,
        chunks.reduce((sum, { uncompressed }) => sum + uncompressed, 0),
      )
      .i64(3, rows)
  })
  // the order in which the least and the largest are meant: that of the type
  return thrift
    .text(6, 'Fairlead')
    .structs(7, columns, () => thrift.struct(1, () => {}))
    .end()
}
