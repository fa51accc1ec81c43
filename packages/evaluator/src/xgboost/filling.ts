import type { Ensemble } from './booster.ts'
import type { TreeCounts } from './count.ts'
import { SetPool } from './sets.ts'

/** Arrays of a form's trees while they are filled, tree by tree. */
export interface Filling {
  readonly roots: Int32Array
  readonly feature: Int32Array
  readonly rule: Uint8Array
  readonly value: Float64Array
  readonly yes: Int32Array
  readonly no: Int32Array
  readonly leaves: TreeCounts['leaves']
  readonly vectors: Float64Array
  readonly cover: Float64Array | undefined
  readonly gain: Float64Array | undefined
  readonly sets: SetPool
  /** Nodes, and numbers of vectors, that are there. */
  nodes: number
  numbers: number
}

/** Room for all nodes of an ensemble, and the roots of as many trees as are wanted. */
export function start({ counts: { nodes, leaves, vectors, covers, gains } }: Ensemble, wanted: number): Filling {
  return {
    roots: new Int32Array(wanted),
    feature: new Int32Array(nodes),
    rule: new Uint8Array(nodes),
    value: new Float64Array(nodes),
    yes: new Int32Array(nodes),
    no: new Int32Array(nodes),
    leaves,
    vectors: new Float64Array(vectors),
    cover: covers ? new Float64Array(nodes) : undefined,
    gain: gains ? new Float64Array(nodes) : undefined,
    sets: new SetPool(),
    nodes: 0,
    numbers: 0,
  }
}

/** The arrays without the room that was not needed. */
export function cut({ nodes, numbers, roots, feature, rule, value, yes, no, vectors, cover, gain }: Filling) {
  const fit = <A extends Int32Array | Uint8Array | Float64Array>(array: A, length: number) => (array.length === length ? array : array.slice(0, length)) as A
  return {
    roots,
    feature: fit(feature, nodes),
    rule: fit(rule, nodes),
    value: fit(value, nodes),
    yes: fit(yes, nodes),
    no: fit(no, nodes),
    vectors: fit(vectors, numbers),
    ...(cover && { cover: fit(cover, nodes) }),
    ...(gain && { gain: fit(gain, nodes) }),
  }
}
