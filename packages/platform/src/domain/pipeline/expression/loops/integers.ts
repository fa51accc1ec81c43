import type { CheckedBinaryLoop, CheckedLoop } from '../node.ts'

/*
 * Whole numbers of 64 bits as two halves: V8 makes an object for a bigint more often than not. An answer that needs more than 64 bits is marked.
 * The low half comes first: every machine that Node runs on is little-endian but s390x, which Fairlead does not support.
 */

function halves(data: BigInt64Array): Int32Array {
  return new Int32Array(data.buffer, data.byteOffset, data.length * 2)
}

/** To the nearest double. */
export function toNumbers(out: Float64Array, a: BigInt64Array, count: number): void {
  const half = halves(a)
  // the high half times 2^32 is exact, so the sum is rounded once
  for (let i = 0; i < count; i++) out[i] = half[2 * i + 1]! * 4294967296 + (half[2 * i]! >>> 0)
}

export const addIntegers: CheckedBinaryLoop<'integer', 'integer'> = ({ out, a, b, bad, count }) => {
  const to = halves(out)
  const x = halves(a)
  const y = halves(b)
  let any = false
  for (let i = 0; i < count; i++) {
    const xLow = x[2 * i]!
    const yLow = y[2 * i]!
    const xHigh = x[2 * i + 1]!
    const yHigh = y[2 * i + 1]!
    const low = (xLow + yLow) | 0
    const carry = ((xLow & yLow) | ((xLow | yLow) & ~low)) >>> 31
    const high = (xHigh + yHigh + carry) | 0
    to[2 * i] = low
    to[2 * i + 1] = high
    if (((xHigh ^ high) & (yHigh ^ high)) < 0) {
      bad[i] = 1
      any = true
    }
  }
  return any
}

export const subtractIntegers: CheckedBinaryLoop<'integer', 'integer'> = ({ out, a, b, bad, count }) => {
  const to = halves(out)
  const x = halves(a)
  const y = halves(b)
  let any = false
  for (let i = 0; i < count; i++) {
    const xLow = x[2 * i]!
    const yLow = y[2 * i]!
    const xHigh = x[2 * i + 1]!
    const yHigh = y[2 * i + 1]!
    const low = (xLow - yLow) | 0
    const borrow = ((~xLow & yLow) | (~(xLow ^ yLow) & low)) >>> 31
    const high = (xHigh - yHigh - borrow) | 0
    to[2 * i] = low
    to[2 * i + 1] = high
    if (((xHigh ^ yHigh) & (xHigh ^ high)) < 0) {
      bad[i] = 1
      any = true
    }
  }
  return any
}

export const multiplyIntegers: CheckedBinaryLoop<'integer', 'integer'> = ({ out, a, b, bad, count }) => {
  const to = halves(out)
  const x = halves(a)
  const y = halves(b)
  let any = false
  for (let i = 0; i < count; i++) {
    const product = (x[2 * i + 1]! * 4294967296 + (x[2 * i]! >>> 0)) * (y[2 * i + 1]! * 4294967296 + (y[2 * i]! >>> 0))
    if (product <= Number.MAX_SAFE_INTEGER && product >= Number.MIN_SAFE_INTEGER) {
      to[2 * i] = product | 0
      to[2 * i + 1] = Math.floor(product / 4294967296)
      continue
    }
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
