/** The keys of a tree that count for its answers, its covers or its gains, in the order in which the library writes them. */
export const KEYS = [
  'num_leaves',
  'num_cat',
  'split_feature',
  'split_gain',
  'threshold',
  'decision_type',
  'left_child',
  'right_child',
  'leaf_value',
  'leaf_count',
  'internal_count',
  'cat_boundaries',
  'cat_threshold',
  'is_linear',
  'leaf_const',
  'num_features',
  'leaf_features',
  'leaf_coeff',
] as const

export type Key = (typeof KEYS)[number]

/** Keys that say nothing about the answers. */
const idle = new Set(['leaf_weight', 'internal_value', 'internal_weight', 'shrinkage'])

const places = new Map<string, number>([...KEYS.map((key, place) => [key, place] as const), ...[...idle].map((key) => [key, -1] as const)])
const longest = Math.max(...[...places.keys()].map((key) => key.length))

/** Place of a key in KEYS, −1 for one that says nothing, undefined for one that is not known. */
export function placeOf(bytes: Uint8Array, from: number, to: number): number | undefined {
  if (to - from > longest) return undefined
  let key = ''
  for (let at = from; at < to; at++) key += String.fromCharCode(bytes[at] as number)
  return places.get(key)
}
