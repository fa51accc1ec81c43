// Columns moved, joined and replaced. A row of `from` is `fromStep` bytes long, one of `to` `toStep` bytes.

@inline
function copy<T>(rows: usize, width: usize, from: usize, fromStep: usize, to: usize, toStep: usize): void {
  for (let row: usize = 0; row < rows; row++) {
    for (let k: usize = 0; k < width; k++) store<T>(to + k * sizeof<T>(), load<T>(from + k * sizeof<T>()))
    from += fromStep
    to += toStep
  }
}

/** So many columns of 1, 4 or 8 bytes beside each other. */
export function copy_8(rows: usize, width: usize, from: usize, fromStep: usize, to: usize, toStep: usize): void {
  copy<u8>(rows, width, from, fromStep, to, toStep)
}
export function copy_32(rows: usize, width: usize, from: usize, fromStep: usize, to: usize, toStep: usize): void {
  copy<u32>(rows, width, from, fromStep, to, toStep)
}
export function copy_64(rows: usize, width: usize, from: usize, fromStep: usize, to: usize, toStep: usize): void {
  copy<u64>(rows, width, from, fromStep, to, toStep)
}

@inline
function gather<T>(rows: usize, count: usize, offsets: usize, from: usize, fromStep: usize, to: usize, toStep: usize): void {
  for (let row: usize = 0; row < rows; row++) {
    for (let k: usize = 0; k < count; k++) store<T>(to + k * sizeof<T>(), load<T>(from + <usize>load<u32>(offsets + (k << 2))))
    from += fromStep
    to += toStep
  }
}

/** Columns by their offsets in a row, in bytes. */
export function gather_8(rows: usize, count: usize, offsets: usize, from: usize, fromStep: usize, to: usize, toStep: usize): void {
  gather<u8>(rows, count, offsets, from, fromStep, to, toStep)
}
export function gather_32(rows: usize, count: usize, offsets: usize, from: usize, fromStep: usize, to: usize, toStep: usize): void {
  gather<u32>(rows, count, offsets, from, fromStep, to, toStep)
}
export function gather_64(rows: usize, count: usize, offsets: usize, from: usize, fromStep: usize, to: usize, toStep: usize): void {
  gather<u64>(rows, count, offsets, from, fromStep, to, toStep)
}

@inline
function replace<T>(rows: usize, width: usize, from: usize, to: usize, what: usize, by: usize, bySteps: usize): void {
  const sought = load<T>(what)
  const nan = sought != sought
  for (let row: usize = 0; row < rows; row++) {
    for (let k: usize = 0; k < width; k++) {
      const x = load<T>(from)
      store<T>(to, x == sought || (nan && x != x) ? load<T>(by + k * bySteps) : x)
      from += sizeof<T>()
      to += sizeof<T>()
    }
  }
}

/** The number at `what` (NaN is NaN here) becomes those at `by`, `bySteps` bytes apart: 0 where there is one for all columns. */
export function replace_f32(rows: usize, width: usize, from: usize, to: usize, what: usize, by: usize, bySteps: usize): void {
  replace<f32>(rows, width, from, to, what, by, bySteps)
}
export function replace_f64(rows: usize, width: usize, from: usize, to: usize, what: usize, by: usize, bySteps: usize): void {
  replace<f64>(rows, width, from, to, what, by, bySteps)
}
export function replace_i64(rows: usize, width: usize, from: usize, to: usize, what: usize, by: usize, bySteps: usize): void {
  replace<i64>(rows, width, from, to, what, by, bySteps)
}
export function replace_i32(rows: usize, width: usize, from: usize, to: usize, what: usize, by: usize, bySteps: usize): void {
  replace<i32>(rows, width, from, to, what, by, bySteps)
}
