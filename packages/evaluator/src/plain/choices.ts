import type { ArgMax, Choose } from '../form/steps.ts'
import { put, type Value, zeros } from './value.ts'

/** Position of each row's largest column; a NaN is never larger. */
export function argmax({ last }: ArgMax, [of]: readonly Value[], rows: number): Value {
  const result = zeros('i32', rows, 1)
  for (let row = 0; row < rows; row++) {
    let best = 0
    for (let column = 1; column < of!.width; column++) {
      const [x, largest] = [of!.data[row * of!.width + column]!, of!.data[row * of!.width + best]!]
      if (x > largest || (last && x === largest)) best = column
    }
    result.data[row] = best
  }
  return result
}

/** The label at each position. */
export function choose({ labels, to }: Choose, [of]: readonly Value[], rows: number): Value {
  const result = zeros(to, rows, of!.width)
  for (const [at, position] of of!.data.entries()) {
    const label = labels[Number(position)]
    if (label === undefined) throw new RangeError(`label ${position} of ${labels.length}`)
    put(result, at, label)
  }
  return result
}
