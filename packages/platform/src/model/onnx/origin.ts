import { integersOf, labelsOf, stringOf, stringsOf } from './attributes.ts'
import type { OnnxModel, OnnxNode } from './model.ts'

/** Where a tensor's values come from, as far as it tells labels from numbers. */
export interface Origin {
  /** Whether a classifier operator computes the tensor's labels. */
  classifier: boolean
  /** Class labels, written as text. */
  classes: string[] | undefined
  /** The link the operator applies to its scores, such as SOFTMAX. */
  transform: string | undefined
}

/** Operators that pass values on, whose first input is the one to follow. */
const PASSING = new Set(['Identity', 'Cast', 'Reshape', 'Squeeze', 'Flatten', 'Normalizer', 'Unsqueeze'])
const CLASSIFIERS = new Set(['TreeEnsembleClassifier', 'LinearClassifier', 'SVMClassifier'])
/** Longest chain of passing operators that is followed. */
const CHAIN_LIMIT = 32

/** Answers a function that follows a tensor back to the operator that made it. */
export function tracer(model: OnnxModel): (tensor: string) => Origin {
  const producers = new Map<string, OnnxNode>()
  for (const node of model.graph.nodes) for (const output of node.outputs) producers.set(output, node)
  return (tensor) => trace(model, producers, tensor)
}

function trace(model: OnnxModel, producers: ReadonlyMap<string, OnnxNode>, tensor: string): Origin {
  let current = tensor
  let normalised = false
  for (let step = 0; step < CHAIN_LIMIT; step += 1) {
    const node = producers.get(current)
    if (!node) break
    if (CLASSIFIERS.has(node.operator)) {
      const transform = stringOf(model, node, 'post_transform')
      return { classifier: node.outputs[0] === current, classes: classLabels(model, node), transform: normalised ? 'SOFTMAX' : transform }
    }
    if (node.operator === 'Softmax') return { classifier: false, classes: undefined, transform: 'SOFTMAX' }
    if (node.operator === 'Sigmoid') return { classifier: false, classes: undefined, transform: 'LOGISTIC' }
    if (node.operator === 'ArrayFeatureExtractor') return pickedLabels(model, node)
    if (!PASSING.has(node.operator)) break
    normalised ||= node.operator === 'Normalizer'
    current = node.inputs[0] ?? ''
  }
  return { classifier: false, classes: undefined, transform: undefined }
}

function classLabels(model: OnnxModel, node: OnnxNode): string[] | undefined {
  for (const name of ['classlabels_strings', 'classlabels_int64s', 'classlabels_ints']) {
    const labels = name === 'classlabels_strings' ? stringsOf(model, node, name) : integersOf(model, node, name)
    if (labels.length > 0) return labels
  }
  return undefined
}

/** skl2onnx looks labels up in a constant by the index of the largest score. */
function pickedLabels(model: OnnxModel, node: OnnxNode): Origin {
  const constant = model.graph.initializers.find((tensor) => tensor.name === node.inputs[0])
  const classes = constant && labelsOf(model, constant)
  return { classifier: classes !== undefined, classes, transform: undefined }
}
