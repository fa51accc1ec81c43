import { MISSING, TEST, type Trees } from '../../form/trees.ts'
import type { Workbench } from '../workbench.ts'
import { lessThan, nextUp } from './splits.ts'

/** How a split is told from a prepared row: its column, the threshold, and whether its children change places. */
export interface Test {
  readonly column: number
  readonly threshold: number
  readonly turned: boolean
}

const NEGATED = 1
const ZERO_IS_MISSING = 2
const NAN_IS_ZERO = 4
const BY_RULE = 8
const CUT_FIRST = 16

/** A column that is a number of the row, or −1 or 1 by a rule. */
interface Field {
  readonly feature: number
  readonly how: number
  readonly rule: number
  readonly value: number
  readonly to: number
}

/** A column of categories with the sets that are asked for of it. */
interface Code {
  readonly feature: number
  readonly how: number
  readonly members: { readonly to: number; readonly set: number; readonly missing: boolean }[]
}

/**
 * The columns of prepared rows, in which `x < threshold` is the only test and nothing missing passes: where a missing value
 * passes, `x < t` becomes `−x < −t`, rounded up, with the children changed over. What is no comparison is worked out
 * beforehand, once for a row: −1 where it holds, else 1. Column 0 is −∞ in every row.
 */
export class Prepared {
  readonly #trees: Trees
  readonly #plain = new Map<number, number>()
  readonly #ruled = new Map<string, number>()
  readonly #fields: Field[] = []
  readonly #codes = new Map<number, Code>()
  readonly #members = new Map<string, number>()
  #width = 1

  constructor(trees: Trees) {
    this.#trees = trees
  }

  /** Columns of a prepared row. */
  get width(): number {
    return this.#width
  }

  /** Instructions to prepare a row. */
  get cost(): number {
    return this.#fields.length * 12 + this.#ruled.size * 30 + this.#codes.size * 20 + this.#members.size * 9
  }

  testOf(node: number): Test {
    const { rule, feature, compare } = this.#trees
    const bits = rule[node] as number
    if ((bits & 3) === TEST.in) return { column: this.#memberOf(node), threshold: 0, turned: false }
    const threshold = (bits & 3) === TEST.less || (bits & 3) === TEST.atMost ? lessThan(this.#trees, node) : Number.NaN
    if (Number.isNaN(threshold)) return { column: this.#byRule(node), threshold: 0, turned: false }
    const none = (bits & MISSING.none) !== 0
    const turned = !none && (bits & MISSING.yes) !== 0
    const how = (none ? NAN_IS_ZERO : (bits & MISSING.zeroToo) !== 0 ? ZERO_IS_MISSING : 0) | (turned ? NEGATED : 0)
    const least = turned ? nextUp(-threshold, compare) : threshold
    if (Number.isNaN(least)) return { column: this.#byRule(node), threshold: 0, turned: false }
    return { column: this.#columnOf(feature[node]!, how), threshold: least, turned }
  }

  #columnOf(feature: number, how: number): number {
    const key = feature * 8 + how
    const known = this.#plain.get(key)
    if (known !== undefined) return known
    this.#plain.set(key, this.#width)
    this.#fields.push({ feature, how, rule: 0, value: 0, to: this.#width })
    return this.#width++
  }

  #byRule(node: number): number {
    const { rule, feature, value } = this.#trees
    const key = `${feature[node]} ${rule[node]} ${value[node]}`
    const known = this.#ruled.get(key)
    if (known !== undefined) return known
    this.#ruled.set(key, this.#width)
    this.#fields.push({ feature: feature[node]!, how: BY_RULE, rule: rule[node]!, value: value[node]!, to: this.#width })
    return this.#width++
  }

  /** The column of a split's set. */
  #memberOf(node: number): number {
    const { rule, feature, value } = this.#trees
    const bits = rule[node] as number
    const none = (bits & MISSING.none) !== 0
    const how = (none ? NAN_IS_ZERO : (bits & MISSING.zeroToo) !== 0 ? ZERO_IS_MISSING : 0) | ((bits & MISSING.cutFirst) !== 0 ? CUT_FIRST : 0)
    const missing = !none && (bits & MISSING.yes) !== 0
    const set = value[node] as number
    const key = `${feature[node]} ${how} ${missing} ${set}`
    const known = this.#members.get(key)
    if (known !== undefined) return known
    const place = feature[node]! * 32 + how
    const code = this.#codes.get(place) ?? { feature: feature[node]!, how, members: [] }
    this.#codes.set(place, code)
    code.members.push({ to: this.#width, set, missing })
    this.#members.set(key, this.#width)
    return this.#width++
  }

  /** Writes the columns but the first as the kernel takes them, and the sets; `bytes` of a number of a row, `cell` of one of a prepared row. */
  place({ bytes, cell, words }: { bytes: number; cell: number; words: number }, { arena }: Workbench): number[] {
    const view = new DataView(new ArrayBuffer(this.#fields.length * 24))
    this.#fields.forEach(({ feature, how, rule, value, to }, at) => {
      view.setUint32(at * 24, feature * bytes, true)
      view.setUint32(at * 24 + 4, how, true)
      view.setUint32(at * 24 + 8, rule, true)
      view.setUint32(at * 24 + 12, to * cell, true)
      view.setFloat64(at * 24 + 16, value, true)
    })
    const { start } = this.#trees.sets
    const codes = [...this.#codes.values()].flatMap(({ feature, how, members }) => {
      const fields = members.flatMap(({ to, set, missing }) => [to * cell, words + start[set]! * 4, (start[set + 1]! - start[set]!) * 32, missing ? 1 : 0])
      return [feature * bytes, how, arena.place(Uint32Array.from(fields)), members.length]
    })
    return [arena.place(new Uint8Array(view.buffer)), this.#fields.length, arena.place(Uint32Array.from(codes)), this.#codes.size]
  }
}
