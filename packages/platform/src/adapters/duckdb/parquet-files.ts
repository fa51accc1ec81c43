import { setImmediate as nextTurn } from 'node:timers/promises'
import { DOUBLE, type DuckDBConnection, DuckDBDataChunk, type DuckDBType, type DuckDBValue } from '@duckdb/node-api'
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
function inFile(column: LogColumn, value = identifier(column.name)): string {
  return `CAST(${value} AS ${column.type === 'timestamp' ? 'TIMESTAMPTZ' : duckType(column)}) AS ${identifier(column.name)}`
}

type Vectors = ReadonlyMap<string, LogVector>

function vectorsOf(table: LogTable): Vectors {
  return new Map(table.vectors.map((v) => [v.column.name.toLowerCase(), v]))
}

/**
 * What a column is in SQL, where its values need not be handed over one by one: the same in every row of all tables, or made of other
 * columns. `undefined` for all others.
 */
function stated(column: LogColumn, tables: readonly Vectors[]): string | undefined {
  const vectors = tables.map((vectors) => vectors.get(column.name.toLowerCase()))
  const [first] = vectors
  if (first?.joined && vectors.every((vector) => vector?.joined?.join() === first.joined?.join()))
    return `concat_ws('/', ${first.joined.map(identifier).join(', ')})`
  const values = vectors.map((vector) => (vector ? vector.same : { value: null }))
  if (!values.every((same) => same && same.value === values[0]!.value)) return undefined
  const value = values[0]?.value ?? null
  if (value === null) return 'NULL'
  return typeof value === 'string' ? literal(value) : typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : undefined
}

/** The type in which values are handed over: times as numbers, because each would be an object of its own. */
function handedType(column: LogColumn): DuckDBType {
  return column.type === 'timestamp' && !column.list ? DOUBLE : duckType(column)
}

function handedOver(column: LogColumn): string {
  const name = identifier(column.name)
  return inFile(column, column.type === 'timestamp' && !column.list ? `make_timestamp_ms(CAST(${name} AS BIGINT))` : name)
}

/** Values `from` to `to` of a column, as DuckDB takes them. */
function portion(vector: LogVector | undefined, column: LogColumn, from: number, to: number): DuckDBValue[] {
  if (!vector) return new Array<null>(to - from).fill(null)
  const values = vector.read(from, to)
  const isPlain = !column.list && vector.column.type === column.type && PLAIN.has(column.type)
  return isPlain ? (values as DuckDBValue[]) : values.map(duckWriter(column))
}

/** Types whose values DuckDB takes as they come. */
const PLAIN = new Set<LogColumn['type']>([
  'int8',
  'int16',
  'int32',
  'int64',
  'uint8',
  'uint16',
  'uint32',
  'uint64',
  'float32',
  'float64',
  'string',
  'bool',
  'timestamp',
])

/** The option that keeps what a file's writer holds in memory within bounds, however wide the rows are. */
function rowGroups(rows: number, bytes: number): string {
  const fitting = rows === 0 ? LARGEST_GROUP : Math.floor(GROUP_BYTES / Math.max(1, bytes / rows) / CHUNK) * CHUNK
  return `(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${Math.min(LARGEST_GROUP, Math.max(CHUNK, fitting))})`
}

/** Appends tables in pieces that the engine can put out of memory, and that hold nobody else in this process up. Answers rows and bytes. */
async function append(connection: DuckDBConnection, tables: readonly LogTable[], columns: readonly LogColumn[]): Promise<{ rows: number; bytes: number }> {
  const appender = await connection.createAppender('piece')
  const types = columns.map(handedType)
  let rows = 0
  let pieces = 0
  for (const table of tables) {
    const vectors = vectorsOf(table)
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
        const all = tables.map(vectorsOf)
        const known = columns.map((column) => stated(column, all))
        // a table has one column at least
        const handed = columns.filter((_, i) => known[i] === undefined)
        const listed = handed.length > 0 ? handed : columns.slice(0, 1)
        await connection.run(`CREATE TEMP TABLE piece (${listed.map((c) => `${identifier(c.name)} ${handedType(c)}`).join(', ')})`)
        try {
          const { rows, bytes } = await append(connection, tables, listed)
          const fields = columns.map((column, i) => (known[i] === undefined ? handedOver(column) : inFile(column, known[i])))
          const select = `SELECT ${fields.join(', ')} FROM piece`
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
        const rows = `SELECT ${columns.map((column) => inFile(column)).join(', ')} FROM (SELECT ${empty.join(', ')} WHERE FALSE UNION ALL BY NAME SELECT * FROM ${from})`
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
