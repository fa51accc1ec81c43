// Linear models whose columns are partly ones of categories: of these, the weights of the one category are added, in the
// place where all columns of the category would have been. What is left out are additions of 0, which change no sum but −0:
// who calls sees to it that sums do not start there, and that the weights that are left out are finite.

/** Neighbouring columns of a row. */
@unmanaged
class Piece {
  /** Where the first row's are. */
  from: usize
  /** Bytes from row to row. */
  step: u32
  /** How many numbers these are; 0 where it is the place in a table. */
  columns: u32
  /** Weights of the columns, or rows of the table; the last is for places that it has not. */
  weights: usize
  /** Rows of the table but the last. */
  size: u32
}

@inline
function addRow<T>(to: usize, row: usize, outputs: usize): void {
  for (let o: usize = 0; o < outputs; o++) store<T>(to + o * sizeof<T>(), load<T>(to + o * sizeof<T>()) + load<T>(row + o * sizeof<T>()))
}

@inline
function table<T>(rows: usize, outputs: usize, piece: Piece, to: usize): void {
  const step: usize = piece.step
  const weights = piece.weights
  const size = piece.size
  const bytes = outputs * sizeof<T>()
  let from = piece.from
  for (const end = to + rows * bytes; to < end; to += bytes) {
    const place = load<u32>(from)
    const row = weights + <usize>(place < size ? place : size) * bytes
    if (outputs == 2 && sizeof<T>() == 8) v128.store(to, f64x2.add(v128.load(to), v128.load(row)))
    else if (outputs == 2) v128.store64_lane(to, f32x4.add(v128.load64_zero(to), v128.load64_zero(row)), 0)
    else addRow<T>(to, row, outputs)
    from += step
  }
}

@inline
function numbers<T>(rows: usize, outputs: usize, piece: Piece, to: usize): void {
  const step: usize = piece.step
  const weights = piece.weights
  const columns: usize = piece.columns
  const bytes = outputs * sizeof<T>()
  let from = piece.from
  for (const end = to + rows * bytes; to < end; to += bytes) {
    if (outputs == 2) {
      let sum = sizeof<T>() == 8 ? v128.load(to) : v128.load64_zero(to)
      for (let k: usize = 0; k < columns; k++) {
        const at = from + k * sizeof<T>()
        if (sizeof<T>() == 8) sum = f64x2.add(sum, f64x2.mul(v128.load64_splat(at), v128.load(weights + k * 16)))
        else sum = f32x4.add(sum, f32x4.mul(v128.load32_splat(at), v128.load64_zero(weights + k * 8)))
      }
      if (sizeof<T>() == 8) v128.store(to, sum)
      else v128.store64_lane(to, sum, 0)
    } else {
      for (let o: usize = 0; o < outputs; o++) {
        let sum = load<T>(to + o * sizeof<T>())
        for (let k: usize = 0; k < columns; k++) sum += load<T>(from + k * sizeof<T>()) * load<T>(weights + (k * outputs + o) * sizeof<T>())
        store<T>(to + o * sizeof<T>(), sum)
      }
    }
    from += step
  }
}

@inline
function linear<T>(rows: usize, outputs: usize, pieces: usize, count: usize, start: usize, last: usize, to: usize): void {
  const bytes = outputs * sizeof<T>()
  const end = to + rows * bytes
  for (let at = to; at < end; at += bytes) for (let o: usize = 0; o < outputs; o++) store<T>(at + o * sizeof<T>(), load<T>(start + o * sizeof<T>()))
  for (let k: usize = 0; k < count; k++) {
    const piece = changetype<Piece>(pieces + k * offsetof<Piece>())
    if (piece.columns != 0) {
      if (outputs == 1) numbers<T>(rows, 1, piece, to)
      else if (outputs == 2) numbers<T>(rows, 2, piece, to)
      else numbers<T>(rows, outputs, piece, to)
    } else if (outputs == 1) table<T>(rows, 1, piece, to)
    else if (outputs == 2) table<T>(rows, 2, piece, to)
    else table<T>(rows, outputs, piece, to)
  }
  if (last != 0) for (let at = to; at < end; at += bytes) addRow<T>(at, last, outputs)
}

/** Sums start with the numbers at `start`; those at `last`, unless that is 0, are added when all pieces are. */
export function pieces_f32(rows: usize, outputs: usize, pieces: usize, count: usize, start: usize, last: usize, to: usize): void {
  linear<f32>(rows, outputs, pieces, count, start, last, to)
}
export function pieces_f64(rows: usize, outputs: usize, pieces: usize, count: usize, start: usize, last: usize, to: usize): void {
  linear<f64>(rows, outputs, pieces, count, start, last, to)
}
