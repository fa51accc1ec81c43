import type { Column } from '../columns.ts'
import type { FeatureValue } from './service.ts'

/** One of the keys that a batch asks for. */
export interface Key {
  /** The same for the same key, and for no other. */
  text: string
  values: FeatureValue[]
}

/** The different keys of a batch, and for each row the place of its key among them; -1 where a part of the key is null. */
export function keysOf(columns: readonly Column[], rows: number): { keys: Key[]; places: Int32Array } {
  const keys: Key[] = []
  const places = new Int32Array(rows)
  const known = new Map<string, number>()
  for (let row = 0; row < rows; row++) {
    const values = columns.map((column) => valueAt(column, row))
    if (values.includes(null)) {
      places[row] = -1
      continue
    }
    const text = values.map(textOf).join('')
    let place = known.get(text)
    if (place === undefined) {
      place = keys.push({ text, values }) - 1
      known.set(text, place)
    }
    places[row] = place
  }
  return { keys, places }
}

/** With its type and length before it, so that no two lists of values are written alike. */
function textOf(value: FeatureValue): string {
  const text = String(value)
  return `${(typeof value)[0]}${text.length}:${text}`
}

function valueAt({ type, data, nulls }: Column, row: number): FeatureValue {
  if (nulls?.[row]) return null
  if (type === 'boolean') return data[row] === 1
  if (type === 'time') return new Date(data[row] as number).toISOString()
  return (data[row] as number | bigint | string | undefined) ?? null
}
