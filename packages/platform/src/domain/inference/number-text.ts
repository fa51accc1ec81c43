/** Powers of ten that are exact doubles. */
const POWERS = Array.from({ length: 23 }, (_, i) => Number(`1e${i}`))

const half = new Float16Array(1)
const halfBits = new Uint16Array(half.buffer)

/** The value of a half float given by its bits. */
export function halfToNumber(bits: number): number {
  halfBits[0] = bits
  return half[0]!
}

/** Bits of the half float nearest to a number. */
export function numberToHalf(value: number): number {
  half[0] = value
  return halfBits[0]!
}

/** NaN and the infinities as JSON text: in quotes. */
function notFinite(value: number): string {
  return Number.isNaN(value) ? '"NaN"' : value > 0 ? '"Infinity"' : '"-Infinity"'
}

/** A double as JSON text. Keeps the sign of zero, and writes NaN and infinities as `"NaN"`, `"Infinity"`, `"-Infinity"`. */
export function float64Text(value: number): string {
  if (!Number.isFinite(value)) return notFinite(value)
  return value === 0 && Object.is(value, -0) ? '-0' : `${value}`
}

/**
 * The shortest decimal that reads back as the same float32: 0.81, not 0.8100000023841858.
 * Rounding to 7, 8, then 9 significant digits always ends: nine are enough for every float32.
 */
export function float32Text(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return float64Text(value)
  const size = value < 0 ? -value : value
  if (size >= 1e-5 && size < 1e6) {
    // digits before the decimal point, so that `places` has seven significant digits left
    let places = 7
    for (let bound = 1; size >= bound; bound *= 10) places--
    for (let bound = 0.1; size < bound; bound /= 10) places++
    for (const scale of [POWERS[places]!, POWERS[places + 1]!, POWERS[places + 2]!]) {
      const rounded = Math.round(value * scale) / scale
      if (Math.fround(rounded) === value) return `${rounded}`
    }
  }
  // below the normal range the precision itself is shorter
  return shortest(value, size < 1.18e-38 ? 1 : 6, Math.fround)
}

/** The shortest decimal that reads back as the same half float, given by its bits. */
export function float16Text(bits: number): string {
  const value = halfToNumber(bits)
  if (value === 0 || !Number.isFinite(value)) return float64Text(value)
  return shortest(value, 1, (x) => halfToNumber(numberToHalf(x)))
}

function shortest(value: number, from: number, round: (x: number) => number): string {
  for (let digits = from; digits < 17; digits++) {
    const candidate = Number(value.toPrecision(digits))
    if (round(candidate) === value) return `${candidate}`
  }
  return `${value}`
}
