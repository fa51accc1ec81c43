// Where something is missing that must be there.

@inline
function firstNan<T>(rows: usize, width: usize, from: usize, columns: usize, count: usize): i32 {
  for (let row: usize = 0; row < rows; row++) {
    for (let k: usize = 0; k < count; k++) {
      const x = load<T>(from + (row * width + load<u32>(columns + (k << 2))) * sizeof<T>())
      if (x != x) return <i32>(row * count + k)
    }
  }
  return -1
}

/** Row · count + k of the first NaN in one of `count` columns; −1 for none. */
export function nan_f32(rows: usize, width: usize, from: usize, columns: usize, count: usize): i32 {
  return firstNan<f32>(rows, width, from, columns, count)
}
export function nan_f64(rows: usize, width: usize, from: usize, columns: usize, count: usize): i32 {
  return firstNan<f64>(rows, width, from, columns, count)
}

/** The same of the first text that is not there. */
export function null_text(rows: usize, width: usize, from: usize, columns: usize, count: usize): i32 {
  for (let row: usize = 0; row < rows; row++) {
    for (let k: usize = 0; k < count; k++) {
      if (load<i32>(from + ((row * width + load<u32>(columns + (k << 2))) << 2)) == -2) return <i32>(row * count + k)
    }
  }
  return -1
}
