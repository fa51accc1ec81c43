import type { Elements } from '../form/element.ts'

/** Rows of a matrix, one after the other. */
export interface Matrix {
  readonly data: Elements
  readonly count: number
}

/** A way to explain a model of a matrix of columns. */
export interface Method {
  /** What each output is before any column is known. */
  readonly bias: Float64Array
  /**
   * Sets what each column contributes, for `count` rows of the matrix: `contributions[(row · outputs + output) · (columns + 1) +
   * column]`. The bias, which stands after the columns, is left to the caller, and so is 0 where a column contributes nothing.
   */
  explain(data: Elements, count: number, contributions: Float64Array): void
}
