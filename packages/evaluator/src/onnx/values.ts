import type { ElementType } from '../form/element.ts'
import type { Role } from '../form/form.ts'
import type { Constant } from './tensor.ts'

/** The dimension that counts rows. */
export const ROWS = -1

/** What a value means to those who read the model's outputs. */
export interface Meaning {
  readonly role: Role
  readonly classes?: readonly (string | number)[]
}

/**
 * A value with one part for each row. Its columns in the form are its elements in order, the dimension of the rows left
 * out; that dimension may stand anywhere, but has always the same place among the others when values meet.
 */
export interface Rows {
  readonly kind: 'rows'
  readonly type: ElementType
  /** Number of the value in the form. */
  readonly value: number
  readonly dims: readonly number[]
  /** Every element is a position below this. */
  readonly limit?: number
  readonly meaning?: Meaning
}

/** A value while a graph is translated. */
export type Value = Rows | Constant

/** Product of dimensions, that of the rows left out. */
export function widthOf(dims: readonly number[]): number {
  return dims.reduce((product, size) => (size === ROWS ? product : product * size), 1)
}

/** Place of the dimension that counts rows. */
export function rowAxis(dims: readonly number[]): number {
  return dims.indexOf(ROWS)
}

/** Distance between neighbours along each dimension among a row's columns; 0 for the dimension of the rows. */
export function stridesOf(dims: readonly number[]): number[] {
  const strides = new Array<number>(dims.length).fill(0)
  let step = 1
  for (let axis = dims.length - 1; axis >= 0; axis -= 1) {
    if (dims[axis] === ROWS) continue
    strides[axis] = step
    step *= dims[axis]!
  }
  return strides
}

/**
 * The column that stands at each place of a value of shape `dims` (that of the rows left out) when a step along axis a
 * moves by `strides[a]` columns: transposing, slicing and broadcasting in one.
 */
export function walk(dims: readonly number[], strides: readonly number[], start = 0): Int32Array {
  const axes = dims.flatMap((size, axis) => (size === ROWS ? [] : [{ size, stride: strides[axis]! }]))
  const columns = new Int32Array(widthOf(dims))
  const at = new Array<number>(axes.length).fill(0)
  let column = start
  for (let place = 0; place < columns.length; place += 1) {
    columns[place] = column
    for (let axis = axes.length - 1; axis >= 0; axis -= 1) {
      const { size, stride } = axes[axis]!
      at[axis]! += 1
      column += stride
      if (at[axis]! < size) break
      column -= stride * size
      at[axis] = 0
    }
  }
  return columns
}
