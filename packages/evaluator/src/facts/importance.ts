import type { Trees } from '../form/trees.ts'

/** What the splits on each column amount to, by column. */
export interface Importance {
  readonly splits: Float64Array
  /** Not there where the file has none. */
  readonly gain?: Float64Array
  readonly cover?: Float64Array
}

/** Number, gain and cover of the splits on each column; what is not finite counts as nothing. */
export function importanceOf({ features, feature, gain, cover }: Trees): Importance {
  const splits = new Float64Array(features)
  const gains = gain && new Float64Array(features)
  const covers = cover && new Float64Array(features)
  for (let node = 0; node < feature.length; node++) {
    const column = feature[node]!
    if (column < 0) continue
    splits[column]!++
    if (gains) gains[column]! += finite(gain![node]!)
    if (covers) covers[column]! += finite(cover![node]!)
  }
  return { splits, ...(gains ? { gain: gains } : {}), ...(covers ? { cover: covers } : {}) }
}

function finite(x: number): number {
  return Number.isFinite(x) ? x : 0
}

/** Columns that are split on, the most important first: by gain where there is any, else by number of splits. */
export function ranked({ splits, gain }: Importance): number[] {
  const by = gain ?? splits
  const used = Array.from(splits.keys()).filter((column) => splits[column]! > 0)
  return used.sort((a, b) => by[b]! - by[a]! || splits[b]! - splits[a]! || a - b)
}
