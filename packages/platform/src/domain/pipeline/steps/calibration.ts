import type { FairleadError } from '@fairlead/contract'
import type { StepOptions } from '@fairlead/contract/control'

type Refuse = (at: string, reason: string) => FairleadError

/** A probability is kept this far from 0 and 1 before its logarithm is taken. */
const LEAST = 1e-15

/**
 * The map of a probability; `undefined` where its parameters are not there.
 * - `platt`: 1 ÷ (1 + exp(a·p + b)), as scikit-learn has it.
 * - `beta`: 1 ÷ (1 + exp(−(a·ln p − b·ln(1 − p) + c))).
 * - `isotonic`: straight lines between the points (x, y), level beyond the first and the last.
 */
export function calibrationOf(options: StepOptions<'calibrate'>, refuse: Refuse): ((p: number) => number) | undefined {
  if (options.as === 'platt') {
    const { a, b } = options
    return a === undefined || b === undefined ? undefined : (p) => 1 / (1 + Math.exp(a * p + b))
  }
  if (options.as === 'beta') {
    const { a, b, c } = options
    if (a === undefined || b === undefined || c === undefined) return undefined
    return (p) => {
      const inside = p < LEAST ? LEAST : p > 1 - LEAST ? 1 - LEAST : p
      return 1 / (1 + Math.exp(-(a * Math.log(inside) - b * Math.log1p(-inside) + c)))
    }
  }
  const { x, y } = options
  if (!x || !y) return undefined
  if (x.length !== y.length) throw refuse('y', `${x.length} values of x need as many of y, and there are ${y.length}`)
  const fault = x.findIndex((value, i) => i > 0 && value <= x[i - 1]!)
  if (fault >= 0) throw refuse(`x[${fault}]`, `x goes up, and ${x[fault]} comes behind ${x[fault - 1]}`)
  const falls = y.findIndex((value, i) => i > 0 && value < y[i - 1]!)
  if (falls >= 0) throw refuse(`y[${falls}]`, `y never goes down, and ${y[falls]} comes behind ${y[falls - 1]}`)
  return isotonic(Float64Array.from(x), Float64Array.from(y))
}

function isotonic(x: Float64Array, y: Float64Array): (p: number) => number {
  const last = x.length - 1
  return (p) => {
    if (p <= x[0]!) return y[0]!
    if (p >= x[last]!) return y[last]!
    if (Number.isNaN(p)) return p
    let [low, high] = [0, last]
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if (x[middle]! <= p) low = middle
      else high = middle
    }
    return y[low]! + ((y[high]! - y[low]!) * (p - x[low]!)) / (x[high]! - x[low]!)
  }
}
