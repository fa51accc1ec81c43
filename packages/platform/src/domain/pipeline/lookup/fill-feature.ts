import { FairleadError, type ProblemItem } from '@fairlead/contract'
import type { Column } from '../columns.ts'
import type { Entry } from './entry-cache.ts'
import { FeatureColumn } from './feature-column.ts'
import type { LookupFeature, LookupOptions } from './options.ts'

/** Rows that are named of a request that fails. */
const MOST_ITEMS = 20

/** What was found for the rows of a batch. */
export interface Found {
  /** By key; undefined where the service did not answer. */
  entries: readonly (Entry | undefined)[]
  /** The key of each row; -1 for none. */
  places: Int32Array
  rows: number
  /** Why the service did not answer. */
  failure: FairleadError | undefined
  /** In milliseconds since 1970. */
  now: number
}

type Absence = 'down' | 'missing' | 'expired'

/** The column of one feature. Throws `lookup-failed` and `feature-missing`, where the options want that, and the first for values of another type. */
export function fillFeature(options: LookupOptions, at: number, found: Found): Column {
  const feature = options.features[at]!
  const column = new FeatureColumn(feature, found.rows)
  const refused: ProblemItem[] = []
  for (let row = 0; row < found.rows; row++) {
    const place = found.places[row]!
    const entry = place < 0 ? undefined : found.entries[place]
    const value = entry?.values[at] ?? null
    const absence = absenceOf(feature, { place, entry, at, now: found.now })
    if (value !== null && (absence === undefined || (absence === 'expired' && options.onExpired === 'serve'))) {
      if (!column.put(value, row))
        throw new FairleadError(
          'lookup-failed',
          `"${options.service}" answers ${shown(value)} for the feature "${feature.from}", which is declared as ${feature.type}`,
        )
    } else if (isRefused(options, absence)) {
      if (absence === 'down') throw found.failure
      if (refused.length < MOST_ITEMS) refused.push({ path: `rows[${row}]`, code: 'feature-missing', detail: wordsOf(options, feature, absence) })
    } else if (feature.otherwise === null || !column.put(feature.otherwise, row)) column.blank(row)
  }
  if (refused.length > 0) throw new FairleadError('feature-missing', `${refused[0]!.path}: ${refused[0]!.detail}`, { items: refused })
  return column.column
}

function absenceOf(
  { maxAgeMs }: LookupFeature,
  { place, entry, at, now }: { place: number; entry: Entry | undefined; at: number; now: number },
): Absence | undefined {
  if (place < 0) return 'missing'
  if (!entry) return 'down'
  if ((entry.values[at] ?? null) === null) return 'missing'
  if (maxAgeMs === undefined) return undefined
  const time = entry.times[at]
  // a value of which nobody knows how old it is cannot be vouched for
  return time === null || time === undefined || now - time > maxAgeMs ? 'expired' : undefined
}

function isRefused({ onDown, onMissing, onExpired }: LookupOptions, absence: Absence | undefined): absence is Absence {
  const fallback = absence === 'down' ? onDown : absence === 'expired' ? onExpired : onMissing
  return absence !== undefined && fallback === 'fail'
}

function wordsOf({ service }: LookupOptions, { from, maxAgeMs }: LookupFeature, absence: Absence): string {
  return absence === 'expired'
    ? `what "${service}" knows of the feature "${from}" is older than ${maxAgeMs} ms`
    : `"${service}" knows nothing of the feature "${from}" for this key`
}

function shown(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 50)) : String(value)
}
