// Linear models. `weights[column · outputs + output]`; each operation rounded, columns from left to right.

@inline
function affine<T>(rows: usize, width: usize, outputs: usize, from: usize, weights: usize, bias: usize, flags: i32, to: usize): void {
  const first = (flags & 1) != 0
  const skip = (flags & 2) != 0
  for (let row: usize = 0; row < rows; row++) {
    for (let o: usize = 0; o < outputs; o++) store<T>(to + o * sizeof<T>(), first ? load<T>(bias + o * sizeof<T>()) : 0)
    let weight = weights
    for (let k: usize = 0; k < width; k++) {
      const x = load<T>(from + k * sizeof<T>())
      if (!(skip && x != x)) {
        for (let o: usize = 0; o < outputs; o++) {
          const at = to + o * sizeof<T>()
          store<T>(at, load<T>(at) + x * load<T>(weight + o * sizeof<T>()))
        }
      }
      weight += outputs * sizeof<T>()
    }
    if (!first) for (let o: usize = 0; o < outputs; o++) store<T>(to + o * sizeof<T>(), load<T>(to + o * sizeof<T>()) + load<T>(bias + o * sizeof<T>()))
    from += width * sizeof<T>()
    to += outputs * sizeof<T>()
  }
}

/** Flags: 1, the bias comes first; 2, missing values add nothing. */
export function affine_f32(rows: usize, width: usize, outputs: usize, from: usize, weights: usize, bias: usize, flags: i32, to: usize): void {
  affine<f32>(rows, width, outputs, from, weights, bias, flags, to)
}
export function affine_f64(rows: usize, width: usize, outputs: usize, from: usize, weights: usize, bias: usize, flags: i32, to: usize): void {
  affine<f64>(rows, width, outputs, from, weights, bias, flags, to)
}
