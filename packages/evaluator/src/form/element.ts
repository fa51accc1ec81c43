/** Type of the elements of a value. `bool` is 0 or 1; `text` is a position in the form's texts. */
export type ElementType = 'f32' | 'f64' | 'i64' | 'i32' | 'bool' | 'text'
