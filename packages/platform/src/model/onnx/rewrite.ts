import { FairleadError } from '@fairlead/contract'
import { integersOf, stringsOf } from './attributes.ts'
import { type OnnxGraph, type OnnxModel, type OnnxNode, type OnnxType, STANDARD_DOMAIN } from './model.ts'
import { WireReader, WireWriter } from './protobuf.ts'

/** A model file that the Node binding of ONNX Runtime can answer from. */
export interface Rewritten {
  /** The given bytes when nothing had to change. */
  bytes: Uint8Array
  /** What changed, in words. */
  rewrites: string[]
  /** Class labels, written as text, of each output that was a map from label to probability. */
  classes: Map<string, string[]>
}

/** Opset for the Identity node in a file that uses the standard domain nowhere else. */
const IDENTITY_OPSET = 13
const FLOAT = 1

/**
 * Replaces each `ZipMap` whose result is a graph output (a sequence of maps, which the Node binding cannot return) by an
 * `Identity` of the same output name, so that the output is its float tensor `[N, classes]`. Every other byte is copied as it is,
 * and the same file gives the same bytes. Throws FairleadError `model-output-unsupported` for other outputs that are not tensors.
 */
export function rewriteOnnx(model: OnnxModel): Rewritten {
  const zipMaps = new Map<string, { node: number; labels: string[] }>()
  const producers = producersOf(model.graph)
  const labels = new Map<number, string[]>()
  for (const output of model.graph.outputs) {
    if (isTensor(output.type)) continue
    const index = zipMapOf(model.graph, producers.get(output.name))
    if (index === undefined)
      throw new FairleadError('model-output-unsupported', `output "${output.name}" is ${describeType(output.type)}; only tensors can be answered`)
    const found = labels.get(index) ?? zipMapLabels(model, model.graph.nodes[index]!)
    labels.set(index, found)
    zipMaps.set(output.name, { node: index, labels: found })
  }
  if (zipMaps.size === 0) return { bytes: model.bytes, rewrites: [], classes: new Map() }
  const classes = new Map([...zipMaps].map(([name, { labels }]) => [name, labels]))
  const nodes = new Set([...zipMaps.values()].map(({ node }) => node))
  const rewrites = [...classes].map(
    ([name, labels]) => `ZipMap removed: output "${name}" is now a float tensor of ${labels.length} columns, its labels kept in the signature`,
  )
  return { bytes: rewriteModel(model, { nodes, classes }), rewrites, classes }
}

/** An output that names no type is left to the runtime, which infers it. */
function isTensor(type: OnnxType): boolean {
  return type.kind === 'tensor' || type.kind === 'unknown'
}

/** The first node, by its place in the graph, that makes each tensor. */
function producersOf(graph: OnnxGraph): ReadonlyMap<string, number> {
  const producers = new Map<string, number>()
  graph.nodes.forEach((node, index) => {
    for (const name of node.outputs) if (!producers.has(name)) producers.set(name, index)
  })
  return producers
}

function zipMapOf(graph: OnnxGraph, index: number | undefined): number | undefined {
  const node = graph.nodes[index ?? -1]
  return node?.operator === 'ZipMap' && node.domain === 'ai.onnx.ml' && node.inputs[0] !== undefined ? index : undefined
}

function zipMapLabels(model: OnnxModel, node: OnnxNode): string[] {
  const texts = stringsOf(model, node, 'classlabels_strings')
  const labels = texts.length > 0 ? texts : integersOf(model, node, 'classlabels_int64s')
  if (labels.length === 0) throw new FairleadError('model-output-unsupported', `the ZipMap of output "${node.outputs[0]}" names no classes`)
  return labels
}

/** A type in words. */
export function describeType(type: OnnxType): string {
  if (type.kind === 'sequence' || type.kind === 'optional')
    return `${type.kind === 'sequence' ? 'a sequence' : 'an optional value'}${type.element ? ` of ${describeType(type.element)}` : ''}`
  if (type.kind === 'map') return 'a map'
  return type.kind === 'tensor' ? 'a tensor' : type.kind === 'sparse tensor' ? 'a sparse tensor' : 'a value of unknown type'
}

interface Change {
  nodes: Set<number>
  classes: Map<string, string[]>
}

function rewriteModel(model: OnnxModel, change: Change): Uint8Array {
  const writer = new WireWriter()
  const reader = new WireReader(model.bytes)
  while (reader.next()) {
    if (reader.number === 7) writer.message(7, rewriteGraph(reader.message(), change))
    else writer.raw(reader.raw())
  }
  if (!model.opsets.has(STANDARD_DOMAIN)) writer.message(8, new WireWriter().text(1, '').varint(2, IDENTITY_OPSET))
  return writer.finish()
}

function rewriteGraph(reader: WireReader, change: Change): WireWriter {
  const writer = new WireWriter()
  let node = -1
  while (reader.next()) {
    if (reader.number === 1) node += 1
    if (reader.number === 1 && change.nodes.has(node)) writer.message(1, identityOf(reader.message()))
    else if (reader.number === 12) writeOutput(writer, reader, change.classes)
    else writer.raw(reader.raw())
  }
  return writer
}

function identityOf(zipMap: WireReader): WireWriter {
  const writer = new WireWriter()
  while (zipMap.next()) {
    if (zipMap.number <= 3) writer.raw(zipMap.raw())
  }
  return writer.text(4, 'Identity')
}

function writeOutput(writer: WireWriter, reader: WireReader, classes: Map<string, string[]>): void {
  const message = reader.message()
  let labels: string[] | undefined
  let name = ''
  while (message.next()) {
    if (message.number !== 1) continue
    name = message.text()
    labels = classes.get(name)
  }
  if (!labels) writer.raw(reader.raw())
  else writer.message(12, new WireWriter().text(1, name).message(2, probabilitiesType(labels.length)))
}

/** TypeProto of a float tensor `[?, count]`. */
function probabilitiesType(count: number): WireWriter {
  const shape = new WireWriter().message(1, new WireWriter()).message(1, new WireWriter().varint(1, count))
  return new WireWriter().message(1, new WireWriter().varint(1, FLOAT).message(2, shape))
}
