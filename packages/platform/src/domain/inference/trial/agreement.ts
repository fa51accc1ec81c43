import { isFloat } from '@fairlead/contract'
import type { Tensor, Tensors } from '../types.ts'

/** How far two numbers may be apart, of their size or of one where they are smaller, to count as the same answer. */
export const TOLERANCE = { float32: 1e-5, float64: 1e-9 } as const

/** How far answers are apart. */
export interface Comparison {
  largest: number
  /** The first place where they differ by more than is allowed, in words. */
  difference: string | undefined
}

/**
 * Compares what two ways of running a model answer to the same rows: texts, truth values and whole numbers, of which labels are, must be
 * equal, and numbers within `TOLERANCE`. `of` names the ways in words.
 */
export function compareAnswers(left: Tensors, right: Tensors, of: readonly [string, string]): Comparison {
  let largest = 0
  for (const name in left) {
    const [a, b] = [left[name]!, right[name]]
    if (!b) return { largest, difference: `the output "${name}" is missing from ${of[1]}` }
    if (a.type !== b.type || a.shape.length !== b.shape.length || a.shape.some((size, at) => size !== b.shape[at]))
      return { largest, difference: `the output "${name}" is ${a.type} [${a.shape}] from ${of[0]} and ${b.type} [${b.shape}] from ${of[1]}` }
    const found = compareTensors(a, b)
    largest = Math.max(largest, found.largest)
    if (found.at === undefined) continue
    const width = a.data.length / (a.shape[0] || 1)
    const column = width > 1 ? `, column ${found.at % width}` : ''
    return {
      largest,
      difference: `output "${name}", row ${Math.floor(found.at / width)}${column}: ${a.data[found.at]} from ${of[0]}, ${b.data[found.at]} from ${of[1]}`,
    }
  }
  return { largest, difference: undefined }
}

function compareTensors(a: Tensor, b: Tensor): { largest: number; at?: number } {
  if (!isFloat(a.type) || a.type === 'float16') {
    for (let at = 0; at < a.data.length; at++) if (a.data[at] !== b.data[at]) return { largest: 0, at }
    return { largest: 0 }
  }
  const allowed = TOLERANCE[a.type]
  const [left, right] = [a.data as Float64Array, b.data as Float64Array]
  let largest = 0
  for (let at = 0; at < left.length; at++) {
    const [x, y] = [left[at]!, right[at]!]
    if (x === y || (Number.isNaN(x) && Number.isNaN(y))) continue
    const apart = Math.abs(x - y) / Math.max(1, Math.abs(x), Math.abs(y))
    // written so that NaN on one side differs
    if (!(apart <= allowed)) return { largest: Number.isFinite(apart) ? Math.max(largest, apart) : largest, at }
    largest = Math.max(largest, apart)
  }
  return { largest }
}
