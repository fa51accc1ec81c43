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

/** Toward zero; what does not fit, and NaN, becomes the smallest number, as x86 does it. */
@inline
function cut32<From>(n: usize, from: usize, to: usize): void {
  for (let i: usize = 0; i < n; i++) {
    const x = trunc<f64>(<f64>load<From>(from + i * sizeof<From>()))
    store<i32>(to + (i << 2), x >= -2147483648.0 && x < 2147483648.0 ? <i32>x : i32.MIN_VALUE)
  }
}

@inline
function cut64<From>(n: usize, from: usize, to: usize): void {
  for (let i: usize = 0; i < n; i++) {
    const x = <f64>load<From>(from + i * sizeof<From>())
    store<i64>(to + (i << 3), x >= -9223372036854775808.0 && x < 9223372036854775808.0 ? <i64>x : i64.MIN_VALUE)
  }
}

@inline
function truth<From>(n: usize, from: usize, to: usize): void {
  for (let i: usize = 0; i < n; i++) store<u8>(to + i, load<From>(from + i * sizeof<From>()) == 0 ? 0 : 1)
}

export function cast_f32_i32(n: usize, from: usize, to: usize): void {
  cut32<f32>(n, from, to)
}
export function cast_f64_i32(n: usize, from: usize, to: usize): void {
  cut32<f64>(n, from, to)
}
export function cast_f32_i64(n: usize, from: usize, to: usize): void {
  cut64<f32>(n, from, to)
}
export function cast_f64_i64(n: usize, from: usize, to: usize): void {
  cut64<f64>(n, from, to)
}
export function cast_i64_i32(n: usize, from: usize, to: usize): void {
  convert<i64, i32>(n, from, to)
}
export function cast_i32_i64(n: usize, from: usize, to: usize): void {
  convert<i32, i64>(n, from, to)
}
export function cast_bool_i32(n: usize, from: usize, to: usize): void {
  convert<u8, i32>(n, from, to)
}
export function cast_bool_i64(n: usize, from: usize, to: usize): void {
  convert<u8, i64>(n, from, to)
}
export function cast_f32_bool(n: usize, from: usize, to: usize): void {
  truth<f32>(n, from, to)
}
export function cast_f64_bool(n: usize, from: usize, to: usize): void {
  truth<f64>(n, from, to)
}
export function cast_i64_bool(n: usize, from: usize, to: usize): void {
  truth<i64>(n, from, to)
}
export function cast_i32_bool(n: usize, from: usize, to: usize): void {
  truth<i32>(n, from, to)
}
