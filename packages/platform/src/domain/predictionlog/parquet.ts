import type { LogColumn } from './columns.ts'
import type { LogTable } from './decode.ts'

/** Writes the log's Parquet files. Paths are absolute and inside the log's folder. Every file has just the columns that are given, in their order. */
export interface ParquetFiles {
  /** Writes tables of possibly different columns as one file; a table without a column gives nulls. Answers when the file is written. */
  write(path: string, tables: readonly LogTable[], columns: readonly LogColumn[]): Promise<void>
  /** Joins files into one, in the order given; answers the rows of the sources and of the result. */
  merge(sources: readonly string[], target: string, columns: readonly LogColumn[]): Promise<{ read: number; written: number }>
  /** Why a file cannot be read, or undefined where it can. Throws where that could not be found out. */
  damage(path: string): Promise<string | undefined>
}
