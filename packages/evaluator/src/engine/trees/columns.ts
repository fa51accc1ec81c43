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

/** What a split asks of a set: the columns of categories that it is told from, one for each page of the set. */
interface Asked {
  readonly key: string
  readonly codes: readonly number[]
  readonly words: Uint32Array
  readonly missing: boolean
}

interface Member {
  readonly from: number
  readonly column: number
  readonly set: Uint8Array
  readonly joins: boolean
}

/** The sets that a group of trees asks for, each a column of its own while these trees are worked out. */
export class Sets {
  readonly #columns: Columns
  readonly #known = new Map<string, number>()
  readonly #members: Member[] = []

  constructor(columns: Columns) {
    this.#columns = columns
  }

  /** Columns that the sets take. */
  get size(): number {
    return this.#known.size
  }

  /** Whether the columns of these trees can all be named. */
  get fits(): boolean {
    return this.#columns.count + this.size <= MOST.columns
  }

  /** Instructions to work out the columns of a tile. */
  get cost(): number {
    return this.#members.length * 45
  }

  /** How a split is told from the tile. */
  testOf(node: number): Test {
    const asked = this.#columns.askedOf(node)
    if (!asked) return this.#columns.testOf(node)
    const known = this.#known.get(asked.key)
    if (known !== undefined) return { column: known, above: -1 }
    const column = (this.#columns.count + this.size) * COLUMN
    this.#known.set(asked.key, column)
    asked.codes.forEach((from, page) => {
      this.#members.push({ from, column, set: pageOf(asked.words, page, asked.missing), joins: page > 0 })
    })
    return { column, above: -1 }
  }

  /** Writes the table of the sets; its address and length. */
  place({ arena }: Workbench): [number, number] {
    const sets = this.#members.map(({ set }) => set)
    const at = arena.reserve(sets.length * 16)
    sets.forEach((set, k) => {
      arena.u8.set(set, at + k * 16)
    })
    const fields = this.#members.flatMap(({ from, column, joins }, k) => [from, column, at + k * 16, joins ? 1 : 0])
    return [arena.place(Uint32Array.from(fields)), this.#members.length]
  }
}

/** The columns of bytes that some trees compare: ranks of numbers, and categories for their sets. */
export class Columns {
  readonly #trees: Trees
  readonly #thresholds = new Map<number, Float64Array>()
  readonly #outs = new Map<number, Map<number, { column: number; chunk: number; missing: number }>>()
  readonly #codes = new Map<string, { column: number; feature: number; page: number; how: number }>()
  readonly #asked = new Map<string, Asked>()
  #count = 0

  /** @param nodes every split of these trees */
  constructor(trees: Trees, nodes: readonly number[]) {
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
    for (const node of nodes) if (!this.askedOf(node)) this.testOf(node)
  }

  /** Columns besides those of sets. */
  get count(): number {
    return this.#count
  }

  /** Whether every rank can be counted and every column be named. */
  get fits(): boolean {
    return this.#count <= MOST.columns && [...this.#thresholds.values()].every(({ length }) => length <= MOST.thresholds)
  }

  /** Instructions to work out the columns of a tile. */
  get cost(): number {
    const ranked = [...this.#outs].reduce((sum, [feature, outs]) => {
      return sum + 64 * (17 + 7 * bucketsOf(this.#thresholds.get(feature) as Float64Array).steps) + outs.size * 60
    }, 0)
    return ranked + this.#codes.size * 64 * 15
  }

  /** How a split of numbers is told from the tile. */
  testOf(node: number): Test {
    const { rule, feature } = this.#trees
    const place = countUpTo(this.#thresholds.get(feature[node]!) as Float64Array, lessThan(this.#trees, node)) - 1
    const chunk = Math.floor(place / SPAN)
    return { column: this.#outOf(feature[node]!, missingOf(rule[node]!), chunk), above: (place % SPAN) - 128 }
  }

  /** The set that a split asks for; undefined for a split of numbers. */
  askedOf(node: number): Asked | undefined {
    const { rule, feature, value, sets } = this.#trees
    const bits = rule[node] as number
    if ((bits & 3) !== TEST.in) return undefined
    const none = (bits & MISSING.none) !== 0
    const how = (none ? 2 : (bits & MISSING.zeroToo) !== 0 ? 1 : 0) | ((bits & MISSING.cutFirst) !== 0 ? 4 : 0)
    const missing = !none && (bits & MISSING.yes) !== 0
    const set = value[node] as number
    const key = `${feature[node]} ${how} ${missing} ${set}`
    const known = this.#asked.get(key)
    if (known) return known
    const words = sets.words.subarray(sets.start[set], sets.start[set + 1])
    // more than can be named are not worth making: a short file can ask for millions
    const pages = this.#count > MOST.columns ? 0 : Math.min(MOST.columns, Math.max(1, Math.ceil((words.length * 32) / PAGE)))
    const codes = Array.from({ length: pages }, (_, page) => this.#codeOf(feature[node]!, how, page))
    const asked = { key, codes, words, missing }
    this.#asked.set(key, asked)
    return asked
  }

  #next(columns = 1): number {
    const column = this.#count * COLUMN
    this.#count += columns
    return column
  }

  #outOf(feature: number, missing: number, chunk: number): number {
    let outs = this.#outs.get(feature)
    if (!outs) {
      outs = new Map()
      this.#outs.set(feature, outs)
    }
    const key = chunk * 32 + missing
    const known = outs.get(key)
    if (known) return known.column
    const out = { column: this.#next(), chunk, missing }
    outs.set(key, out)
    return out.column
  }

  #codeOf(feature: number, how: number, page: number): number {
    const key = `${feature} ${how} ${page}`
    const known = this.#codes.get(key)
    if (known) return known.column
    const code = { column: this.#next(2), feature, page, how }
    this.#codes.set(key, code)
    return code.column
  }

  /** Writes the tables that the kernels fill the tile by: address and count of ranks and codes. */
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
    const { arena } = bench
    return [arena.place(Uint32Array.from(ranks.flatMap((rank) => [...rank]))), this.#outs.size, arena.place(Uint32Array.from(codes)), this.#codes.size]
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
