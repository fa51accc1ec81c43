import type { Link } from '../form/steps.ts'
import { exp, log, log1p } from './math.ts'
import { floating, rounding, type Value, zeros } from './value.ts'

type Round = (x: number) => number
type Row = readonly number[]

/** From sums to predictions, row by row; each operation rounded to the type of the sums. */
export function link({ function: name, scale }: Link, [of]: readonly Value[], rows: number): Value {
  const round = rounding(floating(of!))
  const result = zeros(of!.type, rows, of!.width)
  for (let row = 0; row < rows; row++) {
    const from = row * of!.width
    const numbers = Array.from(of!.data.subarray(from, from + of!.width) as ArrayLike<number>, (x) => (scale === 1 ? x : round(x * scale)))
    result.data.set(LINKS[name](numbers, round) as never, from)
  }
  return result
}

const LINKS: Readonly<Record<Link['function'], (row: Row, round: Round) => Row>> = {
  sigmoid: (row, round) => row.map((x) => round(1 / round(1 + round(exp(-x))))),
  exp: (row, round) => row.map((x) => round(exp(x))),
  log1pexp: (row, round) => row.map((x) => round(log1p(round(exp(x))))),
  'signed-square': (row, round) => row.map((x) => round((x < 0 ? -x : x) * x)),
  step: (row) => row.map((x) => (x > 0 ? 1 : 0)),
  complement: (row, round) => row.map((x) => round(1 - x)),
  softmax,
  'softmax-zero': softmaxZero,
  probit: (row, round) => row.map((x) => probit(x, round)),
}

function softmax(row: Row, round: Round): Row {
  const largest = row.reduce((a, b) => Math.max(a, b))
  const powers = row.map((x) => round(exp(round(x - largest))))
  const sum = powers.reduce((a, b) => round(a + b), 0)
  return powers.map((x) => round(x / sum))
}

/** As onnxruntime does it: what lies within 1e-7 of zero is scaled, not raised, and not counted. */
function softmaxZero(row: Row, round: Round): Row {
  const largest = row.reduce((a, b) => Math.max(a, b))
  const small = round(1e-7)
  const isZero = (x: number) => x <= small && x >= -small
  const powers = row.map((x) => (isZero(x) ? round(x * round(exp(-largest))) : round(exp(round(x - largest)))))
  const sum = powers.reduce((total, power, at) => (isZero(row[at]!) ? total : round(total + power)), 0)
  return powers.map((x) => round(x / sum))
}

/** onnxruntime's 3.14159f: π itself gives other bits. */
const ORT_PI = 314159 / 1e5

/** Normal quantile as onnxruntime has it: √2 · erf⁻¹(2x − 1), by Winitzki's approximation with a = 0.147. */
function probit(x: number, round: Round): number {
  const a = round(0.147)
  const y = round(round(x * 2) - 1)
  const ln = round(log(round(round(1 - y) * round(1 + y))))
  const v = round(round(2 / round(round(ORT_PI) * a)) + round(0.5 * ln))
  const root = round(Math.sqrt(round(round(v * v) - round(round(1 / a) * ln))))
  const size = round(Math.sqrt(round(-v + root)))
  return round(round(Math.SQRT2) * (y < 0 ? -size : size))
}
