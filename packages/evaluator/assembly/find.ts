// Where elements stand in a table. A place is 0 … count − 1, and `count` for what the table has not.

@inline
function find<T>(n: usize, from: usize, to: usize, keys: usize, places: usize, sorted: i32, nan: i32, none: i32): void {
  for (let i: usize = 0; i < n; i++) {
    const x = load<T>(from + i * sizeof<T>())
    let place = none
    if (x != x) place = nan
    else {
      let low: i32 = 0
      let high = sorted
      while (low < high) {
        const middle = (low + high) >> 1
        if (load<T>(keys + <usize>middle * sizeof<T>()) < x) low = middle + 1
        else high = middle
      }
      if (low < sorted && load<T>(keys + <usize>low * sizeof<T>()) == x) place = load<i32>(places + (<usize>low << 2))
    }
    store<i32>(to + (i << 2), place)
  }
}

/** Places of elements among `sorted` rising keys without NaN, each with its place; `nan` is the place of NaN. */
export function find_f32(n: usize, from: usize, to: usize, keys: usize, places: usize, sorted: i32, nan: i32, none: i32): void {
  find<f32>(n, from, to, keys, places, sorted, nan, none)
}
export function find_f64(n: usize, from: usize, to: usize, keys: usize, places: usize, sorted: i32, nan: i32, none: i32): void {
  find<f64>(n, from, to, keys, places, sorted, nan, none)
}
export function find_i64(n: usize, from: usize, to: usize, keys: usize, places: usize, sorted: i32, nan: i32, none: i32): void {
  find<i64>(n, from, to, keys, places, sorted, nan, none)
}
export function find_i32(n: usize, from: usize, to: usize, keys: usize, places: usize, sorted: i32, nan: i32, none: i32): void {
  find<i32>(n, from, to, keys, places, sorted, nan, none)
}
export function find_bool(n: usize, from: usize, to: usize, keys: usize, places: usize, sorted: i32, nan: i32, none: i32): void {
  find<u8>(n, from, to, keys, places, sorted, nan, none)
}

/** Places of small whole numbers (positions of texts) by a table of `size` places. */
export function find_small(n: usize, from: usize, to: usize, table: usize, size: u32, none: i32): void {
  for (let i: usize = 0; i < n; i++) {
    const x = load<u32>(from + (i << 2))
    store<i32>(to + (i << 2), x < size ? load<i32>(table + (<usize>x << 2)) : none)
  }
}

/** A row of zeros. */
@inline
function clear(to: usize, bytes: usize): void {
  let k: usize = 0
  for (; k + 16 <= bytes; k += 16) v128.store(to + k, i64x2.splat(0))
  for (; k < bytes; k += 4) store<u32>(to + k, 0)
}

@inline
function spread<T>(rows: usize, width: usize, from: usize, to: usize, toStep: usize): i32 {
  let unknown: i32 = -1
  for (let row: usize = 0; row < rows; row++) {
    const place = <usize>load<u32>(from + (row << 2))
    clear(to, width * sizeof<T>())
    if (place < width) store<T>(to + place * sizeof<T>(), <T>1)
    else if (unknown < 0) unknown = <i32>row
    to += toStep
  }
  return unknown
}

/** A row of zeros with a one at its place; gives the first row whose place is none, or −1. */
export function spread_f32(rows: usize, width: usize, from: usize, to: usize, toStep: usize): i32 {
  return spread<f32>(rows, width, from, to, toStep)
}
export function spread_f64(rows: usize, width: usize, from: usize, to: usize, toStep: usize): i32 {
  return spread<f64>(rows, width, from, to, toStep)
}

@inline
function spreadSmall<T>(rows: usize, width: usize, from: usize, to: usize, toStep: usize, table: usize, size: u32): i32 {
  let unknown: i32 = -1
  for (let row: usize = 0; row < rows; row++) {
    const x = load<u32>(from + (row << 2))
    const place = x < size ? <usize>load<u32>(table + (<usize>x << 2)) : width
    clear(to, width * sizeof<T>())
    if (place < width) store<T>(to + place * sizeof<T>(), <T>1)
    else if (unknown < 0) unknown = <i32>row
    to += toStep
  }
  return unknown
}

/** The same of positions of texts, whose places are in a table of `size`. */
export function spread_small_f32(rows: usize, width: usize, from: usize, to: usize, toStep: usize, table: usize, size: u32): i32 {
  return spreadSmall<f32>(rows, width, from, to, toStep, table, size)
}
export function spread_small_f64(rows: usize, width: usize, from: usize, to: usize, toStep: usize, table: usize, size: u32): i32 {
  return spreadSmall<f64>(rows, width, from, to, toStep, table, size)
}
