import type { CheckedBinaryLoop } from '../node.ts'

export const modulo: CheckedBinaryLoop<'number', 'number'> = ({ out, a, b, bad, count }) => {
  let any = false
  for (let i = 0; i < count; i++) {
    const divisor = b[i]!
    if (divisor === 0) {
      bad[i] = 1
      any = true
    }
    out[i] = remainder(a[i]!, divisor)
  }
  return any
}

/** The remainder with the sign of `a`, exact. Of whole numbers the quotient tells it, without the call that `%` is. */
function remainder(a: number, b: number): number {
  // below 2^51 the quotient of whole numbers is not rounded up to the next whole number, and its product is exact
  if (Math.abs(a) < 2 ** 51 && Math.abs(b) < 2 ** 51 && Math.trunc(a) === a && Math.trunc(b) === b) return a - Math.trunc(a / b) * b
  return a % b
}
