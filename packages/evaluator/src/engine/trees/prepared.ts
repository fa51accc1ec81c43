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
const CUT_FIRST = 16

/** A column that is −1 where a rule holds, else 1. */
interface Ruled {
  readonly node: number
  to: number
}

/** A column of categories with the sets that are asked for of it. */
interface Code {
  readonly feature: number
  readonly how: number
  readonly members: Member[]
}

interface Member {
  readonly set: number
  readonly missing: boolean
  to: number
}

/** What of a row a kernel's numbers are: bytes of a number of the row, bytes of one of a prepared row, and where the sets' words lie. */
interface Measures {
  readonly bytes: number
  readonly cell: number
  readonly words: number
}

/**
 * The columns of prepared rows, in which `x < threshold` is the only test and nothing missing passes: where a missing value
 * passes, `x < t` becomes `−x < −t`, rounded up, with the children changed over. What is no comparison is worked out
 * beforehand, once for a row: −1 where it holds, else 1. Column 0 is above every threshold. Every split is asked for once (`testOf`)
 * before the columns get their places (`settle`): neighbouring numbers of a row stay neighbours, and are prepared together.
 */
export class Prepared {
  readonly #trees: Trees
  /** Columns of numbers by what is done to them and the number in the row. */
  readonly #plain = new Map<number, number>()
  readonly #ruled = new Map<string, Ruled>()
  readonly #codes = new Map<number, Code>()
  readonly #members = new Map<string, Member>()
  /** Their keys in the order of their columns, which begin with 1. */
  #numbers: readonly number[] = []
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
    return this.#plain.size * 4 + this.#ruled.size * 30 + this.#codes.size * 20 + this.#members.size * 9
  }

  /** Gives every column its place. */
  settle(): void {
    this.#numbers = [...this.#plain.keys()].sort((a, b) => a - b)
    for (const key of this.#numbers) this.#plain.set(key, this.#width++)
    for (const ruled of this.#ruled.values()) ruled.to = this.#width++
    for (const member of this.#members.values()) member.to = this.#width++
  }

  /** How a split is told; its column once all are settled. */
  testOf(node: number): Test {
    const { rule, feature, compare, features } = this.#trees
    const bits = rule[node] as number
    if ((bits & 3) === TEST.in) return { column: this.#memberOf(node).to, threshold: 0, turned: false }
    const threshold = (bits & 3) === TEST.less || (bits & 3) === TEST.atMost ? lessThan(this.#trees, node) : Number.NaN
    if (Number.isNaN(threshold)) return { column: this.#byRule(node).to, threshold: 0, turned: false }
    const none = (bits & MISSING.none) !== 0
    const turned = !none && (bits & MISSING.yes) !== 0
    const how = (none ? NAN_IS_ZERO : (bits & MISSING.zeroToo) !== 0 ? ZERO_IS_MISSING : 0) | (turned ? NEGATED : 0)
    const least = turned ? nextUp(-threshold, compare) : threshold
    if (Number.isNaN(least)) return { column: this.#byRule(node).to, threshold: 0, turned: false }
    return { column: this.#columnOf(how * features + feature[node]!), threshold: least, turned }
  }

  #columnOf(key: number): number {
    const known = this.#plain.get(key)
    if (known === undefined) this.#plain.set(key, 0)
    return known ?? 0
  }

  #byRule(node: number): Ruled {
    const { rule, feature, value } = this.#trees
    const key = `${feature[node]} ${rule[node]} ${value[node]}`
    const known = this.#ruled.get(key) ?? { node, to: 0 }
    this.#ruled.set(key, known)
    return known
  }

  /** The column of a split's set. */
  #memberOf(node: number): Member {
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
    const member = { set, missing, to: 0 }
    code.members.push(member)
    this.#members.set(key, member)
    return member
  }

  /** Writes the columns but the first as the kernel takes them: numbers, rules, sets, each with their number. */
  place(measures: Measures, { arena }: Workbench): number[] {
    const runs = this.#runs(measures)
    const { start } = this.#trees.sets
    const { bytes, cell, words } = measures
    const codes = [...this.#codes.values()].flatMap(({ feature, how, members }) => {
      const fields = members.flatMap(({ to, set, missing }) => [to * cell, words + start[set]! * 4, (start[set + 1]! - start[set]!) * 32, missing ? 1 : 0])
      return [feature * bytes, how, arena.place(Uint32Array.from(fields)), members.length]
    })
    const tests = [arena.place(this.#tests(measures)), this.#ruled.size]
    return [arena.place(Uint32Array.from(runs)), runs.length / 4, ...tests, arena.place(Uint32Array.from(codes)), this.#codes.size]
  }

  /** Numbers that are neighbours in the row, and have the same done to them. */
  #runs({ bytes, cell }: Measures): number[] {
    const { features } = this.#trees
    const runs: number[] = []
    this.#numbers.forEach((key, at) => {
      const feature = key % features
      if (at > 0 && feature > 0 && key === this.#numbers[at - 1]! + 1) runs[runs.length - 3]!++
      else runs.push(feature * bytes, 1, Math.floor(key / features), (at + 1) * cell)
    })
    return runs
  }

  #tests({ bytes, cell }: Measures): Uint8Array {
    const { feature, rule, value } = this.#trees
    const view = new DataView(new ArrayBuffer(this.#ruled.size * 24))
    let at = 0
    for (const { node, to } of this.#ruled.values()) {
      view.setUint32(at, feature[node]! * bytes, true)
      view.setUint32(at + 4, rule[node]!, true)
      view.setUint32(at + 8, to * cell, true)
      view.setFloat64(at + 16, value[node]!, true)
      at += 24
    }
    return new Uint8Array(view.buffer)
  }
}
