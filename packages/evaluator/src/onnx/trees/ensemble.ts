import type { Trees } from '../../form/trees.ts'
import { type Call, malformed, unsupported } from '../call.ts'
import { ROWS, type Rows, rowAxis } from '../values.ts'
import { type Leaves, type Weights, writeLeaves } from './leaves.ts'
import type { Nodes } from './nodes.ts'

export type Aggregate = 'SUM' | 'AVERAGE' | 'MIN' | 'MAX'

/** What is known of an ensemble beside its nodes and weights. */
export interface Ensemble {
  readonly outputs: number
  readonly aggregate: Aggregate
  /** One for each output, or none. */
  readonly base: Float64Array
}

/** The rows that trees are given: two dimensions, as floats or as doubles. */
export function treeRows(call: Call, value: Rows): Rows {
  if (value.dims.length !== 2 || rowAxis(value.dims) !== 0) throw unsupported(call, 'its rows are not along the first of two dimensions')
  if (value.type === 'text' || value.type === 'bool') throw unsupported(call, `it is done of ${value.type}`)
  return value.type === 'f64' ? value : call.builder.cast(value, 'f32')
}

/** Adds an ensemble to the form: its sums, and what its leaves say. */
export function emitTrees(call: Call, value: Rows, parts: { nodes: Nodes; weights: Weights } & Ensemble): { sums: Rows; leaves: Leaves } {
  const { nodes, weights, outputs, aggregate, base } = parts
  const single = value.type === 'f32'
  if (base.length !== 0 && base.length !== outputs) throw malformed(call, `it has ${base.length} base values for ${outputs} outputs`)
  const weightless = leftOut(nodes, weights)
  const leaves = writeLeaves(call, nodes, weights, outputs)
  if (weightless && (aggregate !== 'SUM' || base.length > 0)) throw unsupported(call, 'a leaf has no weight')
  if (aggregate === 'MIN' || aggregate === 'MAX') checkExtremes(call, leaves, base)
  const trees: Trees = {
    features: value.dims[1]!,
    outputs,
    compare: single ? 'f32' : 'f64',
    sum: single ? 'f32' : 'f64',
    zero: 0,
    roots: nodes.roots,
    target: leaves.target,
    feature: nodes.feature,
    rule: nodes.rule,
    value: nodes.value,
    yes: nodes.yes,
    no: nodes.no,
    leaf: leaves.leaf,
    vectors: leaves.vectors,
    sets: { start: new Int32Array(1), words: new Uint32Array(0) },
    base: base.length > 0 ? base : new Float64Array(outputs),
    baseFirst: false,
    aggregate: aggregate === 'MIN' ? 'min' : aggregate === 'MAX' ? 'max' : 'sum',
    divisor: aggregate === 'AVERAGE' ? nodes.roots.length : 1,
  }
  return { sums: call.builder.emit({ op: 'trees', of: [value.value], trees }, { type: trees.sum, dims: [ROWS, outputs] }), leaves }
}

/** Whether a leaf has no weight. */
function leftOut({ feature }: Nodes, { node }: Weights): boolean {
  const weighed = new Uint8Array(feature.length)
  for (const leaf of node) weighed[leaf] = 1
  for (let at = 0; at < feature.length; at += 1) if (feature[at]! < 0 && weighed[at] === 0) return true
  return false
}

/** Of what no leaf speaks there is no least or greatest; the runtime then has 0. */
function checkExtremes(call: Call, { leaf, gaps, scored }: Leaves, base: Float64Array): void {
  if (gaps || (leaf === 'scalar' && base.length > 0 && scored.includes(0))) throw unsupported(call, 'some leaves have no weight for an output')
  if (scored.includes(0)) throw unsupported(call, 'no tree has weights for an output')
}
