// What comes after the trees: the divisor, the base. `width` outputs a row.

@inline
function divide<T>(n: usize, divisor: f64, sums: usize): void {
  for (let i: usize = 0; i < n; i++) store<T>(sums + i * sizeof<T>(), <T>(<f64>load<T>(sums + i * sizeof<T>()) / divisor))
}

export function sums_divide_f32(n: usize, divisor: f64, sums: usize): void {
  divide<f32>(n, divisor, sums)
}
export function sums_divide_f64(n: usize, divisor: f64, sums: usize): void {
  divide<f64>(n, divisor, sums)
}

@inline
function add<T>(rows: usize, width: usize, base: usize, sums: usize): void {
  for (let row: usize = 0; row < rows; row++) {
    for (let k: usize = 0; k < width; k++) {
      store<T>(sums, load<T>(sums) + load<T>(base + k * sizeof<T>()))
      sums += sizeof<T>()
    }
  }
}

/** The base that comes after the trees. */
export function sums_add_f32(rows: usize, width: usize, base: usize, sums: usize): void {
  add<f32>(rows, width, base, sums)
}
export function sums_add_f64(rows: usize, width: usize, base: usize, sums: usize): void {
  add<f64>(rows, width, base, sums)
}
