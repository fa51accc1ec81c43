/** A tensor, sequence, map … as ONNX types a value (onnx/onnx.proto, TypeProto). */
export type OnnxType =
  | { kind: 'tensor' | 'sparse tensor'; elementType: number; dimensions: OnnxDimension[] | undefined }
  | { kind: 'sequence' | 'optional'; element: OnnxType | undefined }
  | { kind: 'map'; keyType: number; value: OnnxType | undefined }
  | { kind: 'opaque' | 'unknown' }

/** A dimension: its size, its symbolic name, or null where the file says neither. */
export type OnnxDimension = number | string | null

export interface OnnxValue {
  name: string
  type: OnnxType
}

/** A constant of the graph. The weights stay in the file: `from` and `to` bound the whole TensorProto. */
export interface OnnxTensor {
  name: string
  dimensions: number[]
  elementType: number
  /** Bytes of the values, wherever they lie. */
  sizeBytes: number
  /** Where the values lie when not in the file itself. */
  external: { location: string; offset: number; length: number | undefined } | undefined
  range: OnnxRange
}

/** Where a message lies in the file, without its tag. */
export interface OnnxRange {
  from: number
  to: number
  depth: number
}

/** An attribute. Its values are decoded only where someone asks: see `attributes.ts`. */
export interface OnnxAttribute {
  name: string
  /** How many floating-point numbers its list holds. */
  floats: number
  graphs: OnnxGraph[]
  tensors: OnnxTensor[]
  range: OnnxRange
}

export interface OnnxNode {
  name: string
  operator: string
  /** The standard domain is written `ai.onnx`. */
  domain: string
  inputs: string[]
  outputs: string[]
  attributes: OnnxAttribute[]
}

export interface OnnxGraph {
  name: string
  nodes: OnnxNode[]
  /** Inputs that a caller must feed: those of the file without its initializers. */
  inputs: OnnxValue[]
  outputs: OnnxValue[]
  initializers: OnnxTensor[]
}

export interface OnnxFunction {
  name: string
  domain: string
  nodes: OnnxNode[]
  /** Operator-set versions by domain; the body is read under these. */
  opsets: Map<string, number>
}

/** What an ONNX file says, without its weights. */
export interface OnnxModel {
  bytes: Uint8Array
  irVersion: number
  /** Operator-set versions by domain; the standard domain is `ai.onnx`. */
  opsets: Map<string, number>
  producer: string
  producerVersion: string
  description: string
  metadata: Map<string, string>
  graph: OnnxGraph
  functions: OnnxFunction[]
  /** Every tensor whose values lie in another file, wherever in the model it stands. */
  external: readonly OnnxTensor[]
}

/** The standard domain's name in Fairlead; files may write it empty. */
export const STANDARD_DOMAIN = 'ai.onnx'

/** Protobuf cannot hold more: a larger ONNX file cannot exist in one piece. */
export const ONNX_SIZE_LIMIT = 2 ** 31 - 1

/** Every graph of the model with the opsets its nodes are read under: the main one, functions' bodies and subgraphs of attributes. */
export function* everyNode(model: OnnxModel): Generator<{ node: OnnxNode; opsets: Map<string, number> }> {
  yield* nodesOf(model.graph.nodes, model.opsets)
  for (const body of model.functions) yield* nodesOf(body.nodes, body.opsets)
}

function* nodesOf(nodes: OnnxNode[], opsets: Map<string, number>): Generator<{ node: OnnxNode; opsets: Map<string, number> }> {
  for (const node of nodes) {
    yield { node, opsets }
    for (const attribute of node.attributes) for (const graph of attribute.graphs) yield* nodesOf(graph.nodes, opsets)
  }
}

/** Every constant tensor of the model: initializers and attributes, subgraphs and functions included. */
export function* everyTensor(model: OnnxModel): Generator<OnnxTensor> {
  yield* model.graph.initializers
  for (const { node } of everyNode(model)) {
    for (const attribute of node.attributes) {
      yield* attribute.tensors
      for (const graph of attribute.graphs) yield* graph.initializers
    }
  }
}
