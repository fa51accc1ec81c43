import { setImmediate as nextTurn } from 'node:timers/promises'
import { DuckDBDataChunk, type DuckDBValue } from '@duckdb/node-api'
import { type LogColumn, type LogTable, type LogVector, type ParquetFiles, widen } from '../../domain/predictionlog/index.ts'
import { type DuckDb, identifier, literal } from './database.ts'
import { duckType, duckWriter } from './types.ts'

/** Rows of DuckDB's chunks. */
const CHUNK = 2048
const PARQUET = '(FORMAT parquet, COMPRESSION zstd)'

/** `read_parquet` over these files, columns matched by name. The partition folders' names are not columns. */
export function readParquet(paths: readonly string[]): string {
  return `read_parquet([${paths.map(literal).join(', ')}], union_by_name=true, hive_partitioning=false)`
}

/** All columns of the tables, with the types that hold the values of all. */
function unionOf(tables: readonly LogTable[]): LogColumn[] {
  const columns = new Map<string, LogColumn>()
  for (const { vectors } of tables) {
    for (const { column } of vectors) {
      const key = column.name.toLowerCase()
      const known = columns.get(key)
      columns.set(key, known ? { ...known, type: widen(known.type, column.type) } : column)
    }
  }
  return [...columns.values()]
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
    write: (path, tables) =>
      duck.use(async (connection) => {
        const columns = unionOf(tables)
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
          const written = await connection.runAndReadAll(`COPY piece TO ${literal(path)} ${PARQUET}`)
          if (Number(written.getRows()[0]?.[0]) !== rows)
            throw new Error(`${rows} rows were to be written to ${path}, not ${String(written.getRows()[0]?.[0])}`)
        } finally {
          await connection.run('DROP TABLE piece')
        }
      }),

    merge: (sources, target) =>
      duck.use(async (connection) => {
        const from = readParquet(sources)
        const described = await connection.runAndReadAll(`DESCRIBE SELECT * FROM ${from}`)
        // Signed and unsigned 64-bit columns join in a type that Parquet lacks.
        const huge = described.getRows().filter((row) => String(row[1]).endsWith('HUGEINT'))
        const replace = huge.map((row) => `CAST(${identifier(String(row[0]))} AS VARCHAR) AS ${identifier(String(row[0]))}`)
        const columns = replace.length > 0 ? `* REPLACE (${replace.join(', ')})` : '*'
        const read = await connection.runAndReadAll(`SELECT count(*) FROM ${from}`)
        const written = await connection.runAndReadAll(`COPY (SELECT ${columns} FROM ${from}) TO ${literal(target)} ${PARQUET}`)
        return { read: Number(read.getRows()[0]?.[0]), written: Number(written.getRows()[0]?.[0]) }
      }),
  }
}
