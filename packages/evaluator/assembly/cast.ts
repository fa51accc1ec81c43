// Elements of one type to another, one after the other.

@inline
function convert<From, To>(n: usize, from: usize, to: usize): void {
  for (let i: usize = 0; i < n; i++) store<To>(to + i * sizeof<To>(), <To>load<From>(from + i * sizeof<From>()))
}

export function cast_f32_f64(n: usize, from: usize, to: usize): void {
  convert<f32, f64>(n, from, to)
}
export function cast_f64_f32(n: usize, from: usize, to: usize): void {
  convert<f64, f32>(n, from, to)
}
export function cast_i64_f32(n: usize, from: usize, to: usize): void {
  convert<i64, f32>(n, from, to)
}
export function cast_i64_f64(n: usize, from: usize, to: usize): void {
  convert<i64, f64>(n, from, to)
}
export function cast_i32_f32(n: usize, from: usize, to: usize): void {
  convert<i32, f32>(n, from, to)
}
export function cast_i32_f64(n: usize, from: usize, to: usize): void {
  convert<i32, f64>(n, from, to)
}
export function cast_bool_f32(n: usize, from: usize, to: usize): void {
  convert<u8, f32>(n, from, to)
}
export function cast_bool_f64(n: usize, from: usize, to: usize): void {
  convert<u8, f64>(n, from, to)
}
