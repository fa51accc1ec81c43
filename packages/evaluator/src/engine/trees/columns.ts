import { MISSING, TEST, type Trees } from '../../form/trees.ts'
import type { Workbench } from '../workbench.ts'
import { bucketsOf } from './buckets.ts'
import { lessThan, missingOf } from './splits.ts'

/** Bytes of a column in a tile: one for each of 64 rows. */
const COLUMN = 64
/** Thresholds that one column of bytes tells apart. */
const SPAN = 255
/** Members of a set that one column of categories tells apart; two more numbers mean missing and none of them. */
const PAGE = 126
/** Columns that a node can name, and thresholds that a rank of two bytes can count. */
const MOST = { columns: 1023, thresholds: 32_767 } as const

/** What a node compares: a column of the tile, and the signed byte that it must be above for `no`. */
export interface Test {
  readonly column: number
  readonly above: number
}

/** The columns of bytes that some trees compare: ranks of numbers, and sets of categories. */
export class Columns {
  readonly #trees: Trees
  readonly #thresholds = new Map<number, Float64Array>()
  readonly #outs = new Map<number, Map<string, { column: number; chunk: number; missing: number }>>()
  readonly #codes = new Map<string, { column: number; feature: number; page: number; how: number }>()
  readonly #members = new Map<string, { column: number; from: number; set: Uint8Array; joins: boolean }>()
  #count = 0

  /** @param nodes every split of these trees */
  constructor(trees: Trees, nodes: Iterable<number>) {
    this.#trees = trees
    const found = new Map<number, Set<number>>()
    for (const node of nodes) {
      if ((trees.rule[node]! & 3) === TEST.in) continue
      const feature = trees.feature[node] as number
      const known = found.get(feature)
      if (known) known.add(lessThan(trees, node))
      else found.set(feature, new Set([lessThan(trees, node)]))
    }
    for (const [feature, values] of found) this.#thresholds.set(feature, Float64Array.from(values).sort())
  }

  /** Whether all fits: asked when every node has its test. */
  get fits(): boolean {
    return this.#count <= MOST.columns && [...this.#thresholds.values()].every(({ length }) => length <= MOST.thresholds)
  }

  /** Bytes of the tile. */
  get bytes(): number {
    return this.#count * COLUMN
  }

  /** How a split is told from the tile. */
  testOf(node: number): Test {
    const { rule, feature } = this.#trees
    if ((rule[node]! & 3) === TEST.in) return { column: this.#memberOf(node), above: -1 }
    const place = placeOf(this.#thresholds.get(feature[node]!) as Float64Array, lessThan(this.#trees, node))
    const chunk = Math.floor(place / SPAN)
    return { column: this.#outOf(feature[node]!, missingOf(rule[node]!), chunk), above: (place % SPAN) - 128 }
  }

  #next(columns = 1): number {
    const column = this.#count * COLUMN
    this.#count += columns
    return column
  }

  #outOf(feature: number, missing: number, chunk: number): number {
    const outs = this.#outs.get(feature) ?? new Map<string, { column: number; chunk: number; missing: number }>()
    this.#outs.set(feature, outs)
    const key = `${missing} ${chunk}`
    const out = outs.get(key) ?? { column: this.#next(), chunk, missing }
    outs.set(key, out)
    return out.column
  }

  #memberOf(node: number): number {
    const { rule, feature, value, sets } = this.#trees
    const bits = rule[node] as number
    const none = (bits & MISSING.none) !== 0
    const how = (none ? 2 : (bits & MISSING.zeroToo) !== 0 ? 1 : 0) | ((bits & MISSING.cutFirst) !== 0 ? 4 : 0)
    const yes = !none && (bits & MISSING.yes) !== 0
    const set = value[node] as number
    const key = `${feature[node]} ${how} ${yes} ${set}`
    const known = this.#members.get(key)
    if (known) return known.column
    const words = sets.words.subarray(sets.start[set], sets.start[set + 1])
    const column = this.#next()
    for (let page = 0; page === 0 || page * PAGE < words.length * 32; page++) {
      const from = this.#codeOf(feature[node]!, how, page)
      this.#members.set(page === 0 ? key : `${key} ${page}`, { column, from, set: pageOf(words, page, yes), joins: page > 0 })
    }
    return column
  }

  #codeOf(feature: number, how: number, page: number): number {
    const key = `${feature} ${how} ${page}`
    const code = this.#codes.get(key) ?? { column: this.#next(2), feature, page, how }
    this.#codes.set(key, code)
    return code.column
  }

  /** Writes the tables that the kernels fill the tile by: address and count of ranks, codes and members. */
  place(bench: Workbench): number[] {
    const { compare } = this.#trees
    const size = compare === 'f32' ? 4 : 8
    const ranks = [...this.#outs].map(([feature, outs]) => {
      const thresholds = this.#thresholds.get(feature) as Float64Array
      const fields = [...outs.values()].map((out) => outOf(out, thresholds))
      const zeroToo = [...outs.values()].some(({ missing }) => (missing & MISSING.zeroToo) !== 0)
      const buckets = bucketsOf(thresholds)
      const table = Float64Array.from([...thresholds, ...new Array<number>(2 ** buckets.steps).fill(Number.NaN)])
      const rank = new Uint32Array(11)
      rank.set([feature * size, buckets.byBits ? 1 : 0])
      new Float32Array(rank.buffer).set([buckets.lowest, buckets.scale, buckets.top], 2)
      const places = [bench.arena.place(buckets.starts), bench.constants(compare, table), buckets.steps, bench.arena.place(Uint32Array.from(fields.flat()))]
      rank.set([...places, outs.size, zeroToo ? 1 : 0], 5)
      return rank
    })
    const codes = [...this.#codes.values()].flatMap(({ column, feature, page, how }) => [feature * size, column, page * PAGE, how])
    const members = [...this.#members.values()].flatMap(({ column, from, set, joins }) => [from, column, bench.arena.place(set), joins ? 1 : 0])
    const { arena } = bench
    return [
      arena.place(Uint32Array.from(ranks.flatMap((rank) => [...rank]))),
      this.#outs.size,
      arena.place(Uint32Array.from(codes)),
      this.#codes.size,
      arena.place(Uint32Array.from(members)),
      this.#members.size,
    ]
  }

  /** Processor time to make the tile of a row, in units of about a cycle. */
  get cost(): number {
    const ranked = [...this.#thresholds.values()].reduce((sum, { length }) => sum + 4 + 2 * Math.log2(length + 1), 0)
    return ranked + this.#codes.size * 6 + this.#count * 0.2
  }
}

/** A column of bytes: address, and as 16, 8 and 8 bits what is taken from the rank, the byte of a missing row, and whether zero is missing too. */
function outOf({ column, chunk, missing }: { column: number; chunk: number; missing: number }, thresholds: Float64Array): [number, number] {
  const less = chunk * SPAN
  const zero = Math.min(SPAN, Math.max(0, countUpTo(thresholds, 0) - less))
  const fill = missing === MISSING.none ? zero - 128 : (missing & MISSING.yes) !== 0 ? -128 : 127
  return [column, less | ((fill & 0xff) << 16) | ((missing & MISSING.zeroToo) !== 0 ? 1 << 24 : 0)]
}

/** Members of one page of a set as 128 bits; the last but one is what is missing. */
function pageOf(words: Uint32Array, page: number, missing: boolean): Uint8Array {
  const bytes = new Uint8Array(16)
  for (let at = 0; at < PAGE; at++) {
    const member = page * PAGE + at
    if ((((words[member >>> 5] ?? 0) >>> (member & 31)) & 1) === 1) bytes[at >>> 3]! |= 1 << (at & 7)
  }
  if (missing && page === 0) bytes[PAGE >>> 3]! |= 1 << (PAGE & 7)
  return bytes
}

/** Place of a threshold among its column's. */
function placeOf(thresholds: Float64Array, value: number): number {
  return countUpTo(thresholds, value) - 1
}

/** How many of the sorted numbers are no larger. */
function countUpTo(sorted: Float64Array, value: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sorted[middle]! <= value) low = middle + 1
    else high = middle
  }
  return low
}
