import type { ElementType } from './element.ts'
import type { Step } from './steps.ts'

/** Position in a form's texts that stands for a text that is not there: a null. */
export const NO_TEXT = -2

/**
 * The neutral form of a model: what it computes, whatever file it came from. A straight line of steps over values; a
 * value is a matrix of `rows × width` elements of one type, row after row. The inputs are values 0, 1, …; each step makes
 * one more, in order, and reads only values before it.
 */
export interface Form {
  /** Version of this form. */
  readonly version: 1
  readonly source: Source
  readonly inputs: readonly Input[]
  readonly steps: readonly Step[]
  readonly outputs: readonly Output[]
  /** Every text that steps and outputs speak of. A value of type `text` holds positions in this list, −1 for any other text, −2 where there is none (a null). */
  readonly texts: readonly string[]
}

/** Where a form came from, as its file says. */
export interface Source {
  readonly format: 'xgboost' | 'lightgbm' | 'onnx' | 'skops' | 'pmml'
  /** Version of the library that wrote it; '' when the file does not say. */
  readonly version: string
  /** The library's own word for what was trained: `binary:logistic`, `RandomForestClassifier`. */
  readonly objective: string
}

export interface Input {
  readonly name: string
  readonly type: ElementType
  /** Elements of a row. */
  readonly width: number
  /** Names of the columns, where the file has them; as many as `width`. */
  readonly columns?: readonly Column[]
  /** Columns whose rows must hold something: the library refuses NaN there, and a null text. The others take them. */
  readonly required?: readonly number[]
}

export interface Column {
  readonly name: string
  /** Set for a column whose rows hold texts or numbers that the model knows by their position in this list. */
  readonly categories?: Categories
}

export interface Categories {
  readonly values: readonly string[] | readonly number[]
  /** What becomes of a value that is not listed: an error that names it, or a missing value. */
  readonly unseen: 'refuse' | 'missing'
}

/** What an output means to people and to those who render it. */
export type Role = 'prediction' | 'margin' | 'label' | 'probabilities' | 'other'

export interface Output {
  readonly name: string
  /** Number of the value it is. */
  readonly value: number
  readonly role: Role
  /** 1: one element a row, shape [rows]; 2: shape [rows, width]. */
  readonly rank: 1 | 2
  /** What the columns stand for (classes in the order of the columns); a label's own values are in the `choose` step. */
  readonly classes?: readonly (string | number)[]
}
