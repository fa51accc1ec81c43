/** One column's part in an answer. */
export interface Reason {
  readonly column: string
  /** What it adds to the margin: above 0 raises it, below lowers it. */
  readonly contribution: number
  /** In words: `duration = 48 raises it by 0.61`. */
  readonly text: string
}

/** What a row holds in a column, as people wrote it; `undefined` for a column that is not of the row but derived from it. */
export type Shown = number | bigint | boolean | string | null | undefined

/**
 * The columns that contributed most to one answer, the largest first and among equals in the order of the columns. Columns
 * that contributed nothing are left out.
 *
 * @param contributions of one row and output; what stands after the columns (the bias) is not looked at
 * @param row what the row holds, in the order of `columns`; `null` and NaN are missing
 * @param n how many at most
 */
export function topReasons(contributions: ArrayLike<number>, columns: readonly string[], row: ArrayLike<Shown>, n: number): Reason[] {
  return columns
    .map((column, at) => ({ column, contribution: contributions[at] ?? 0, value: row[at] }))
    .filter(({ contribution }) => contribution !== 0 && !Number.isNaN(contribution))
    .sort((a, b) => size(b.contribution) - size(a.contribution))
    .slice(0, n)
    .map(({ column, contribution, value }) => ({ column, contribution, text: `${subject(column, value)} ${effect(contribution)}` }))
}

/** Without the last digits, which differ between numbers that are equal but for rounding. */
function size(contribution: number): number {
  return Number(Math.abs(contribution).toPrecision(12))
}

function subject(column: string, value: Shown): string {
  if (value === undefined) return column
  if (value === null || Number.isNaN(value)) return `${column} is missing and`
  return `${column} = ${typeof value === 'number' ? digits(value, 6) : value}`
}

function effect(contribution: number): string {
  return `${contribution > 0 ? 'raises' : 'lowers'} it by ${digits(Math.abs(contribution), 3)}`
}

/** So many digits that count, without zeros behind them; whole numbers whole. */
function digits(x: number, count: number): string {
  return Number.isInteger(x) ? String(x) : String(Number(x.toPrecision(count)))
}
