import type { Elements, ElementType } from '../form/element.ts'

/** Up to so many elements are copied one by one: of a whole array, as a call of `set` takes as long, of a part of one as the view it needs does. */
const FEW = { whole: 12, part: 96 } as const

/** So many elements of one array from `from` on become those of another from `to` on. */
export interface Range {
  readonly from: number
  readonly to: number
  readonly length: number
}

/**
 * Copies elements of a type. A function for each type, however like: one for all would meet arrays of every kind, and JavaScript then
 * looks up for each element how to read it.
 */
export function copy(type: ElementType, source: Elements, target: Elements, range: Range): void {
  const { from, to, length } = range
  const isWhole = length === source.length
  if (length > (isWhole ? FEW.whole : FEW.part)) target.set((isWhole ? source : source.subarray(from, from + length)) as never, to)
  else if (type === 'f32') copyF32(source as Float32Array, target as Float32Array, range)
  else if (type === 'f64') copyF64(source as Float64Array, target as Float64Array, range)
  else if (type === 'i64') copyI64(source as BigInt64Array, target as BigInt64Array, range)
  else if (type === 'bool') copyBool(source as Uint8Array, target as Uint8Array, range)
  else copyI32(source as Int32Array, target as Int32Array, range)
}

function copyF32(source: Float32Array, target: Float32Array, { from, to, length }: Range): void {
  for (let k = 0; k < length; k++) target[to + k] = source[from + k]!
}

function copyF64(source: Float64Array, target: Float64Array, { from, to, length }: Range): void {
  for (let k = 0; k < length; k++) target[to + k] = source[from + k]!
}

function copyI64(source: BigInt64Array, target: BigInt64Array, { from, to, length }: Range): void {
  for (let k = 0; k < length; k++) target[to + k] = source[from + k]!
}

function copyI32(source: Int32Array, target: Int32Array, { from, to, length }: Range): void {
  for (let k = 0; k < length; k++) target[to + k] = source[from + k]!
}

function copyBool(source: Uint8Array, target: Uint8Array, { from, to, length }: Range): void {
  for (let k = 0; k < length; k++) target[to + k] = source[from + k]!
}
