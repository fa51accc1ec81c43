import { type DataType, isBigInteger, isFloat, isInteger } from '@fairlead/contract'

const MINUS = 0x2d
const PLUS = 0x2b
const POINT = 0x2e
const SPACE = 0x20
const TAB = 0x09
/** Digits that a double holds exactly, and powers of ten that do. */
const EXACT_DIGITS = 15
const POWERS = Array.from({ length: EXACT_DIGITS + 1 }, (_, i) => Number(`1e${i}`))
/** Longer integers fit no type there is, and take long to read. */
const MOST_DIGITS = 40

const TRUTH: Readonly<Record<string, boolean>> = { true: true, '1': true, false: false, '0': false }
/** As JSON says them, and as Python, NumPy and C do. */
const NOT_FINITE: Readonly<Record<string, string>> = {
  nan: 'NaN',
  inf: 'Infinity',
  '+inf': 'Infinity',
  '-inf': '-Infinity',
  infinity: 'Infinity',
  '+infinity': 'Infinity',
  '-infinity': '-Infinity',
}

/** Makes the value of a field that is not empty, as JSON would have it; text that does not fit stays text, to be refused by name. */
type ReadField = (bytes: Buffer, from: number, end: number) => unknown

/** How the fields of a column of a type that is not text are read. Spaces around them do not count. */
export function fieldReader(type: DataType): ReadField {
  if (type === 'bool') return (bytes, from, end) => truth(bytes.toString('utf8', from, end))
  const exact = isBigInteger(type) || isInteger(type)
  return (bytes, from, end) => {
    const [start, stop] = trimmed(bytes, from, end)
    return plainNumber(bytes, start, stop) ?? otherNumber(bytes.toString('utf8', start, stop), { exact, float: isFloat(type) })
  }
}

function trimmed(bytes: Buffer, from: number, end: number): [number, number] {
  let [start, stop] = [from, end]
  while (start < stop && (bytes[start] === SPACE || bytes[start] === TAB)) start++
  while (stop > start && (bytes[stop - 1] === SPACE || bytes[stop - 1] === TAB)) stop--
  return [start, stop]
}

function truth(text: string): boolean | string {
  const word = text.trim().toLowerCase()
  return Object.hasOwn(TRUTH, word) ? TRUTH[word]! : text
}

/** A decimal of few digits: both the digits and the power of ten are exact, so their quotient is the nearest double. */
function plainNumber(bytes: Buffer, from: number, end: number): number | undefined {
  let at = from
  const negative = bytes[at] === MINUS
  if (negative || bytes[at] === PLUS) at++
  let digits = 0
  let value = 0
  let places = -1
  for (; at < end; at++) {
    const byte = bytes[at]!
    if (byte === POINT && places < 0 && digits > 0) places = 0
    else if (byte >= 0x30 && byte <= 0x39) {
      value = value * 10 + (byte - 0x30)
      if (++digits > EXACT_DIGITS) return undefined
      if (places >= 0) places++
    } else return undefined
  }
  if (digits === 0) return undefined
  if (places > 0) value /= POWERS[places]!
  return negative ? -value : value
}

/** Any other decimal, the words for what is not finite, or the text as it is. */
export function otherNumber(text: string, { exact, float }: { exact: boolean; float: boolean }): number | bigint | string {
  const digits = text.startsWith('+') ? text.slice(1) : text
  if (exact && text.length <= MOST_DIGITS && /^-?\d+$/.test(digits)) {
    const number = Number(digits)
    return Number.isSafeInteger(number) ? number : BigInt(digits)
  }
  // everything else that Number takes is no decimal: 0x10, an empty text
  if (/^-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(digits)) return Number(digits)
  const word = text.toLowerCase()
  return float && Object.hasOwn(NOT_FINITE, word) ? NOT_FINITE[word]! : text
}
