/** Some trees of an ensemble made ready: adds what they say of a block of rows to the sums. */
export interface Part {
  readonly run: (rows: number, source: number, sums: number) => void
  /** What it takes, in about as many instructions as a kernel does in a third of a nanosecond: for a row, or a tile of rows abreast. */
  readonly cost: number
}
