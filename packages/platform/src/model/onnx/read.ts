import { FairleadError } from '@fairlead/contract'
import { foreignToOnnx } from '../kind.ts'
import { ONNX_SIZE_LIMIT, type OnnxAttribute, type OnnxFunction, type OnnxGraph, type OnnxModel, type OnnxNode, STANDARD_DOMAIN } from './model.ts'
import { invalidFile, WireReader } from './protobuf.ts'
import { readEntry, readSparseTensor, readTensor, readValue } from './read-tensor.ts'
import { COST, Reading } from './reading.ts'

/**
 * Reads an ONNX file (ModelProto of onnx/onnx.proto) without running it or copying its weights.
 * Throws FairleadError `model-file-invalid` naming the file and the byte where reading stopped, or `model-too-large`.
 */
export function readOnnx(bytes: Uint8Array, file = 'the file'): OnnxModel {
  const foreign = foreignToOnnx(bytes)
  if (foreign !== undefined) throw new FairleadError('model-file-invalid', `${file} is not an ONNX file: ${foreign} (at byte 0)`)
  if (bytes.length > ONNX_SIZE_LIMIT) throw new FairleadError('model-too-large', `${file} has ${bytes.length} bytes; an ONNX file holds at most 2 GB`)
  try {
    return readModel(bytes)
  } catch (error) {
    if (error instanceof FairleadError) throw new FairleadError(error.code, `${file} is not a readable ONNX file: ${error.message}`)
    throw error
  }
}

function readModel(bytes: Uint8Array): OnnxModel {
  const reader = new WireReader(bytes)
  const reading = new Reading()
  const model: Omit<OnnxModel, 'graph'> = {
    external: reading.external,
    bytes,
    irVersion: 0,
    opsets: new Map(),
    producer: '',
    producerVersion: '',
    description: '',
    metadata: new Map(),
    functions: [],
  }
  let graph: OnnxGraph | undefined
  while (reader.next()) {
    if (reader.number === 1) model.irVersion = reader.integer()
    else if (reader.number === 2) model.producer = reading.text(reader)
    else if (reader.number === 3) model.producerVersion = reading.text(reader)
    else if (reader.number === 6) model.description = reading.text(reader)
    else if (reader.number === 7) {
      if (graph) throw invalidFile('there is a second graph', reader.at)
      graph = readGraph(reader, reading)
    } else if (reader.number === 8) readOpset(reader, model.opsets, reading)
    else if (reader.number === 14) readMetadata(reader, model.metadata, reading)
    else if (reader.number === 20) readTraining(reader, reading)
    else if (reader.number === 25) model.functions.push(readFunction(reader, reading))
  }
  if (!graph) throw invalidFile('there is no graph', bytes.length)
  checkPorts(graph.inputs, 'inputs')
  checkPorts(graph.outputs, 'outputs')
  if (model.irVersion < 1) throw invalidFile('there is no version of the file format', bytes.length)
  if (model.opsets.size === 0) throw invalidFile('there is no operator-set version', bytes.length)
  for (const body of model.functions) for (const [domain, version] of model.opsets) if (!body.opsets.has(domain)) body.opsets.set(domain, version)
  return { ...model, graph }
}

/** Most inputs, and outputs, of a model: each is a part of the signature, and of every request or answer. */
const PORT_LIMIT = 10_000

function checkPorts({ length }: readonly unknown[], what: string): void {
  if (length > PORT_LIMIT) throw new FairleadError('model-too-large', `the graph has ${length} ${what}; at most ${PORT_LIMIT} are served`)
}

function readMetadata(reader: WireReader, metadata: Map<string, string>, reading: Reading): void {
  reading.take(COST.entry)
  metadata.set(...readEntry(reader, (message) => reading.text(message)))
}

/** The name of a domain as Fairlead writes it. */
function domainName(text: string): string {
  return text === '' ? STANDARD_DOMAIN : text
}

function readOpset(reader: WireReader, opsets: Map<string, number>, reading: Reading): void {
  reading.take(COST.entry)
  const message = reader.message()
  let domain = ''
  let version = 0
  while (message.next()) {
    if (message.number === 1) domain = reading.name(message)
    else if (message.number === 2) version = message.integer()
  }
  const name = domainName(domain)
  opsets.set(name, Math.max(version, opsets.get(name) ?? 0))
}

function readGraph(reader: WireReader, reading: Reading): OnnxGraph {
  const message = reader.message()
  reading.take(COST.graph)
  const graph: OnnxGraph = { name: '', nodes: [], inputs: [], outputs: [], initializers: [] }
  while (message.next()) {
    if (message.number === 1) graph.nodes.push(readNode(message, reading))
    else if (message.number === 2) graph.name = reading.name(message)
    else if (message.number === 5) graph.initializers.push(readTensor(message, reading))
    else if (message.number === 15) graph.initializers.push(readSparseTensor(message, reading))
    else if (message.number === 11) graph.inputs.push(readValue(message, reading))
    else if (message.number === 12) graph.outputs.push(readValue(message, reading))
  }
  const constants = new Set(graph.initializers.map((tensor) => tensor.name))
  graph.inputs = graph.inputs.filter((value) => !constants.has(value.name))
  return graph
}

function readNode(reader: WireReader, reading: Reading): OnnxNode {
  reading.take(COST.node)
  const message = reader.message()
  const node: OnnxNode = { name: '', operator: '', domain: STANDARD_DOMAIN, inputs: [], outputs: [], attributes: [] }
  while (message.next()) {
    if (message.number === 1) node.inputs.push(reading.name(message))
    else if (message.number === 2) node.outputs.push(reading.name(message))
    else if (message.number === 3) node.name = reading.name(message)
    else if (message.number === 4) node.operator = reading.name(message)
    else if (message.number === 5) node.attributes.push(readAttribute(message, reading))
    else if (message.number === 7) node.domain = domainName(reading.name(message))
  }
  if (node.operator === '') throw invalidFile('a node names no operator', reader.at)
  return node
}

function readAttribute(reader: WireReader, reading: Reading): OnnxAttribute {
  const message = reader.message()
  const range = { from: reader.from, to: reader.to, depth: message.depth }
  reading.take(COST.attribute)
  const attribute: OnnxAttribute = { name: '', floats: 0, graphs: [], tensors: [], range }
  while (message.next()) {
    if (message.number === 1) attribute.name = reading.name(message)
    else if (message.number === 5 || message.number === 10) attribute.tensors.push(readTensor(message, reading))
    else if (message.number === 22 || message.number === 23) attribute.tensors.push(readSparseTensor(message, reading))
    else if (message.number === 6 || message.number === 11) attribute.graphs.push(readGraph(message, reading))
    else if (message.number === 7) attribute.floats += message.fixedCount(4)
  }
  return attribute
}

function readFunction(reader: WireReader, reading: Reading): OnnxFunction {
  const message = reader.message()
  reading.take(COST.function)
  const body: OnnxFunction = { name: '', domain: STANDARD_DOMAIN, nodes: [], opsets: new Map() }
  while (message.next()) {
    if (message.number === 1) body.name = reading.name(message)
    else if (message.number === 7) body.nodes.push(readNode(message, reading))
    else if (message.number === 9) readOpset(message, body.opsets, reading)
    else if (message.number === 10) body.domain = domainName(reading.name(message))
    // default values of its attributes
    else if (message.number === 11) readAttribute(message, reading)
  }
  return body
}

/** Reads a TrainingInfoProto for the files it refers to; nothing else of it matters to a model that only answers. */
function readTraining(reader: WireReader, reading: Reading): void {
  const message = reader.message()
  while (message.next()) if (message.number === 1 || message.number === 2) readGraph(message, reading)
}
