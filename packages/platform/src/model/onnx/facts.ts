import type { ModelFacts } from '@fairlead/contract/control'
import { everyNode, everyTensor, type OnnxModel } from './model.ts'
import { operatorName, unsupportedOperators } from './operators.ts'

/** Most operator kinds and metadata entries shown. */
const ENTRY_LIMIT = 500
/** Longest metadata text kept. */
const TEXT_LIMIT = 10_000

/**
 * What an ONNX file tells about itself, for people. `parameters` counts the numbers that training set: initializers,
 * constant tensors and the lists of weights inside tree, linear and SVM operators. `sizeBytes` includes external data.
 */
export function onnxFacts(model: OnnxModel, rewrites: string[]): ModelFacts {
  const operators = new Map<string, number>()
  let parameters = 0
  for (const { node } of everyNode(model)) {
    const name = operatorName(node.domain, node.operator)
    operators.set(name, (operators.get(name) ?? 0) + 1)
    for (const attribute of node.attributes) parameters += attribute.floats
  }
  for (const tensor of everyTensor(model)) {
    parameters += tensor.dimensions.reduce((product, size) => product * size, 1)
  }
  const external = model.external.reduce((sum, tensor) => sum + tensor.sizeBytes, 0)
  const counts = [...operators].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
  const producer = [model.producer, model.producerVersion].filter((part) => part !== '').join(' ')
  return {
    format: 'onnx',
    opsets: Object.fromEntries(model.opsets),
    irVersion: model.irVersion,
    ...(producer === '' ? {} : { producer }),
    ...(model.description === '' ? {} : { description: model.description.slice(0, TEXT_LIMIT) }),
    metadata: Object.fromEntries([...model.metadata].slice(0, ENTRY_LIMIT).map(([key, value]) => [key, value.slice(0, TEXT_LIMIT)])),
    operators: Object.fromEntries(counts.slice(0, ENTRY_LIMIT)),
    unsupportedOperators: unsupportedOperators(model).map((entry) => operatorName(entry.domain, entry.operator)),
    parameters,
    sizeBytes: model.bytes.length + external,
    rewrites,
  }
}
