import { type Call, malformed, type Operators, rowsAt, unsupported } from '../call.ts'
import { type Aggregate, emitTrees, treeRows } from '../trees/ensemble.ts'
import { readTreeEnsemble } from '../trees/ensemble5.ts'
import { readWeights } from '../trees/leaves.ts'
import { type Listed, numbersOf, readListed } from '../trees/nodes.ts'
import type { Rows, Value } from '../values.ts'
import { postTransformAll } from './linear.ts'

/** Tree ensembles that give numbers. */
export const TREES: Operators = { TreeEnsembleRegressor: regressor, TreeEnsemble: ensemble }

/** Most outputs of an ensemble. */
const OUTPUTS_LIMIT = 100_000

function regressor(call: Call): Value[] {
  const { attributes } = call
  const value = treeRows(call, rowsAt(call, 0))
  checkPrecision(call, value, 'target')
  const outputs = attributes.int('n_targets', 0)
  if (!(outputs > 0 && outputs <= OUTPUTS_LIMIT)) throw malformed(call, `n_targets is ${outputs}`)
  const aggregate = attributes.string('aggregate_function', 'SUM')
  if (aggregate !== 'SUM' && aggregate !== 'AVERAGE' && aggregate !== 'MIN' && aggregate !== 'MAX')
    throw malformed(call, `there is no aggregate_function ${aggregate}`)
  const nodes = readListed(call, value.dims[1]!)
  const weights = readWeights(call, nodes, { of: 'target', outputs })
  if (outputs === 1) refuseValuedLeaves(call, nodes, weights.node)
  const { sums } = emitTrees(call, value, { nodes, weights, outputs, aggregate, base: numbersOf(call, 'base_values') })
  return [predicted(call, sums, attributes.string('post_transform', 'NONE'))]
}

/** Of a leaf without a weight the runtime adds its node's own number, where there is one output. */
function refuseValuedLeaves(call: Call, { feature, value }: Listed, weighed: Int32Array): void {
  const has = new Uint8Array(feature.length)
  for (const leaf of weighed) has[leaf] = 1
  for (let at = 0; at < feature.length; at += 1) {
    if (feature[at]! < 0 && has[at] === 0 && value[at] !== 0) throw unsupported(call, `the leaf at nodes_values[${at}] has no weight`)
  }
}

/** All is given as floats. */
function predicted(call: Call, sums: Rows, transform: string): Rows {
  return { ...call.builder.cast(postTransformAll(call, sums, transform), 'f32'), meaning: { role: 'prediction' } }
}

/** Numbers may be given as doubles where rows are doubles, and nowhere else. */
export function checkPrecision(call: Call, value: Rows, of: 'class' | 'target'): void {
  for (const name of ['nodes_values', `${of}_weights`, 'base_values']) {
    const tensor = call.attributes.tensor(`${name}_as_tensor`)
    if (tensor && (tensor.type !== 'f64' || value.type !== 'f64'))
      throw unsupported(call, `${name}_as_tensor is of ${tensor.type} and its rows are ${value.type}`)
    if (tensor && call.attributes.has(name)) throw malformed(call, `it has ${name} twice`)
  }
}

const AGGREGATES: readonly Aggregate[] = ['AVERAGE', 'SUM', 'MIN', 'MAX']
const TRANSFORMS: readonly string[] = ['NONE', 'SOFTMAX', 'LOGISTIC', 'SOFTMAX_ZERO', 'PROBIT']

/** TreeEnsemble of ai.onnx.ml 5: one operator for both, of the type of its rows. */
function ensemble(call: Call): Value[] {
  const { attributes, builder } = call
  const given = rowsAt(call, 0)
  if (given.type !== 'f32' && given.type !== 'f64') throw unsupported(call, `it is done of ${given.type}`)
  const value = treeRows(call, given)
  const outputs = attributes.int('n_targets', 1)
  const aggregate = AGGREGATES[attributes.int('aggregate_function', 1)]
  const transform = TRANSFORMS[attributes.int('post_transform', 0)]
  if (!(outputs > 0 && outputs <= OUTPUTS_LIMIT) || !aggregate || !transform)
    throw malformed(call, 'its n_targets, aggregate_function or post_transform is none that there is')
  const { nodes, weights } = readTreeEnsemble(call, { features: value.dims[1]!, outputs, type: given.type })
  const { sums } = emitTrees(call, value, { nodes, weights, outputs, aggregate, base: new Float64Array(0) })
  return [{ ...builder.cast(postTransformAll(call, sums, transform), given.type), meaning: { role: 'prediction' } }]
}
