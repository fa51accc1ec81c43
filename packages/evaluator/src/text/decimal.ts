/**
 * Decimal numbers of text files, read byte by byte to the nearest double, as `Number` reads them, without making a text
 * of each. Up to 19 digits are kept as a sum of two doubles and scaled by a power of ten of the same kind; where that
 * cannot tell which of two doubles is nearer (about once in 10¹³ numbers), and for what is rarer, `Number` decides.
 */

const zero = 48
const splitter = 134217729
/** Beyond it the parts of a sum of two doubles come near the smallest doubles there are. */
const largestPower = 250
/** No library prints a number with more characters. */
const longest = 400
/** More than the relative error of the arithmetic below, which is a few 2⁻¹⁰⁴. */
const doubt = 2 ** -97

const exactPowers = Float64Array.from({ length: 23 }, (_, power) => Number(`1e${power}`))
const powers = new Float64Array(largestPower + 1)
const remainders = new Float64Array(largestPower + 1)

/** 10^power as the sum of `powers[power]` and `remainders[power]`. */
function preparePower(power: number): void {
  const whole = 10n ** BigInt(power)
  const nearest = Number(whole)
  powers[power] = nearest
  remainders[power] = Number(whole - BigInt(nearest))
}

/** The number that stands in `bytes` from `from` to `to`, both as found; undefined when it is not one, or has over 400 characters. `inf` and `nan` are numbers. */
export function decimal(bytes: Uint8Array, from: number, to: number): number | undefined {
  if (to - from > longest) return undefined
  let at = from
  let byte = bytes[at] as number
  const negative = byte === 45
  if (negative || byte === 43) at++
  let head = 0
  let tail = 0
  let digits = 0
  let tailDigits = 0
  let scale = 0
  let seen = 0
  let point = false
  for (; at < to; at++) {
    byte = bytes[at] as number
    const digit = byte - zero
    if (digit >= 0 && digit <= 9) {
      seen++
      if (point) scale--
      if (digits > 0 || digit > 0) digits++
      if (digits <= 15) head = head * 10 + digit
      else if (digits <= 19) {
        tail = tail * 10 + digit
        tailDigits++
      }
    } else if (byte === 46 && !point) point = true
    else break
  }
  if (seen === 0) return special(bytes, at, { to, negative })
  if (at < to) {
    if ((byte | 32) !== 101) return undefined
    const exponent = exponentOf(bytes, at + 1, to)
    if (exponent === undefined) return undefined
    scale += exponent
  }
  const magnitude = digits > 19 || scale < -largestPower || scale > largestPower ? Number.NaN : scaled({ head, tail, tailDigits, scale })
  if (Number.isNaN(magnitude)) return Number(String.fromCharCode(...bytes.subarray(from, to)))
  return negative ? -magnitude : magnitude
}

function exponentOf(bytes: Uint8Array, from: number, to: number): number | undefined {
  let at = from
  const sign = bytes[at]
  const negative = sign === 45
  if (negative || sign === 43) at++
  if (at >= to) return undefined
  let exponent = 0
  for (; at < to; at++) {
    const digit = (bytes[at] as number) - zero
    if (digit < 0 || digit > 9) return undefined
    if (exponent < 100_000) exponent = exponent * 10 + digit
  }
  return negative ? -exponent : exponent
}

function special(bytes: Uint8Array, from: number, { to, negative }: { to: number; negative: boolean }): number | undefined {
  if (to - from !== 3 && to - from !== 8) return undefined
  const word = String.fromCharCode(...bytes.subarray(from, to)).toLowerCase()
  if (word === 'nan') return Number.NaN
  if (word === 'inf' || word === 'infinity') return negative ? -Infinity : Infinity
  return undefined
}

/** (head · 10^tailDigits + tail) · 10^scale rounded once, or NaN where that is in doubt. */
function scaled({ head, tail, tailDigits, scale }: { head: number; tail: number; tailDigits: number; scale: number }): number {
  if (tailDigits === 0) {
    if (scale === 0 || head === 0) return head
    if (scale > 0 && scale <= 22) return head * (exactPowers[scale] as number)
    if (scale < 0 && scale >= -22) return head / (exactPowers[-scale] as number)
  }
  const shift = exactPowers[tailDigits] as number
  const product = head * shift
  const high = product + tail
  const low = tail - (high - product) + productError(head, shift, product)
  if (scale === 0) return settle(high, low)
  return scale < 0 ? divided(high, low, -scale) : multiplied(high, low, scale)
}

/** a · b − product, exactly. */
function productError(a: number, b: number, product: number): number {
  const ca = splitter * a
  const ah = ca - (ca - a)
  const al = a - ah
  const cb = splitter * b
  const bh = cb - (cb - b)
  const bl = b - bh
  return ah * bh - product + ah * bl + al * bh + al * bl
}

function divided(high: number, low: number, power: number): number {
  if (powers[power] === 0) preparePower(power)
  const divisor = powers[power] as number
  const first = high / divisor
  const product = first * divisor
  const rest = high - product - productError(first, divisor, product) + low - first * (remainders[power] as number)
  return settle(first, rest / divisor)
}

function multiplied(high: number, low: number, power: number): number {
  if (powers[power] === 0) preparePower(power)
  const factor = powers[power] as number
  const product = high * factor
  return settle(product, productError(high, factor, product) + high * (remainders[power] as number) + low * factor)
}

/** high + low rounded to a double, or NaN where an error in `low` could change the result. */
function settle(high: number, low: number): number {
  const sum = high + low
  const rest = low - (sum - high)
  const margin = sum * doubt
  return sum + (rest + margin) === sum && sum + (rest - margin) === sum ? sum : Number.NaN
}
