/** Typed arrays by the datatypes of the Open Inference Protocol; FP16 and BF16 as their bits. BYTES have none. */
export const ARRAYS = {
  BOOL: Uint8Array,
  INT8: Int8Array,
  INT16: Int16Array,
  INT32: Int32Array,
  INT64: BigInt64Array,
  UINT8: Uint8Array,
  UINT16: Uint16Array,
  UINT32: Uint32Array,
  UINT64: BigUint64Array,
  FP16: Uint16Array,
  BF16: Uint16Array,
  FP32: Float32Array,
  FP64: Float64Array,
} as const

type Arrays = typeof ARRAYS

/** A datatype of the Open Inference Protocol. */
export type Datatype = keyof Arrays | 'BYTES'

/** What an answer's tensor holds its values in. BYTES are text, or bytes where those were asked for. */
export type DataOf<K extends Datatype> = K extends keyof Arrays ? InstanceType<Arrays[K]> : string[] | Uint8Array[]

/** Any of the typed arrays. */
export type NumberArray = InstanceType<Arrays[keyof Arrays]>

/** The bits of a number as FP16, rounded to the nearest, ties to even. */
export function halfBits(value: number): number {
  if (Number.isNaN(value)) return 0x7e00
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0
  const size = Math.abs(value)
  if (size >= 65520) return sign | 0x7c00
  const exponent = Math.max(-14, Math.floor(Math.log2(size)))
  const scaled = size / 2 ** (exponent - 10)
  const units = Math.floor(scaled)
  const rest = scaled - units
  const up = rest > 0.5 || (rest === 0.5 && units % 2 === 1) ? 1 : 0
  // the units of a number that is no subnormal hold its leading 1, which counts the exponent up by one
  return sign | (((exponent + 14) << 10) + units + up)
}

/** The bits of a number as BF16, rounded to the nearest, ties to even. */
export function brainBits(value: number): number {
  const bits = new Uint32Array(Float32Array.of(value).buffer)[0]!
  return Number.isNaN(value) ? 0x7fc0 : (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16
}
