// What sums start with.

/** Every row of sums starts with the same numbers. */
@inline
export function fill<T>(rows: usize, width: usize, start: usize, sums: usize): void {
  if (width == 1) {
    const one = load<T>(start)
    for (let row: usize = 0; row < rows; row++) store<T>(sums + row * sizeof<T>(), one)
    return
  }
  for (let row: usize = 0; row < rows; row++) {
    for (let k: usize = 0; k < width; k++) {
      store<T>(sums, load<T>(start + k * sizeof<T>()))
      sums += sizeof<T>()
    }
  }
}
