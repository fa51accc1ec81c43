import type { ElementType } from './element.ts'
import type { Trees } from './trees.ts'

/**
 * One step of a form. `of` names the values it reads. Arithmetic is done in the type of the value read (f32: every single
 * operation rounded to f32), unless the step says otherwise.
 */
export type Step =
  | Cast
  | Concat
  | Columns
  | Replace
  | Scale
  | Normalize
  | OneHot
  | Lookup
  | Arithmetic
  | Compare
  | Unary
  | Where
  | Reduce
  | Affine
  | TreesStep
  | Link
  | ArgMax
  | Choose

/** Another element type, as ONNX `Cast`: to integers toward zero, to bool by ≠ 0, i64 to f32 rounded once. Not from or to text. */
export interface Cast {
  readonly op: 'cast'
  readonly of: readonly [number]
  readonly to: Exclude<ElementType, 'text'>
}

/** Values of one type side by side. */
export interface Concat {
  readonly op: 'concat'
  readonly of: readonly number[]
}

/** Some columns of a value, in this order. */
export interface Columns {
  readonly op: 'columns'
  readonly of: readonly [number]
  readonly indices: readonly number[]
}

/** Elements equal to `what` (NaN equals NaN here; for text, its position) become `with`, one for all columns or one each. Imputers, and custom missing values. */
export interface Replace {
  readonly op: 'replace'
  readonly of: readonly [number]
  readonly what: number
  readonly with: readonly number[]
}

/** `(x − offset) · factor`, or `(x − offset) / factor` where `divide` is set; one for all columns or one each. */
export interface Scale {
  readonly op: 'scale'
  readonly of: readonly [number]
  readonly offset: readonly number[]
  readonly factor: readonly number[]
  readonly divide: boolean
}

/** A row divided by its norm (`max`: its largest absolute value); a row whose norm is 0 stays as it is. */
export interface Normalize {
  readonly op: 'normalize'
  readonly of: readonly [number]
  readonly norm: 'l1' | 'l2' | 'max'
}

/** One column to as many as there are categories: 1 where it equals (NaN equals NaN), else 0. `unknown: 'error'` refuses the row. Result is f32 or f64 as `to` says. */
export interface OneHot {
  readonly op: 'onehot'
  readonly of: readonly [number]
  readonly categories: readonly number[]
  readonly unknown: 'zeros' | 'error'
  readonly to: 'f32' | 'f64'
}

/** Each element by a table: `keys[i]` becomes `values[i]` (NaN equals NaN), anything else `otherwise`. Of text, keys are positions; to text, values are. */
export interface Lookup {
  readonly op: 'lookup'
  readonly of: readonly [number]
  readonly keys: readonly number[]
  readonly values: readonly number[]
  readonly otherwise: number
  readonly to: ElementType
}

/**
 * Element by element with another value, or with constants: one for all columns or one each. A value of width 1 stands for
 * all columns. Whole numbers wrap around, and have no `div`, `pow` and `mod`; `mod` has the sign of x; of NaN and anything,
 * `min` and `max` are NaN.
 */
export interface Arithmetic {
  readonly op: 'arithmetic'
  readonly of: readonly [number] | readonly [number, number]
  readonly operator: 'add' | 'sub' | 'mul' | 'div' | 'pow' | 'min' | 'max' | 'mod'
  readonly constant?: readonly number[]
  /** The constant stands on the left: `constant − x`. */
  readonly left?: boolean
}

/** As `Arithmetic`, with a bool for its result. `and`, `or` and `xor` are of bools. */
export interface Compare {
  readonly op: 'compare'
  readonly of: readonly [number] | readonly [number, number]
  readonly operator: 'lt' | 'le' | 'gt' | 'ge' | 'eq' | 'ne' | 'and' | 'or' | 'xor'
  readonly constant?: readonly number[]
  readonly left?: boolean
}

/**
 * A function of each element. `round` takes halves to the even neighbour; `not` is of bool, `isnan` gives bool, whole
 * numbers have `neg`, `abs`, `sign` and `relu`.
 */
export interface Unary {
  readonly op: 'unary'
  readonly of: readonly [number]
  readonly function:
    | 'neg'
    | 'abs'
    | 'sign'
    | 'floor'
    | 'ceil'
    | 'round'
    | 'reciprocal'
    | 'sqrt'
    | 'exp'
    | 'log'
    | 'tanh'
    | 'sigmoid'
    | 'erf'
    | 'relu'
    | 'not'
    | 'isnan'
}

/** The first value is a bool: where it holds, the second, else the third. A value of width 1 stands for all columns. */
export interface Where {
  readonly op: 'where'
  readonly of: readonly [number, number, number]
}

/**
 * The columns of a row to one; with `groups`, each of so many equal groups of neighbouring columns to one. Sums go from
 * left to right; of NaN and anything, `min` and `max` are NaN. `mean` divides the sum.
 */
export interface Reduce {
  readonly op: 'reduce'
  readonly of: readonly [number]
  readonly groups?: number
  readonly function: 'sum' | 'mean' | 'min' | 'max' | 'l1' | 'l2' | 'sumsquare' | 'prod'
}

/** `x · weights + bias`: `weights[column · outputs + output]`; sums from left to right, the bias first or last. A missing value adds nothing where `skipMissing` is set. */
export interface Affine {
  readonly op: 'affine'
  readonly of: readonly [number]
  readonly outputs: number
  readonly weights: Float64Array
  readonly bias: Float64Array
  readonly biasFirst: boolean
  readonly skipMissing: boolean
}

/** A tree ensemble. Its result has the type of its sums and as many columns as it has outputs. */
export interface TreesStep {
  readonly op: 'trees'
  readonly of: readonly [number]
  readonly trees: Trees
}

/**
 * From the sums of a model to its prediction. `scale` multiplies before. `softmax` subtracts the row's largest first;
 * `softmax-zero` leaves zeros as they are (ONNX); `log1pexp` is ln(1 + eˣ); `signed-square` is sign(x)·x²; `step` is 1 where x > 0;
 * `complement` is 1 − x.
 */
export interface Link {
  readonly op: 'link'
  readonly of: readonly [number]
  readonly function: 'sigmoid' | 'softmax' | 'softmax-zero' | 'exp' | 'log1pexp' | 'signed-square' | 'probit' | 'step' | 'complement'
  readonly scale: number
}

/** Position of the row's largest column as i32, the first (or the last) among equals. */
export interface ArgMax {
  readonly op: 'argmax'
  readonly of: readonly [number]
  readonly last: boolean
}

/** `labels[x]` of an i32 position, a row with any other number being refused: whole numbers as i64, others as f32 or f64, texts as positions in the form's texts. */
export interface Choose {
  readonly op: 'choose'
  readonly of: readonly [number]
  readonly labels: readonly number[]
  readonly to: 'i64' | 'f32' | 'f64' | 'text'
}
