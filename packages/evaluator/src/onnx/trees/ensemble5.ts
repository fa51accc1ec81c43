import { UnreadableModel } from '../../unreadable.ts'
import { type Call, malformed, unsupported } from '../call.ts'
import type { Constant } from '../tensor.ts'
import type { Weights } from './leaves.ts'
import { checkFeature, checkTrees, emptyNodes, MODE, type Nodes, sized, writeSplit } from './nodes.ts'

interface Asked {
  readonly features: number
  readonly outputs: number
  readonly type: 'f32' | 'f64'
}

/** Arrays of TreeEnsemble: splits and leaves have numbers of their own. */
interface Arrays {
  readonly feature: Float64Array
  readonly value: Float64Array
  readonly mode: Float64Array
  readonly holds: Float64Array
  readonly fails: Float64Array
  readonly holdsLeaf: Float64Array
  readonly failsLeaf: Float64Array
  readonly missing: Float64Array
  readonly roots: Float64Array
  readonly target: Float64Array
  readonly weight: Float64Array
  /** Members of each split's set; undefined for splits that have none. */
  readonly members: readonly (readonly number[] | undefined)[]
}

/** Reads the trees of a TreeEnsemble (ai.onnx.ml 5). A leaf that is referred to twice becomes two. */
export function readTreeEnsemble(call: Call, asked: Asked): { nodes: Nodes; weights: Weights } {
  const arrays = readArrays(call, asked)
  const growth = new Growth(call, arrays, asked)
  const roots = Int32Array.from(arrays.roots, (root, number) => growth.plant(root, number))
  const result = growth.finish(roots)
  checkTrees(call, result.nodes)
  return result
}

function readArrays(call: Call, { type }: Asked): Arrays {
  const { attributes } = call
  const tensor = (name: string, kind: Constant['type']) => {
    const found = attributes.tensor(name)
    if (found && found.type !== kind) throw malformed(call, `${name} is of ${found.type} where ${kind} belongs`)
    return found?.data ?? new Float64Array(0)
  }
  const feature = attributes.ints('nodes_featureids')
  const count = feature.length
  const list = (name: string) => sized(call, name, attributes.ints(name), count)
  const mode = sized(call, 'nodes_modes', attributes.bytes('nodes_modes'), count)
  const missing = attributes.ints('nodes_missing_value_tracks_true')
  const target = attributes.ints('leaf_targetids')
  return {
    feature,
    value: sized(call, 'nodes_splits', tensor('nodes_splits', type), count),
    mode,
    holds: list('nodes_truenodeids'),
    fails: list('nodes_falsenodeids'),
    holdsLeaf: list('nodes_trueleafs'),
    failsLeaf: list('nodes_falseleafs'),
    missing: missing.length === 0 ? new Float64Array(count) : sized(call, 'nodes_missing_value_tracks_true', missing, count),
    roots: attributes.ints('tree_roots'),
    target,
    weight: sized(call, 'leaf_weights', tensor('leaf_weights', type), target.length),
    members: membersOf(call, mode, tensor('membership_values', type)),
  }
}

/** Sets stand one after the other, in the order of their splits, each ended by NaN. */
function membersOf(call: Call, mode: Float64Array, values: Float64Array): (readonly number[] | undefined)[] {
  let at = 0
  const members = Array.from(mode, (one) => {
    if (one !== MODE.member) return undefined
    const set: number[] = []
    for (; at < values.length && !Number.isNaN(values[at]); at += 1) set.push(values[at]!)
    if (at === values.length || set.length === 0) throw malformed(call, 'membership_values has not a set for each split')
    at += 1
    return set
  })
  if (at !== values.length) throw malformed(call, 'membership_values has more sets than there are splits')
  return members
}

/** Largest member of a set that is read: the runtime cuts numbers to integers for some sets with others. */
const MEMBER_LIMIT = 32

/** More nodes than this for each that the file has are not laid out. */
const SPREAD = 8

/** A split that waits for its place in the layout. */
interface Open {
  readonly split: number
  readonly at: number
  readonly tree: number
}

/** Lays out trees: splits, sets written as chains of comparisons each with a copy of where the set leads, and leaves. */
class Growth {
  readonly #call: Call
  readonly #arrays: Arrays
  readonly #asked: Asked
  #nodes: Nodes
  readonly #leafNode: number[] = []
  readonly #leaf: number[] = []
  /** The split that leads to each split; −1 for none, −2 where it is a root. */
  readonly #parent: Int32Array
  readonly #most: number
  #count = 0

  constructor(call: Call, arrays: Arrays, asked: Asked) {
    this.#call = call
    this.#arrays = arrays
    this.#asked = asked
    this.#parent = new Int32Array(arrays.feature.length).fill(-1)
    let splits = 0
    for (const set of arrays.members) splits += set?.length ?? 1
    const room = 2 * splits + arrays.roots.length
    this.#most = SPREAD * room
    this.#nodes = emptyNodes(room, new Int32Array(0))
  }

  /** Adds the tree that begins at a split; answers where. */
  plant(root: number, tree: number): number {
    const open: Open[] = []
    const first = this.#split({ split: root, parent: -2, tree }, open)
    for (let next = open.pop(); next; next = open.pop()) this.#grow(next, open)
    return first
  }

  /** Takes a place for a split. Only copies made for one set may be of the same split. */
  #split({ split, parent, tree }: { split: number; parent: number; tree: number }, open: Open[]): number {
    const { length } = this.#parent
    if (!(Number.isInteger(split) && split >= 0 && split < length)) throw malformed(this.#call, `there is no node ${split} of ${length}`)
    if (this.#parent[split] !== -1 && (this.#parent[split] !== parent || parent === -2)) throw malformed(this.#call, `node ${split} is come to twice`)
    this.#parent[split] = parent
    const at = this.#add(tree)
    open.push({ split, at, tree })
    return at
  }

  #add(tree: number): number {
    if (this.#count === this.#nodes.tree.length) {
      if (this.#count >= this.#most) throw new UnreadableModel('too-large', this.#call.where, 'its sets are not written out')
      this.#nodes = larger(this.#nodes, Math.min(this.#most, 2 * this.#count))
    }
    this.#nodes.tree[this.#count] = tree
    this.#count += 1
    return this.#count - 1
  }

  #grow({ split, at, tree }: Open, open: Open[]): void {
    const { feature, value, mode, missing, members } = this.#arrays
    checkFeature(this.#call, `nodes_featureids[${split}]`, feature[split]!, this.#asked.features)
    const set = members[split]
    if (!set && !(mode[split]! >= 0 && mode[split]! < MODE.member)) throw malformed(this.#call, `nodes_modes[${split}] is ${mode[split]}`)
    if (set) this.#checkSet(set, split)
    const thresholds = set ?? [value[split]!]
    let place = at
    thresholds.forEach((threshold, step) => {
      const holds = this.#child({ split, side: 'holds', tree }, open)
      const fails = step === thresholds.length - 1 ? this.#child({ split, side: 'fails', tree }, open) : this.#add(tree)
      const kind = set ? MODE.equal : mode[split]!
      writeSplit(this.#nodes, place, { mode: kind, feature: feature[split]!, value: threshold, holds, fails, missingHolds: missing[split] !== 0 })
      place = fails
    })
  }

  #checkSet(set: readonly number[], split: number): void {
    if (set.every((member) => Number.isInteger(member) && member >= 0 && member <= MEMBER_LIMIT)) return
    throw unsupported(this.#call, `the set of node ${split} has others than whole numbers up to ${MEMBER_LIMIT}`)
  }

  #child({ split, side, tree }: { split: number; side: 'holds' | 'fails'; tree: number }, open: Open[]): number {
    const child = this.#arrays[side][split]!
    if (this.#arrays[`${side}Leaf`][split] === 0) return this.#split({ split: child, parent: split, tree }, open)
    if (!(Number.isInteger(child) && child >= 0 && child < this.#arrays.target.length)) throw malformed(this.#call, `there is no leaf ${child}`)
    const at = this.#add(tree)
    this.#leafNode.push(at)
    this.#leaf.push(child)
    return at
  }

  finish(roots: Int32Array): { nodes: Nodes; weights: Weights } {
    const { target, weight } = this.#arrays
    const { outputs } = this.#asked
    const output = Int32Array.from(this.#leaf, (leaf) => target[leaf]!)
    for (const one of output) if (!(one >= 0 && one < outputs)) throw malformed(this.#call, `leaf_targetids has ${one} of ${outputs}`)
    const nodes = { ...larger(this.#nodes, this.#count), roots }
    return { nodes, weights: { node: Int32Array.from(this.#leafNode), output, weight: Float64Array.from(this.#leaf, (leaf) => weight[leaf]!) } }
  }
}

/** The same nodes in arrays of another length. */
function larger(from: Nodes, length: number): Nodes {
  const to = emptyNodes(length, from.roots)
  const kept = Math.min(length, from.tree.length)
  to.tree.set(from.tree.subarray(0, kept))
  to.feature.set(from.feature.subarray(0, kept))
  to.rule.set(from.rule.subarray(0, kept))
  to.value.set(from.value.subarray(0, kept))
  to.yes.set(from.yes.subarray(0, kept))
  to.no.set(from.no.subarray(0, kept))
  return to
}
