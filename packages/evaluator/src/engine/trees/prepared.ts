import { MISSING, TEST, type Trees } from '../../form/trees.ts'
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

/**
 * The columns of prepared rows, in which `x < threshold` is the only test and nothing missing passes: where a missing value
 * passes, `x < t` becomes `−x < −t`, rounded up, with the children changed over. What is no comparison is worked out
 * beforehand, once for a row: −1 where it holds, else 1. Column 0 is −∞ in every row.
 */
export class Prepared {
  readonly #trees: Trees
  readonly #plain = new Map<number, number>()
  readonly #ruled = new Map<string, number>()
  readonly #fields: { feature: number; how: number; rule: number; value: number }[] = []

  constructor(trees: Trees) {
    this.#trees = trees
  }

  /** Columns of a prepared row. */
  get width(): number {
    return this.#fields.length + 1
  }

  /** Columns that are worked out by a rule. */
  get ruled(): number {
    return this.#ruled.size
  }

  testOf(node: number): Test {
    const { rule, feature, compare } = this.#trees
    const bits = rule[node] as number
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
    this.#plain.set(key, this.width)
    return this.#fields.push({ feature, how, rule: 0, value: 0 })
  }

  #byRule(node: number): number {
    const { rule, feature, value } = this.#trees
    const key = `${feature[node]} ${rule[node]} ${value[node]}`
    const known = this.#ruled.get(key)
    if (known !== undefined) return known
    this.#ruled.set(key, this.width)
    return this.#fields.push({ feature: feature[node]!, how: BY_RULE, rule: rule[node]!, value: value[node]! })
  }

  /** The columns but the first as the kernel takes them: 24 bytes each. */
  table(bytes: number): Uint8Array {
    const view = new DataView(new ArrayBuffer(this.#fields.length * 24))
    this.#fields.forEach(({ feature, how, rule, value }, at) => {
      view.setUint32(at * 24, feature * bytes, true)
      view.setUint32(at * 24 + 4, how, true)
      view.setUint32(at * 24 + 8, rule, true)
      view.setFloat64(at * 24 + 16, value, true)
    })
    return new Uint8Array(view.buffer)
  }
}
