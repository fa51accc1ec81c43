import type { LogTable } from './decode.ts'

/** Writes the log's Parquet files. Paths are absolute and inside the log's folder. */
export interface ParquetFiles {
  /** Writes tables of possibly different columns as one file; a table without a column gives nulls. Answers when the file is written. */
  write(path: string, tables: readonly LogTable[]): Promise<void>
  /** Joins files into one, in the order given; answers the rows of the sources and of the result. */
  merge(sources: readonly string[], target: string): Promise<{ read: number; written: number }>
}
