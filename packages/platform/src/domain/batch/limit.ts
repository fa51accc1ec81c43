/** The most rows that may be rejected of `rows`, by a bound as the user gives it; without one, all but one. */
export function mostRejected(limit: string | undefined, rows: number): number {
  if (limit === undefined) return Math.max(0, rows - 1)
  return limit.endsWith('%') ? Math.floor((Number(limit.slice(0, -1)) / 100) * rows) : Number(limit)
}

/** The most rejected rows that are allowed whatever comes: known before all rows are. `undefined` where that hangs on how many there are. */
export function fixedLimit(limit: string | undefined, rows: number | null): number | undefined {
  if (limit === undefined) return undefined
  if (!limit.endsWith('%')) return Number(limit)
  return rows === null ? undefined : mostRejected(limit, rows)
}
