import type { DataType, InputColumn } from '@fairlead/contract'
import type { BatchFormat, ReadOptions } from '@fairlead/contract/control'
import type { AnswerColumn, Table } from '../inference/index.ts'

/** A column of a file. Columns of a form without types have none; `unreadable` says why values of a column cannot be taken. */
export interface SourceColumn {
  name: string
  type: DataType | null
  unreadable?: string
}

/** A part of a file that is read by itself: bytes from line to line, row groups, record batches. */
export interface Piece {
  from: number
  to: number
  /** Rows, where the file says how many. */
  rows: number | null
}

/** What is in a file, and how it is cut. */
export interface SourceFacts {
  columns: SourceColumn[]
  rows: number | null
  pieces: Piece[]
  /** Where pieces are bytes whose beginnings were guessed: each must begin where the one before ended. */
  guessed: boolean
  /** Lines before the first row. */
  headLines: number
  /** What the source needs to read a piece beside its place. */
  how: unknown
}

/** A row that cannot be taken. Rows and lines count within their piece from 0. */
export interface BadRow {
  row: number
  line: number | null
  column: string | null
  code: string
  reason: string
  /** The row as it was: a record of CSV, or JSON. */
  text: string
}

/** What is to be read of a piece. */
export interface PieceAsk {
  file: string
  piece: Piece
  how: unknown
  /** Columns of the release, and those of the file that fill them. */
  wanted: readonly { column: InputColumn; from: string }[]
  /** Columns of the file that are written again, and the type in which they are. */
  kept: readonly { name: string; type: DataType }[]
  batchRows: number
}

/** Some rows of a piece. They are good until the next batch is asked for. */
export interface SourceBatch {
  /** Columns under the names of the release. */
  table: Table
  kept: AnswerColumn[]
  /** Number of a row of the table within the piece. */
  number(row: number): number
  /** Line of a row within the piece; null where the form has no lines. */
  line(row: number): number | null
  text(row: number): string
  /** Rows that could not be read; they are not in the table. */
  faults: BadRow[]
}

/** Where a piece was begun and ended, and what was in it. */
export interface PieceRead {
  from: number
  to: number
  rows: number
  lines: number
}

/** Reads one piece, batch after batch. */
export interface PieceReader extends Disposable {
  /** The next rows; `undefined` at the end. */
  next(): Promise<SourceBatch | undefined>
  /** What was read, once all is. */
  readonly read: PieceRead
}

/** Reads files of one form. Throws `table-invalid` where a file is not one. */
export interface BatchSource {
  /** Cuts a file into pieces of about `pieceBytes`. */
  describe(file: string, options: ReadOptions & { pieceBytes: number }): Promise<SourceFacts>
  open(ask: PieceAsk): PieceReader
}

/** Writes the rows of one shard. */
export interface PartWriter extends Disposable {
  /** Takes rows; the columns of every call have the same names and types. */
  write(columns: readonly AnswerColumn[], rows: number): void
  /** Ends the part and flushes it to the disk; answers what `join` needs of it, as JSON has it. */
  end(): unknown
}

/** What a file says beside its rows. */
export interface OutputFacts {
  columns: readonly OutputColumn[]
  /** Release, deployment, job. */
  metadata: Readonly<Record<string, string>>
}

export interface OutputColumn {
  name: string
  type: DataType
  list: boolean
}

/** Writes files of one form: parts side by side, which are joined in order. */
export interface BatchTarget {
  /** A part in a new file at `path`; a file that is there is replaced. */
  part(path: string): PartWriter
  /** Writes the file at `path` of the parts, in their order, and flushes it. Answers how many rows it has. */
  join(path: string, parts: readonly { path: string; facts: unknown }[], facts: OutputFacts): Promise<number>
  /** Whether the file itself holds the metadata. */
  readonly holdsMetadata: boolean
}

/** The forms of files that this platform knows. */
export interface BatchForms {
  source(format: BatchFormat): Promise<BatchSource>
  target(format: BatchFormat): Promise<BatchTarget>
}
