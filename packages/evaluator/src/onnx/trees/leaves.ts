import { UnreadableModel } from '../../unreadable.ts'
import { type Call, malformed, unsupported } from '../call.ts'
import { type Listed, numbersOf, sized } from './nodes.ts'

/** Weights of the leaves: which leaf (its place among the nodes), which output, how much. */
export interface Weights {
  readonly node: Int32Array
  readonly output: Int32Array
  readonly weight: Float64Array
}

/** Reads the weights of TreeEnsembleClassifier (`class`) or TreeEnsembleRegressor (`target`). */
export function readWeights(call: Call, nodes: Listed, { of, outputs }: { of: 'class' | 'target'; outputs: number }): Weights {
  const { attributes } = call
  const weight = numbersOf(call, `${of}_weights`)
  const count = weight.length
  const trees = sized(call, `${of}_treeids`, attributes.ints(`${of}_treeids`), count)
  const ids = sized(call, `${of}_nodeids`, attributes.ints(`${of}_nodeids`), count)
  const output = sized(call, `${of}_ids`, attributes.ints(`${of}_ids`), count)
  const node = new Int32Array(count)
  for (let at = 0; at < count; at += 1) {
    const place = nodes.place(trees[at]!, ids[at]!)
    if (place < 0 || nodes.feature[place]! >= 0) throw malformed(call, `${of}_nodeids[${at}]: tree ${trees[at]} has no leaf ${ids[at]}`)
    if (!(output[at]! >= 0 && output[at]! < outputs)) throw malformed(call, `${of}_ids[${at}] is ${output[at]} of ${outputs}`)
    node[at] = place
  }
  return { node, output: Int32Array.from(output), weight }
}

/** What the leaves of a form hold: one number each for the output of their tree, or a number for every output. */
export interface Leaves {
  readonly leaf: 'scalar' | 'vector'
  readonly target: Int32Array
  readonly vectors: Float64Array
  /** Whether some leaf says nothing of some output of its tree (scalar), or of all outputs (vector). */
  readonly gaps: boolean
  /** Outputs that every row gets a weight for, whichever leaves it comes to. */
  readonly scored: Uint8Array
}

/** More numbers than this for each weight of the file are not written out. */
const SPREAD = 16

/** Puts the weights into the nodes (`value` and `yes` of leaves) or into vectors. */
export function writeLeaves(call: Call, nodes: Pick<Listed, 'roots' | 'tree' | 'feature' | 'value' | 'yes'>, weights: Weights, outputs: number): Leaves {
  const target = treeTargets(nodes, weights)
  const counts = new Uint8Array(nodes.feature.length)
  for (const node of weights.node) counts[node] = Math.min(255, counts[node]! + 1)
  if (target && !counts.includes(2)) return writeScalars(nodes, weights, { target, counts, outputs })
  return writeVectors(call, nodes, weights, outputs)
}

/** The one output that each tree adds to; undefined where some tree adds to several. */
function treeTargets({ roots, tree }: Pick<Listed, 'roots' | 'tree'>, { node, output }: Weights): Int32Array | undefined {
  const target = new Int32Array(roots.length).fill(-1)
  for (let at = 0; at < node.length; at += 1) {
    const number = tree[node[at]!]!
    if (target[number] !== -1 && target[number] !== output[at]) return undefined
    target[number] = output[at]!
  }
  return target.map((one) => Math.max(0, one))
}

interface Scalars {
  readonly target: Int32Array
  readonly counts: Uint8Array
  readonly outputs: number
}

function writeScalars(
  { feature, value, tree, roots }: Pick<Listed, 'feature' | 'value' | 'tree' | 'roots'>,
  { node, weight }: Weights,
  { target, counts, outputs }: Scalars,
): Leaves {
  const full = new Uint8Array(roots.length).fill(1)
  for (let at = 0; at < feature.length; at += 1) {
    if (feature[at]! >= 0 || counts[at] !== 0) continue
    value[at] = 0
    full[tree[at]!] = 0
  }
  node.forEach((leaf, at) => {
    value[leaf] = weight[at]!
  })
  const scored = new Uint8Array(outputs)
  target.forEach((output, number) => {
    if (full[number] === 1) scored[output] = 1
  })
  return { leaf: 'scalar', target, vectors: new Float64Array(0), gaps: full.includes(0), scored }
}

function writeVectors(
  call: Call,
  { feature, value, yes, tree, roots }: Pick<Listed, 'feature' | 'value' | 'yes' | 'tree' | 'roots'>,
  weights: Weights,
  outputs: number,
): Leaves {
  let leaves = 0
  for (let at = 0; at < feature.length; at += 1) {
    if (feature[at]! >= 0) continue
    value[at] = 0
    yes[at] = leaves
    leaves += 1
  }
  if (leaves * outputs > SPREAD * weights.weight.length + 1_000_000)
    throw new UnreadableModel('too-large', call.where, `${leaves} leaves of ${outputs} outputs are not written out`)
  const vectors = new Float64Array(leaves * outputs)
  const met = new Uint8Array(leaves * outputs)
  weights.node.forEach((leaf, at) => {
    const place = yes[leaf]! * outputs + weights.output[at]!
    if (met[place] !== 0) throw unsupported(call, `a leaf has two weights for the output ${weights.output[at]}`)
    met[place] = 1
    vectors[place] = weights.weight[at]!
  })
  return { leaf: 'vector', target: new Int32Array(roots.length), vectors, gaps: met.includes(0), scored: scoredOf({ feature, yes, tree, roots }, met, outputs) }
}

/** Outputs that all leaves of at least one tree speak of. */
function scoredOf({ feature, yes, tree, roots }: Pick<Listed, 'feature' | 'yes' | 'tree' | 'roots'>, met: Uint8Array, outputs: number): Uint8Array {
  const scored = new Uint8Array(outputs)
  for (let output = 0; output < outputs; output += 1) {
    const full = new Uint8Array(roots.length).fill(1)
    for (let at = 0; at < feature.length; at += 1) if (feature[at]! < 0 && met[yes[at]! * outputs + output] === 0) full[tree[at]!] = 0
    scored[output] = full.includes(1) ? 1 : 0
  }
  return scored
}
