import { joined } from './body.ts'
import { ARRAYS, brainBits, type Datatype, halfBits, type NumberArray } from './datatypes.ts'

/** Number of elements of a shape; throws what is wrong with it. */
export function sizeOf(shape: unknown): number {
  const fits = Array.isArray(shape) && shape.every((size) => Number.isSafeInteger(size) && size >= 0)
  const size = fits ? shape.reduce<number>((product, one) => product * one, 1) : Number.NaN
  if (!Number.isSafeInteger(size)) throw new Error('the shape must be an array of whole numbers from 0 on')
  return size
}

function numberAt(value: unknown, index: number): number | bigint {
  if (typeof value === 'number' || typeof value === 'bigint') return value
  if (typeof value === 'boolean') return Number(value)
  // JSON has no form for it
  if (value === null) return Number.NaN
  if (value === 'NaN' || value === 'Infinity' || value === '-Infinity') return Number(value)
  throw new Error(`value ${index} is ${typeof value === 'string' ? JSON.stringify(value.slice(0, 50)) : `of type ${typeof value}`} and no number`)
}

/** Plain values as the array of a datatype. Throws what does not fit, by its index. */
export function arrayOf(datatype: Exclude<Datatype, 'BYTES'>, values: readonly unknown[]): NumberArray {
  const flat = values.flat(Number.POSITIVE_INFINITY as 1)
  const array = new ARRAYS[datatype](flat.length)
  const floats = datatype.startsWith('F') || datatype === 'BF16'
  for (const [index, value] of flat.entries()) {
    const number = numberAt(value, index)
    if (datatype === 'FP16') array[index] = halfBits(Number(number))
    else if (datatype === 'BF16') array[index] = brainBits(Number(number))
    else if (floats) array[index] = Number(number)
    else {
      const whole = typeof number === 'bigint' || Number.isInteger(number)
      if (whole) array[index] = array instanceof BigInt64Array || array instanceof BigUint64Array ? BigInt(number) : Number(number)
      // typed arrays wrap around what is too large for them
      // biome-ignore lint/suspicious/noDoubleEquals: a bigint equals a number of the same value
      if (!whole || array[index] != number || (datatype === 'BOOL' && Number(number) > 1))
        throw new Error(`value ${index} is ${number}, which is no ${datatype}`)
    }
  }
  return array
}

/** Texts and bytes, each after its length as 32 bits, little-endian. */
export function lengthPrefixed(values: readonly unknown[]): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder()
  const pieces: Uint8Array[] = []
  let length = 0
  for (const [index, value] of values.flat(Number.POSITIVE_INFINITY as 1).entries()) {
    if (typeof value !== 'string' && !(value instanceof Uint8Array)) throw new Error(`value ${index} is of type ${typeof value}, neither text nor bytes`)
    const bytes = typeof value === 'string' ? encoder.encode(value) : value
    const prefix = new Uint8Array(4)
    new DataView(prefix.buffer).setUint32(0, bytes.byteLength, true)
    pieces.push(prefix, bytes)
    length += 4 + bytes.byteLength
  }
  return joined(pieces, length)
}

/** Reads `count` elements that stand after their lengths. Throws when the bytes do not hold exactly those. */
export function readPrefixed(bytes: Uint8Array, count: number, raw: boolean): string[] | Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const found: Uint8Array[] = []
  let at = 0
  while (at < bytes.byteLength && found.length < count) {
    const end = at + 4 <= bytes.byteLength ? at + 4 + view.getUint32(at, true) : Number.POSITIVE_INFINITY
    if (end > bytes.byteLength) throw new Error(`element ${found.length} goes beyond the end`)
    found.push(bytes.subarray(at + 4, end))
    at = end
  }
  if (found.length !== count || at !== bytes.byteLength)
    throw new Error(`it has ${found.length === count ? `more than ${count}` : found.length} elements, and the shape says ${count}`)
  if (raw) return found
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  return found.map((one) => decoder.decode(one))
}
