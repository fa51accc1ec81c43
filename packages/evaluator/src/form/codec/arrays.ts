/** The typed arrays that a form holds, by the name they have in a head. */
export const ARRAYS = { f64: Float64Array, i32: Int32Array, u32: Uint32Array, u8: Uint8Array } as const

export type ArrayName = keyof typeof ARRAYS
export type TypedArray = InstanceType<(typeof ARRAYS)[ArrayName]>

/** Name of a value's kind of array; undefined for what is none. */
export function arrayName(value: unknown): ArrayName | undefined {
  for (const [name, kind] of Object.entries(ARRAYS)) if (value instanceof kind) return name as ArrayName
  return undefined
}

/** Sections begin at multiples of this. */
export const ALIGNMENT = 8

export function aligned(at: number): number {
  return Math.ceil(at / ALIGNMENT) * ALIGNMENT
}
