import type { CheckedBinaryLoop, CheckedLoop } from '../node.ts'

/** Products where one may not fit. */
export const multiplyIntegers: CheckedBinaryLoop<'integer', 'integer'> = ({ out, a, b, bad, count }) => {
  let any = false
  for (let i = 0; i < count; i++) {
    const exact = a[i]! * b[i]!
    out[i] = exact
    if (out[i] !== exact) {
      bad[i] = 1
      any = true
    }
  }
  return any
}

export const moduloIntegers: CheckedBinaryLoop<'integer', 'integer'> = ({ out, a, b, bad, count }) => {
  let any = false
  for (let i = 0; i < count; i++) {
    const divisor = b[i]!
    if (divisor !== 0n) {
      out[i] = a[i]! % divisor
      continue
    }
    bad[i] = 1
    any = true
  }
  return any
}

const LEAST = -(2n ** 63n)

export const negateIntegers: CheckedLoop<'integer', 'integer'> = (out, a, bad, count) => {
  let any = false
  for (let i = 0; i < count; i++) {
    const value = a[i]!
    if (value === LEAST) {
      bad[i] = 1
      any = true
    }
    out[i] = -value
  }
  return any
}
