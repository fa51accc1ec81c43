// Positions of the largest column, and what stands at a position.

@inline
function position<T>(rows: usize, width: usize, from: usize, to: usize, last: bool): void {
  for (let row: usize = 0; row < rows; row++) {
    let best: usize = 0
    let most = load<T>(from)
    for (let k: usize = 1; k < width; k++) {
      const x = load<T>(from + k * sizeof<T>())
      if (x > most || (last && x == most)) {
        most = x
        best = k
      }
    }
    store<i32>(to + (row << 2), <i32>best)
    from += width * sizeof<T>()
  }
}

/** The first (or last) largest column of each row; a NaN is never larger. */
export function argmax_f32(rows: usize, width: usize, from: usize, to: usize, last: bool): void {
  position<f32>(rows, width, from, to, last)
}
export function argmax_f64(rows: usize, width: usize, from: usize, to: usize, last: bool): void {
  position<f64>(rows, width, from, to, last)
}
export function argmax_i64(rows: usize, width: usize, from: usize, to: usize, last: bool): void {
  position<i64>(rows, width, from, to, last)
}
export function argmax_i32(rows: usize, width: usize, from: usize, to: usize, last: bool): void {
  position<i32>(rows, width, from, to, last)
}

/** `labels[position]` of labels of 4 bytes; a position is never outside them. */
export function choose_32(n: usize, from: usize, to: usize, labels: usize): void {
  for (let i: usize = 0; i < n; i++) store<u32>(to + (i << 2), load<u32>(labels + (<usize>load<i32>(from + (i << 2)) << 2)))
}
/** The same of labels of 8 bytes. */
export function choose_64(n: usize, from: usize, to: usize, labels: usize): void {
  for (let i: usize = 0; i < n; i++) store<u64>(to + (i << 3), load<u64>(labels + (<usize>load<i32>(from + (i << 2)) << 3)))
}
/** The same of labels of 1 byte. */
export function choose_8(n: usize, from: usize, to: usize, labels: usize): void {
  for (let i: usize = 0; i < n; i++) store<u8>(to + i, load<u8>(labels + <usize>load<i32>(from + (i << 2))))
}
