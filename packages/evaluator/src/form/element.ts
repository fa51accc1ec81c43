/** Type of the elements of a value. `bool` is 0 or 1; `text` is a position in the form's texts. */
export type ElementType = 'f32' | 'f64' | 'i64' | 'i32' | 'bool' | 'text'

/** Elements of a value: f32 as Float32Array, f64 as Float64Array, i64 as BigInt64Array, bool as Uint8Array, i32 and text as Int32Array. */
export type Elements = Float32Array | Float64Array | BigInt64Array | Int32Array | Uint8Array
