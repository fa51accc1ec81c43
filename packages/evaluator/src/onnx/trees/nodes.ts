import { MISSING, TEST } from '../../form/trees.ts'
import { type Call, malformed } from '../call.ts'

/** How a split compares, in the file's words. The numbers are those of ai.onnx.ml 5. */
export const MODE = { atMost: 0, less: 1, atLeast: 2, more: 3, equal: 4, unequal: 5, member: 6, leaf: 7 } as const

const NAMES: Readonly<Record<string, number>> = {
  BRANCH_LEQ: MODE.atMost,
  BRANCH_LT: MODE.less,
  BRANCH_GTE: MODE.atLeast,
  BRANCH_GT: MODE.more,
  BRANCH_EQ: MODE.equal,
  BRANCH_NEQ: MODE.unequal,
  LEAF: MODE.leaf,
}

/** Nodes of all trees in parallel arrays, those of a tree together; a leaf has the feature −1 and no children. */
export interface Nodes {
  readonly roots: Int32Array
  /** Tree of each node. */
  readonly tree: Int32Array
  readonly feature: Int32Array
  readonly rule: Uint8Array
  readonly value: Float64Array
  readonly yes: Int32Array
  readonly no: Int32Array
}

/** Room for so many nodes, all of them leaves of the first tree. */
export function emptyNodes(count: number, roots: Int32Array): Nodes {
  return {
    roots,
    tree: new Int32Array(count),
    feature: new Int32Array(count).fill(-1),
    rule: new Uint8Array(count),
    value: new Float64Array(count),
    yes: new Int32Array(count).fill(-1),
    no: new Int32Array(count).fill(-1),
  }
}

/** A split of the file: where its test holds, where it does not, and whether missing values go where it holds. */
export interface Split {
  readonly mode: number
  readonly feature: number
  readonly value: number
  readonly holds: number
  readonly fails: number
  readonly missingHolds: boolean
}

/** Writes a split; tests that the form does not have are turned over. NaN holds nowhere but in `unequal`. */
export function writeSplit(nodes: Nodes, at: number, { mode, feature, value, holds, fails, missingHolds }: Split): void {
  const turned = mode === MODE.atLeast || mode === MODE.more || mode === MODE.unequal
  const test = mode === MODE.atMost || mode === MODE.more ? TEST.atMost : mode === MODE.less || mode === MODE.atLeast ? TEST.less : TEST.equal
  const missing = mode === MODE.unequal || missingHolds
  nodes.feature[at] = feature
  nodes.value[at] = value
  nodes.yes[at] = turned ? fails : holds
  nodes.no[at] = turned ? holds : fails
  nodes.rule[at] = test | (missing !== turned ? MISSING.yes : 0)
}

/** Nodes as ai.onnx.ml 1 to 3 lists them, and where each stands by its numbers. */
export interface Listed extends Nodes {
  /** Place of a node by the number of its tree and its own; −1 where there is none. */
  place(tree: number, node: number): number
}

/** Reads the nodes of TreeEnsembleClassifier and TreeEnsembleRegressor. `features` is the number of a row's columns. */
export function readListed(call: Call, features: number): Listed {
  const { attributes } = call
  const trees = attributes.ints('nodes_treeids')
  const count = trees.length
  const ids = sized(call, 'nodes_nodeids', attributes.ints('nodes_nodeids'), count)
  const modes = attributes.codes('nodes_modes', (text, position) => modeOf(call, text, position))
  if (modes.length !== count) throw wrongLength(call, 'nodes_modes', modes.length, count)
  if (count === 0) throw malformed(call, 'it has no trees')
  const places = new Places(call, trees, ids)
  const nodes = emptyNodes(count, places.roots)
  nodes.tree.set(places.tree)
  const feature = sized(call, 'nodes_featureids', attributes.ints('nodes_featureids'), count)
  const values = sized(call, 'nodes_values', numbersOf(call, 'nodes_values'), count)
  const holds = sized(call, 'nodes_truenodeids', attributes.ints('nodes_truenodeids'), count)
  const fails = sized(call, 'nodes_falsenodeids', attributes.ints('nodes_falsenodeids'), count)
  const missing = attributes.ints('nodes_missing_value_tracks_true')
  if (missing.length > 0) sized(call, 'nodes_missing_value_tracks_true', missing, count)
  const child = (list: Float64Array, name: string, at: number) => {
    const place = places.place(trees[at]!, list[at]!)
    if (place < 0) throw malformed(call, `${name}[${at}] is ${list[at]}, and the tree has no such node`)
    return place
  }
  for (let at = 0; at < count; at += 1) {
    const mode = modes[at]!
    // kept beside the leaf's own value, which the runtime adds where a leaf has no weight
    nodes.value[at] = values[at]!
    if (mode === MODE.leaf) continue
    checkFeature(call, `nodes_featureids[${at}]`, feature[at]!, features)
    writeSplit(nodes, at, {
      mode,
      feature: feature[at]!,
      value: values[at]!,
      holds: child(holds, 'nodes_truenodeids', at),
      fails: child(fails, 'nodes_falsenodeids', at),
      missingHolds: missing.length > 0 && missing[at] !== 0,
    })
  }
  checkTrees(call, nodes)
  return { ...nodes, place: (tree, node) => places.place(tree, node) }
}

function modeOf(call: Call, text: string, position: number): number {
  if (!Object.hasOwn(NAMES, text)) throw malformed(call, `nodes_modes[${position}] is ${JSON.stringify(text.slice(0, 40))}`)
  return NAMES[text]!
}

/** Numbers that the file may have as floats or as a tensor of doubles. */
export function numbersOf(call: Call, name: string): Float64Array {
  return call.attributes.tensor(`${name}_as_tensor`)?.data ?? call.attributes.floats(name)
}

export function sized(call: Call, name: string, list: Float64Array, count: number): Float64Array {
  if (list.length !== count) throw wrongLength(call, name, list.length, count)
  return list
}

function wrongLength(call: Call, name: string, length: number, count: number) {
  return malformed(call, `${name} has ${length} elements for ${count} nodes`)
}

export function checkFeature(call: Call, name: string, feature: number, features: number): void {
  if (!(feature >= 0 && feature < features)) throw malformed(call, `${name} is ${feature}, and a row has ${features} columns`)
}

/** Refuses what is not a tree: every node is reached once, from its own tree's root. */
export function checkTrees(call: Call, { roots, tree, feature, yes, no }: Nodes): void {
  const seen = new Uint8Array(feature.length)
  const open: number[] = []
  let reached = 0
  for (let number = 0; number < roots.length; number += 1) {
    open.push(roots[number]!)
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      if (seen[at] !== 0) throw malformed(call, `tree ${number} comes to node ${at} of the list twice`)
      if (tree[at] !== number) throw malformed(call, `tree ${number} leads to another tree`)
      seen[at] = 1
      reached += 1
      if (feature[at]! >= 0) open.push(no[at]!, yes[at]!)
    }
  }
  if (reached < feature.length) throw malformed(call, `no tree comes to node ${seen.indexOf(0)} of the list`)
}

/** Where nodes stand in the list by their trees and numbers. In most files a tree's nodes are numbered as they stand. */
class Places {
  readonly roots: Int32Array
  readonly tree: Int32Array
  readonly #starts = new Map<number, number>()
  readonly #ends: Int32Array
  readonly #ids: Float64Array
  readonly #odd = new Map<number, Map<number, number>>()

  constructor(call: Call, trees: Float64Array, ids: Float64Array) {
    const roots: number[] = []
    this.#ids = ids
    this.tree = new Int32Array(trees.length)
    for (let at = 0; at < trees.length; at += 1) {
      if (at === 0 || trees[at] !== trees[at - 1]) {
        if (this.#starts.has(trees[at]!)) throw malformed(call, `nodes_treeids[${at}]: the tree ${trees[at]} begins again`)
        this.#starts.set(trees[at]!, roots.length)
        roots.push(at)
      }
      this.tree[at] = roots.length - 1
    }
    this.roots = Int32Array.from(roots)
    this.#ends = Int32Array.from(roots, (_, number) => roots[number + 1] ?? trees.length)
    for (let number = 0; number < roots.length; number += 1) this.#number(call, number)
  }

  #number(call: Call, number: number): void {
    const start = this.roots[number]!
    const end = this.#ends[number]!
    let at = start
    while (at < end && this.#ids[at] === at - start) at += 1
    if (at === end) return
    const places = new Map<number, number>()
    for (at = start; at < end; at += 1) {
      if (places.has(this.#ids[at]!)) throw malformed(call, `nodes_nodeids[${at}]: its tree has two nodes ${this.#ids[at]}`)
      places.set(this.#ids[at]!, at)
    }
    this.#odd.set(number, places)
  }

  place(tree: number, node: number): number {
    const number = this.#starts.get(tree)
    if (number === undefined) return -1
    const odd = this.#odd.get(number)
    if (odd) return odd.get(node) ?? -1
    const at = this.roots[number]! + node
    return Number.isInteger(node) && node >= 0 && at < this.#ends[number]! ? at : -1
  }
}
