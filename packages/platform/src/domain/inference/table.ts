import type { DataType, InputColumn } from '@fairlead/contract'
import type { TensorData } from './types.ts'

/** One column of a table that came from outside. */
export interface TableColumn {
  readonly name: string
  /**
   * The value of a row as JSON would have it: number, bigint, boolean, text, null, or an array of them. NaN and the
   * infinities are the texts `NaN`, `Infinity`, `-Infinity`.
   */
  at(row: number): unknown
  /** All values as a tensor of this type holds them, with `nulls` 1 where there is none: they are copied in one go if the types are the same. */
  readonly dense?: { readonly type: DataType; readonly data: TensorData; readonly nulls?: Uint8Array }
}

/** A table that came from outside, read far enough to know its columns and rows. Values are looked at one by one. */
export interface Table {
  readonly rows: number
  readonly columns: readonly TableColumn[]
  /** Where a row stands in what was sent, for messages: `line 5`. */
  place?(row: number): string
}

/** What a reader of tables must know beside the bytes. */
export interface TableAsk {
  /** The columns of the release, for forms that have no types of their own. */
  readonly columns: readonly InputColumn[]
  /** More rows are refused with `rows-too-many` before any is read. */
  readonly maxRows: number
}

/** One flat column of an answer: `label`, `probabilities_good`. */
export interface AnswerColumn {
  readonly name: string
  readonly type: DataType
  /** `width` values a row; as tensors hold them. */
  readonly data: TensorData
  /** 1 where there is no value; same length as `data`. */
  readonly nulls?: Uint8Array
  /** Values of each row's list; absent for plain values. */
  readonly width?: number
}

/** What an answer says beside its rows. */
export interface AnswerFacts {
  readonly id: string
  readonly deployment: string
  readonly release: number
}

/** Reads tables from bytes that are not to be trusted, and writes answers. */
export interface TableCodec {
  /** Throws `table-invalid` for bytes that are no such table, `value-type` for columns that no row can have, `rows-too-many`, `body-too-large`. */
  read(body: Uint8Array, ask: TableAsk): Table | Promise<Table>
  write(columns: readonly AnswerColumn[], rows: number, facts: AnswerFacts): Uint8Array
}

/** A form of tables by its media type. Its code is loaded when the first such table comes. */
export interface TableFormat {
  readonly mediaType: string
  open(): Promise<TableCodec>
}
