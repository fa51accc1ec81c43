import type { Form } from '../form/form.ts'
import { MISSING, TEST, type Trees } from '../form/trees.ts'

/** Numbers from 0 to 1 that come again with the same seed (mulberry32). */
export function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

export interface Kind {
  readonly seed?: number
  readonly trees?: number
  readonly features?: number
  readonly outputs?: number
  readonly compare?: 'f32' | 'f64'
  readonly sum?: 'f32' | 'f64'
  readonly zero?: number
  /** Splits of a tree at most. */
  readonly splits?: number
  /** `even` splits the leaf that is nearest to the root, `deep` mostly the one made last, `any` any. */
  readonly shape?: 'even' | 'deep' | 'any'
  /** Rules that splits draw from. */
  readonly rules?: readonly number[]
  /** Different thresholds of a column; few make rows hit them. */
  readonly thresholds?: number
  /** Whether infinity may be a threshold. */
  readonly infinite?: boolean
  readonly more?: Partial<Trees>
}

export const ALL_RULES: readonly number[] = [TEST.less, TEST.atMost, TEST.equal, TEST.in, TEST.in | MISSING.cutFirst].flatMap((test) => [
  test,
  test | MISSING.yes,
  test | MISSING.yes | MISSING.zeroToo,
  test | MISSING.zeroToo,
  test | MISSING.none,
])
const SET_WORDS = 4

/** A random ensemble of a kind: any split anywhere, leaves of any size, a tree of a single leaf now and then. */
export function randomTrees(kind: Kind): Trees {
  const { seed = 1, trees = 20, features = 6, outputs = 1, compare = 'f32', sum = 'f32', zero = 0, splits = 20, shape = 'any', rules = [TEST.less] } = kind
  const next = random(seed)
  const below = (n: number): number => Math.floor(next() * n)
  const round = (type: 'f32' | 'f64', x: number): number => (type === 'f32' ? Math.fround(x) : x)
  const cuts = Array.from({ length: features }, () => Array.from({ length: kind.thresholds ?? 30 }, () => thresholdOf(next, compare, kind.infinite ?? true)))
  const nodes = { feature: [] as number[], rule: [] as number[], value: [] as number[], yes: [] as number[], no: [] as number[] }
  const leaf = (): number => {
    nodes.feature.push(-1)
    nodes.rule.push(0)
    nodes.value.push(round(sum, (next() - 0.5) * 10 ** below(4)))
    nodes.yes.push(-1)
    return nodes.no.push(-1) - 1
  }
  const roots = Array.from({ length: trees }, () => {
    const root = leaf()
    const leaves = [root]
    for (let split = below(8) === 0 ? 0 : splits; split > 0; split--) {
      const at = shape === 'even' ? 0 : shape === 'deep' && below(10) > 0 ? leaves.length - 1 : below(leaves.length)
      const node = leaves.splice(at, 1)[0]!
      const rule = rules[below(rules.length)]!
      nodes.feature[node] = below(features)
      nodes.rule[node] = rule
      nodes.value[node] = (rule & 3) === TEST.in ? below(10) : cuts[nodes.feature[node]!]![below(cuts[0]!.length)]!
      nodes.yes[node] = leaf()
      nodes.no[node] = leaf()
      const children = [nodes.yes[node]!, nodes.no[node]!]
      leaves.push(...(below(2) === 0 ? children : children.reverse()))
    }
    return root
  })
  const numbers = Array.from({ length: nodes.feature.length }, (_, at) => at)
  const vector = kind.more?.leaf === 'vector'
  return {
    features,
    outputs,
    compare,
    sum,
    zero,
    roots: Int32Array.from(roots),
    target: Int32Array.from(roots, (_, tree) => tree % outputs),
    feature: Int32Array.from(nodes.feature),
    rule: Uint8Array.from(nodes.rule),
    value: Float64Array.from(nodes.value),
    yes: Int32Array.from(vector ? numbers.map((at) => (nodes.feature[at]! < 0 ? at : nodes.yes[at]!)) : nodes.yes),
    no: Int32Array.from(nodes.no),
    leaf: 'scalar',
    vectors: vector ? Float64Array.from({ length: numbers.length * outputs }, () => round(sum, next() - 0.5)) : new Float64Array(),
    sets: {
      start: Int32Array.from({ length: 11 }, (_, at) => at * SET_WORDS),
      words: Uint32Array.from({ length: 10 * SET_WORDS }, () => next() * 4_294_967_296),
    },
    base: Float64Array.from({ length: outputs }, () => round(sum, next())),
    baseFirst: true,
    aggregate: 'sum',
    divisor: 1,
    ...kind.more,
  }
}

function thresholdOf(next: () => number, type: 'f32' | 'f64', infinite: boolean): number {
  const draw = next()
  if (draw < 0.05) return 0
  if (draw < 0.08) return -0
  if (draw < 0.1 && infinite) return draw < 0.09 ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY
  if (draw < 0.12) return type === 'f32' ? 1.401298464324817e-45 : 5e-324
  const x = (next() - 0.5) * 10 ** Math.floor(next() * 3)
  return type === 'f32' ? Math.fround(x) : x
}

/** Rows for an ensemble: thresholds themselves and their neighbours, categories, zeros, NaN and infinities among random numbers. */
export function randomRows(trees: Trees, rows: number, seed = 7): Float64Array {
  const next = random(seed)
  const splits = Array.from(trees.feature.keys()).filter((node) => trees.feature[node]! >= 0 && (trees.rule[node]! & 3) !== TEST.in)
  return Float64Array.from({ length: rows * trees.features }, () => {
    const draw = next()
    if (draw < 0.1) return Number.NaN
    if (draw < 0.13) return [0, -0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e-40, -0.5][Math.floor(next() * 6)]!
    if (draw < 0.3) return Math.floor(next() * 140) - 5
    if (draw < 0.6 && splits.length > 0) {
      const threshold = trees.value[splits[Math.floor(next() * splits.length)]!]!
      return threshold + [0, 1e-6, -1e-6, 1e-15, -1e-15][Math.floor(next() * 5)]! * Math.abs(threshold)
    }
    return (next() - 0.5) * 10 ** Math.floor(next() * 4)
  })
}

/** A form of nothing but trees. */
export function formOf(trees: Trees, input: 'f32' | 'f64' = 'f64'): Form {
  return {
    version: 1,
    source: { format: 'onnx', version: '', objective: '' },
    inputs: [{ name: 'x', type: input, width: trees.features }],
    steps: [{ op: 'trees', of: [0], trees }],
    outputs: [{ name: 'sums', value: 1, role: 'margin', rank: trees.outputs === 1 ? 1 : 2 }],
    texts: [],
  }
}
