import type { Row, Signature } from '../signature.ts'

/** A column of a pipeline, as steps know it. */
export interface PipelineColumn {
  name: string
  type: 'number' | 'integer' | 'text' | 'boolean' | 'time' | 'vector'
  /** Whether a row may have no value. */
  nullable: boolean
}

/** A column that a step made; what rows were like where some were run. */
export interface TracedColumn extends PipelineColumn {
  change: 'new' | 'changed'
  nulls?: number
  /** Rows whose value is another than before; all of them for a new column. */
  rowsChanged?: number
  /** Values of the first rows. */
  before?: unknown[]
  after?: unknown[]
}

/** What one step does. */
export interface TracedStep {
  index: number
  step: string
  /** All columns that there are behind it. */
  columns: PipelineColumn[]
  made: TracedColumn[]
  removed: string[]
}

/** What a pipeline does, step by step. */
export interface PipelineTrace {
  /** What callers send and get. */
  signature: Signature
  steps: TracedStep[]
  /** Rows that were run. */
  rows?: number
  /** Absent where the model was not run. */
  answers?: Row[]
}
