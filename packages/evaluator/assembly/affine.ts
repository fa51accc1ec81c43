// Linear models. `weights[column · outputs + output]`; each operation rounded, columns from left to right.

/** One output of four rows, which do not wait for each other. */
@inline
function four<T>(width: usize, rowBytes: usize, from: usize, weight: usize, weightStep: usize, start: T, end: T, to: usize, toBytes: usize): void {
  const one = from + rowBytes
  const two = one + rowBytes
  const three = two + rowBytes
  let a = start
  let b = start
  let c = start
  let d = start
  for (let k: usize = 0; k < width; k++) {
    const w = load<T>(weight)
    const at = k * sizeof<T>()
    a += load<T>(from + at) * w
    b += load<T>(one + at) * w
    c += load<T>(two + at) * w
    d += load<T>(three + at) * w
    weight += weightStep
  }
  store<T>(to, a + end)
  store<T>(to + toBytes, b + end)
  store<T>(to + 2 * toBytes, c + end)
  store<T>(to + 3 * toBytes, d + end)
}

@inline
function single<T>(width: usize, from: usize, weight: usize, weightStep: usize, start: T, skip: bool): T {
  let sum = start
  for (let k: usize = 0; k < width; k++) {
    const x = load<T>(from + k * sizeof<T>())
    if (!(skip && x != x)) sum += x * load<T>(weight)
    weight += weightStep
  }
  return sum
}

@inline
function affine<T>(rows: usize, width: usize, outputs: usize, from: usize, weights: usize, bias: usize, flags: i32, to: usize): void {
  const first = (flags & 1) != 0
  const skip = (flags & 2) != 0
  const rowBytes = width * sizeof<T>()
  const toBytes = outputs * sizeof<T>()
  let row: usize = 0
  // a sum is never −0 here, so that adding 0 changes nothing
  if (!skip) {
    for (; row + 4 <= rows; row += 4) {
      for (let o: usize = 0; o < outputs; o++) {
        const constant = load<T>(bias + o * sizeof<T>())
        const at = o * sizeof<T>()
        four<T>(width, rowBytes, from, weights + at, toBytes, first ? constant : <T>0, first ? <T>0 : constant, to + at, toBytes)
      }
      from += 4 * rowBytes
      to += 4 * toBytes
    }
  }
  for (; row < rows; row++) {
    for (let o: usize = 0; o < outputs; o++) {
      const constant = load<T>(bias + o * sizeof<T>())
      const sum = single<T>(width, from, weights + o * sizeof<T>(), toBytes, first ? constant : <T>0, skip)
      store<T>(to + o * sizeof<T>(), first ? sum : sum + constant)
    }
    from += rowBytes
    to += toBytes
  }
}

/** Flags: 1, the bias comes first; 2, missing values add nothing. */
export function affine_f32(rows: usize, width: usize, outputs: usize, from: usize, weights: usize, bias: usize, flags: i32, to: usize): void {
  affine<f32>(rows, width, outputs, from, weights, bias, flags, to)
}
export function affine_f64(rows: usize, width: usize, outputs: usize, from: usize, weights: usize, bias: usize, flags: i32, to: usize): void {
  affine<f64>(rows, width, outputs, from, weights, bias, flags, to)
}
