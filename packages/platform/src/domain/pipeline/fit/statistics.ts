/** Numbers without those that are none, in order. At least one is needed by what follows. */
export function sortedNumbers(values: Float64Array, nulls: Uint8Array | undefined): Float64Array {
  return values.filter((value, row) => Number.isFinite(value) && nulls?.[row] !== 1).sort()
}

export function meanOf(values: Float64Array): number {
  let sum = 0
  for (const value of values) sum += value
  return sum / values.length
}

/** The standard deviation of all, as scikit-learn scales by: divided by their number. */
export function deviationOf(values: Float64Array): number {
  const mean = meanOf(values)
  let sum = 0
  for (const value of values) sum += (value - mean) ** 2
  return Math.sqrt(sum / values.length)
}

/** The value below which a share of sorted numbers lies, on the line between the two nearest. */
export function quantileOf(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1)
  const below = Math.floor(place)
  const low = sorted[below]!
  return low + (sorted[Math.min(sorted.length - 1, below + 1)]! - low) * (place - below)
}

/** How often each text occurs, most often first, texts of one count in order. Rows without a value do not count. */
export function countsOf(texts: readonly string[], nulls: Uint8Array | undefined): [string, number][] {
  const counts = new Map<string, number>()
  for (const [row, text] of texts.entries()) if (nulls?.[row] !== 1) counts.set(text, (counts.get(text) ?? 0) + 1)
  return [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
}
