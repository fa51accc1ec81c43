import type { Elements } from '../form/element.ts'
import type { Trees } from '../form/trees.ts'
import type { Shape } from './shape.ts'

/** Some rows of a matrix. */
export interface Rows {
  readonly data: Elements
  /** Columns of the matrix. */
  readonly width: number
  readonly first: number
  readonly count: number
}

/** How kernels have them: blocks of `lanes` rows, in a block column after column, only those that some split tests. */
export interface Lanes {
  readonly numbers: Float64Array
  readonly lanes: number
}

/** Rows as the kernels compare them. */
export function load(trees: Trees, { used }: Shape, { data, width, first, count }: Rows, { numbers, lanes }: Lanes): void {
  const round = trees.compare === 'f32'
  for (let row = 0; row < count; row++) {
    const from = (first + row) * width
    let to = Math.floor(row / lanes) * lanes * used.length + (row % lanes)
    for (let at = 0; at < used.length; at++, to += lanes) {
      const x = Number(data[from + used[at]!])
      const y = round ? Math.fround(x) : x
      numbers[to] = y <= trees.zero && y >= -trees.zero ? 0 : y
    }
  }
}

/** Contributions of rows as callers have them: row after row, in a row output after output, the bias after the columns. */
export interface Table {
  readonly contributions: Float64Array
  /** Columns of the matrix. */
  readonly width: number
  readonly outputs: number
}

/** Sums of the kernels, in blocks as those of rows but for each output, to where they belong. */
export function unload({ used }: Shape, { numbers, lanes }: Lanes, { first, count }: { first: number; count: number }, table: Table): void {
  const { contributions, width, outputs } = table
  const block = lanes * used.length * outputs
  for (let row = 0; row < count; row++) {
    let from = Math.floor(row / lanes) * block + (row % lanes)
    for (let output = 0; output < outputs; output++) {
      const to = ((first + row) * outputs + output) * (width + 1)
      for (let at = 0; at < used.length; at++, from += lanes) contributions[to + used[at]!] = numbers[from]!
    }
  }
}
