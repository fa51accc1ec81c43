import { createHash } from 'node:crypto'
import type { ModelComparison } from '@fairlead/contract/control'
import { everyNode, everyTensor, type OnnxDimension, type OnnxTensor, type OnnxValue } from './model.ts'
import { operatorName } from './operators.ts'
import { readOnnx } from './read.ts'
import { describeType } from './rewrite.ts'

type Change = ModelComparison['changes'][number]
type Facts = Map<string, string | number>

/** An ONNX file, and the digests of the files beside it by their paths, in which values may lie. */
export interface GraphFile {
  bytes: Uint8Array
  beside?: ReadonlyMap<string, string>
}

/** Differences that are told; a network that was trained again differs in every constant. */
const MOST_CHANGES = 500

/**
 * In what two ONNX files differ, by what their graphs say: versions, operators and how often, inputs and outputs, constants by type, shape and
 * digest, and how nodes are connected and set. A change whose sides read the same is one of numbers. Throws as `readOnnx`.
 */
export function compareGraphs(before: GraphFile, after: GraphFile): ModelComparison {
  const changes = differences(factsOf(before), factsOf(after))
  return { same: changes.length === 0, changes: changes.slice(0, MOST_CHANGES), ensembles: [], importance: [] }
}

interface GraphFacts {
  /** Facts in words, by what they are of. */
  words: Facts
  /** Digests of what is too long for words, by the same names. */
  digests: ReadonlyMap<string, string>
}

function differences(was: GraphFacts, is: GraphFacts): Change[] {
  const found: Change[] = []
  for (const what of new Set([...was.words.keys(), ...is.words.keys()])) {
    const [before, after] = [was.words.get(what) ?? null, is.words.get(what) ?? null]
    if (before !== after || was.digests.get(what) !== is.digests.get(what)) found.push({ what, before, after })
  }
  return found
}

function factsOf({ bytes, beside }: GraphFile): GraphFacts {
  const model = readOnnx(bytes)
  const words: Facts = new Map([['IR version', model.irVersion]])
  const digests = new Map<string, string>()
  for (const [domain, version] of [...model.opsets].sort()) words.set(`opset ${domain}`, version)
  for (const value of model.graph.inputs) words.set(`input ${value.name}`, valueWords(value))
  for (const value of model.graph.outputs) words.set(`output ${value.name}`, valueWords(value))
  const nodes = createHash('sha256')
  for (const { node } of everyNode(model)) {
    const { operator, domain, inputs, outputs, attributes } = node
    const what = `operator ${operatorName(domain, operator)}`
    words.set(what, Number(words.get(what) ?? 0) + 1)
    nodes.update(JSON.stringify([domain, operator, inputs, outputs]))
    for (const { range } of attributes) nodes.update(model.bytes.subarray(range.from, range.to))
  }
  const connections = 'nodes, as they are connected and set'
  words.set(connections, [...everyNode(model)].length)
  digests.set(connections, nodes.digest('hex'))
  for (const tensor of everyTensor(model)) {
    if (tensor.name === '') continue
    const what = `constant ${tensor.name}`
    words.set(what, tensorWords(tensor))
    const data = tensor.external && beside?.get(tensor.external.location)
    const own = model.bytes.subarray(tensor.range.from, tensor.range.to)
    digests.set(
      what,
      createHash('sha256')
        .update(own)
        .update(data ?? '')
        .digest('hex'),
    )
  }
  return { words, digests }
}

function valueWords({ type }: OnnxValue): string {
  if (type.kind !== 'tensor') return describeType(type)
  return `${elementWords(type.elementType)} ${shapeWords(type.dimensions)}`
}

function tensorWords({ elementType, dimensions, external }: OnnxTensor): string {
  return `${elementWords(elementType)} ${shapeWords(dimensions)}${external ? ` in ${external.location}` : ''}`
}

/** TensorProto.DataType (onnx/onnx.proto). */
const ELEMENTS = ['undefined', 'float32', 'uint8', 'int8', 'uint16', 'int16', 'int32', 'int64', 'string', 'bool', 'float16', 'float64', 'uint32', 'uint64']

function elementWords(type: number): string {
  return ELEMENTS[type] ?? `type ${type}`
}

function shapeWords(dimensions: readonly OnnxDimension[] | undefined): string {
  return dimensions === undefined ? 'of any shape' : `[${dimensions.map((size) => size ?? '?').join(', ')}]`
}
