// Rows brought to a norm, and columns brought together. The order of `function` is that of src/engine/steps/rows.ts.

@inline
function sumOf<T>(width: usize, from: usize): T {
  let sum: T = 0
  for (let k: usize = 0; k < width; k++) sum += load<T>(from + k * sizeof<T>())
  return sum
}

@inline
function sizeOf<T>(width: usize, from: usize): T {
  let sum: T = 0
  for (let k: usize = 0; k < width; k++) sum += abs<T>(load<T>(from + k * sizeof<T>()))
  return sum
}

@inline
function squareOf<T>(width: usize, from: usize): T {
  let sum: T = 0
  for (let k: usize = 0; k < width; k++) {
    const x = load<T>(from + k * sizeof<T>())
    sum += x * x
  }
  return sum
}

@inline
function mostOf<T>(width: usize, from: usize): T {
  let most = load<T>(from)
  for (let k: usize = 1; k < width; k++) most = max<T>(most, load<T>(from + k * sizeof<T>()))
  return most
}

@inline
function leastOf<T>(width: usize, from: usize): T {
  let least = load<T>(from)
  for (let k: usize = 1; k < width; k++) least = min<T>(least, load<T>(from + k * sizeof<T>()))
  return least
}

@inline
function productOf<T>(width: usize, from: usize): T {
  let product: T = 1
  for (let k: usize = 0; k < width; k++) product *= load<T>(from + k * sizeof<T>())
  return product
}

@inline
function largestOf<T>(width: usize, from: usize): T {
  let most: T = 0
  for (let k: usize = 0; k < width; k++) most = max<T>(most, abs<T>(load<T>(from + k * sizeof<T>())))
  return most
}

@inline
function reduced<T>(name: i32, width: usize, from: usize): T {
  switch (name) {
    case 0:
      return sumOf<T>(width, from)
    case 1:
      return sumOf<T>(width, from) / <T>width
    case 2:
      return leastOf<T>(width, from)
    case 3:
      return mostOf<T>(width, from)
    case 4:
      return sizeOf<T>(width, from)
    case 5:
      return sqrt<T>(squareOf<T>(width, from))
    case 6:
      return squareOf<T>(width, from)
    case 7:
      return productOf<T>(width, from)
    default:
      return largestOf<T>(width, from)
  }
}

@inline
function reduce<T>(name: i32, groups: usize, width: usize, from: usize, to: usize): void {
  for (let group: usize = 0; group < groups; group++) {
    store<T>(to + group * sizeof<T>(), reduced<T>(name, width, from))
    from += width * sizeof<T>()
  }
}

/** Each `width` neighbours to one. */
export function reduce_f32(name: i32, groups: usize, width: usize, from: usize, to: usize): void {
  reduce<f32>(name, groups, width, from, to)
}
export function reduce_f64(name: i32, groups: usize, width: usize, from: usize, to: usize): void {
  reduce<f64>(name, groups, width, from, to)
}

@inline
function normalize<T>(name: i32, rows: usize, width: usize, from: usize, to: usize): void {
  for (let row: usize = 0; row < rows; row++) {
    const size = reduced<T>(name, width, from)
    for (let k: usize = 0; k < width; k++) {
      const x = load<T>(from + k * sizeof<T>())
      store<T>(to + k * sizeof<T>(), size == 0 ? x : x / size)
    }
    from += width * sizeof<T>()
    to += width * sizeof<T>()
  }
}

/** Each row divided by what `name` makes of it. */
export function normalize_f32(name: i32, rows: usize, width: usize, from: usize, to: usize): void {
  normalize<f32>(name, rows, width, from, to)
}
export function normalize_f64(name: i32, rows: usize, width: usize, from: usize, to: usize): void {
  normalize<f64>(name, rows, width, from, to)
}

@inline
function scale<T>(rows: usize, width: usize, from: usize, to: usize, offset: usize, offsetStep: usize, factor: usize, factorStep: usize, divide: i32): void {
  for (let row: usize = 0; row < rows; row++) {
    for (let k: usize = 0; k < width; k++) {
      const moved = load<T>(from) - load<T>(offset + k * offsetStep)
      const by = load<T>(factor + k * factorStep)
      store<T>(to, divide ? moved / by : moved * by)
      from += sizeof<T>()
      to += sizeof<T>()
    }
  }
}

/** Offsets and factors are so many bytes apart: 0 where there is one for all columns. */
export function scale_f32(rows: usize, width: usize, from: usize, to: usize, offset: usize, offsetStep: usize, factor: usize, factorStep: usize, divide: i32): void {
  scale<f32>(rows, width, from, to, offset, offsetStep, factor, factorStep, divide)
}
export function scale_f64(rows: usize, width: usize, from: usize, to: usize, offset: usize, offsetStep: usize, factor: usize, factorStep: usize, divide: i32): void {
  scale<f64>(rows, width, from, to, offset, offsetStep, factor, factorStep, divide)
}
