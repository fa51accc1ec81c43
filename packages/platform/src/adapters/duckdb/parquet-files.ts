import { setImmediate as nextTurn } from 'node:timers/promises'
import { type DuckDBConnection, DuckDBDataChunk, type DuckDBValue } from '@duckdb/node-api'
import type { LogColumn, LogTable, LogVector, ParquetFiles } from '../../domain/predictionlog/index.ts'
import { type DuckDb, identifier, isOutOfMemory, literal } from './database.ts'
import { duckType, duckWriter } from './types.ts'

/** Rows of DuckDB's chunks. */
const CHUNK = 2048
/** Bytes of values that are made and handed over at once: some milliseconds of work. */
const PIECE_BYTES = 1 << 20
/** So many pieces the engine holds before it may put them out of memory. */
const PIECES_A_FLUSH = 8
/** Row groups have as many rows as fit these bytes, at most as many as the engine makes by itself. */
const GROUP_BYTES = 32 << 20
const LARGEST_GROUP = 60 * CHUNK

/** `read_parquet` over these files, columns matched by name. The partition folders' names are not columns. */
export function readParquet(paths: readonly string[]): string {
  return `read_parquet([${paths.map(literal).join(', ')}], union_by_name=true, hive_partitioning=false)`
}

/** A value of a column as files have it: times say that they are UTC, which readers elsewhere would otherwise have to guess. */
function inFile(column: LogColumn): string {
  const name = identifier(column.name)
  return `CAST(${name} AS ${column.type === 'timestamp' ? 'TIMESTAMPTZ' : duckType(column)}) AS ${name}`
}

/** Values `from` to `to` of a column, as DuckDB takes them. */
function portion(vector: LogVector | undefined, column: LogColumn, from: number, to: number): DuckDBValue[] {
  if (!vector) return new Array<null>(to - from).fill(null)
  return vector.read(from, to).map(duckWriter(column))
}

/** The option that keeps what a file's writer holds in memory within bounds, however wide the rows are. */
function rowGroups(rows: number, bytes: number): string {
  const fitting = rows === 0 ? LARGEST_GROUP : Math.floor(GROUP_BYTES / Math.max(1, bytes / rows) / CHUNK) * CHUNK
  return `(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${Math.min(LARGEST_GROUP, Math.max(CHUNK, fitting))})`
}

/** Appends tables in pieces that the engine can put out of memory, and that hold nobody else in this process up. Answers rows and bytes. */
async function append(connection: DuckDBConnection, tables: readonly LogTable[], columns: readonly LogColumn[]): Promise<{ rows: number; bytes: number }> {
  const appender = await connection.createAppender('piece')
  const types = columns.map(duckType)
  let rows = 0
  let pieces = 0
  for (const table of tables) {
    const vectors = new Map(table.vectors.map((v) => [v.column.name.toLowerCase(), v]))
    for (let from = 0; from < table.rows; ) {
      const to = Math.min(from + CHUNK, table.end(from, PIECE_BYTES))
      const chunk = DuckDBDataChunk.create(types, to - from)
      columns.forEach((column, i) => {
        chunk.setColumnValues(i, portion(vectors.get(column.name.toLowerCase()), column, from, to))
      })
      appender.appendDataChunk(chunk)
      if (++pieces % PIECES_A_FLUSH === 0) appender.flushSync()
      rows += to - from
      from = to
      await nextTurn()
    }
  }
  appender.closeSync()
  return { rows, bytes: pieces * PIECE_BYTES }
}

async function numbers(connection: DuckDBConnection, sql: string): Promise<number[]> {
  const row = (await connection.runAndReadAll(sql)).getRows()[0] ?? []
  return row.map(Number)
}

/** Writes and joins the log's Parquet files with DuckDB; zstd. */
export function duckParquetFiles(duck: DuckDb): ParquetFiles {
  return {
    write: (path, tables, columns) =>
      duck.use(async (connection) => {
        const fields = columns.map((c) => `${identifier(c.name)} ${duckType(c)}`)
        await connection.run(`CREATE TEMP TABLE piece (${fields.join(', ')})`)
        try {
          const { rows, bytes } = await append(connection, tables, columns)
          const select = `SELECT ${columns.map(inFile).join(', ')} FROM piece`
          const [written] = await numbers(connection, `COPY (${select}) TO ${literal(path)} ${rowGroups(rows, bytes)}`)
          if (written !== rows) throw new Error(`${rows} rows were to be written to ${path}, not ${written}`)
        } finally {
          await connection.run('DROP TABLE piece')
        }
      }),

    merge: (sources, target, columns) =>
      duck.use(async (connection) => {
        const from = readParquet(sources)
        // columns that none of these files has yet
        const empty = columns.map((c) => `CAST(NULL AS ${duckType(c)}) AS ${identifier(c.name)}`)
        const rows = `SELECT ${columns.map(inFile).join(', ')} FROM (SELECT ${empty.join(', ')} WHERE FALSE UNION ALL BY NAME SELECT * FROM ${from})`
        const [read = 0] = await numbers(connection, `SELECT count(*) FROM ${from}`)
        const [stored = 0] = await numbers(connection, `SELECT sum(total_uncompressed_size) FROM parquet_metadata([${sources.map(literal).join(', ')}])`)
        const bytes = Math.max(stored, 16 * columns.length * read)
        const [written = 0] = await numbers(connection, `COPY (${rows}) TO ${literal(target)} ${rowGroups(read, bytes)}`)
        return { read, written }
      }),

    damage: (path) =>
      duck.use(async (connection) => {
        try {
          await connection.runAndReadAll(`SELECT max(hash(file)) FROM ${readParquet([path])} AS file`)
          return undefined
        } catch (error) {
          const reason = error instanceof Error ? error.message : String(error)
          if (isOutOfMemory(error) || reason.startsWith('INTERRUPT') || /^IO Error: (Cannot|Could not|No files)/.test(reason)) throw error
          return reason
        }
      }),
  }
}
