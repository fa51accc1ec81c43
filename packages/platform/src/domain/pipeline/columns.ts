/**
 * What steps and expressions know a value as. `number` is every float and every integer of up to 32 bits; `integer` those of 64 bits, which a
 * double cannot hold; `time` an instant in milliseconds since 1970 (UTC); `vector` an array a row, which steps pass on and expressions do not read.
 */
export type ColumnType = 'number' | 'integer' | 'text' | 'boolean' | 'time' | 'vector'

interface ColumnData {
  number: Float64Array
  integer: BigInt64Array
  text: string[]
  /** 0 or 1. */
  boolean: Uint8Array
  time: Float64Array
  /** Row-major; as many values a row as the data is longer than the rows. */
  vector: Float64Array
}

/** One value a row. `nulls` is 1 where there is none, and absent where every row has one; what `data` holds there means nothing. */
export type Column = { [T in ColumnType]: { type: T; data: ColumnData[T]; nulls?: Uint8Array | undefined } }[ColumnType]

/** What is known of a column before there are rows. */
export interface ColumnSpec {
  name: string
  type: ColumnType
  /** Whether a row may have no value. */
  nullable: boolean
}

/** Columns by their place, which is found once, when a pipeline is compiled; all of the same number of rows. */
export type Frame = readonly Column[]
