import { setImmediate as nextTurn } from 'node:timers/promises'
import { DuckDBDataChunk, type DuckDBValue } from '@duckdb/node-api'
import type { LogColumn, LogVector, ParquetFiles } from '../../domain/predictionlog/index.ts'
import { type DuckDb, identifier, literal } from './database.ts'
import { duckType, duckWriter } from './types.ts'

/** Rows of DuckDB's chunks. */
const CHUNK = 2048
const PARQUET = '(FORMAT parquet, COMPRESSION zstd)'

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
  const write = duckWriter(column)
  const values = new Array<DuckDBValue>(to - from)
  for (let i = from; i < to; i++) values[i - from] = write(vector.values[i])
  return values
}

/** Writes and joins the log's Parquet files with DuckDB; zstd. */
export function duckParquetFiles(duck: DuckDb): ParquetFiles {
  return {
    write: (path, tables, columns) =>
      duck.use(async (connection) => {
        const types = columns.map(duckType)
        const fields = columns.map((c, i) => `${identifier(c.name)} ${types[i]!}`)
        await connection.run(`CREATE TEMP TABLE piece (${fields.join(', ')})`)
        try {
          const appender = await connection.createAppender('piece')
          let rows = 0
          for (const table of tables) {
            const vectors = new Map(table.vectors.map((v) => [v.column.name.toLowerCase(), v]))
            for (let from = 0; from < table.rows; from += CHUNK) {
              const to = Math.min(table.rows, from + CHUNK)
              const chunk = DuckDBDataChunk.create(types, to - from)
              columns.forEach((column, i) => {
                chunk.setColumnValues(i, portion(vectors.get(column.name.toLowerCase()), column, from, to))
              })
              appender.appendDataChunk(chunk)
              rows += to - from
              // Filling a chunk takes milliseconds; whoever else runs in this process gets a turn in between.
              await nextTurn()
            }
          }
          appender.closeSync()
          const written = await connection.runAndReadAll(`COPY (SELECT ${columns.map(inFile).join(', ')} FROM piece) TO ${literal(path)} ${PARQUET}`)
          if (Number(written.getRows()[0]?.[0]) !== rows)
            throw new Error(`${rows} rows were to be written to ${path}, not ${String(written.getRows()[0]?.[0])}`)
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
        const read = await connection.runAndReadAll(`SELECT count(*) FROM ${from}`)
        const written = await connection.runAndReadAll(`COPY (${rows}) TO ${literal(target)} ${PARQUET}`)
        return { read: Number(read.getRows()[0]?.[0]), written: Number(written.getRows()[0]?.[0]) }
      }),
  }
}
