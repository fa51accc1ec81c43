import type { Range } from './wire.ts'

/** The standard operators' domain; files may write it empty. */
export const STANDARD = 'ai.onnx'
/** The domain of trees, linear models and encoders. */
export const ML = 'ai.onnx.ml'

/** TensorProto.DataType: the element types that are read. */
export const ELEMENT = { float: 1, int32: 6, int64: 7, string: 8, bool: 9, double: 11 } as const

/** A constant of the graph; its values stay in the file. */
export interface FileTensor {
  readonly name: string
  readonly range: Range
  readonly sparse: boolean
}

export interface FileAttribute {
  readonly name: string
  /** The whole AttributeProto. */
  readonly range: Range
  /** AttributeProto.AttributeType; 0 where an old file does not say. */
  readonly type: number
  /** In a function's body: the attribute of the call that it stands for. */
  readonly reference: string
}

export interface FileNode {
  readonly name: string
  readonly operator: string
  readonly domain: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attributes: ReadonlyMap<string, FileAttribute>
}

/** An input or output: a tensor with its element type and dimensions (a size, a symbolic name, null), or something else. */
export interface FileValue {
  readonly name: string
  readonly kind: 'tensor' | 'other'
  readonly elementType: number
  readonly dimensions: readonly (number | string | null)[] | undefined
}

export interface FileGraph {
  readonly nodes: readonly FileNode[]
  readonly inputs: readonly FileValue[]
  readonly outputs: readonly FileValue[]
  readonly initializers: ReadonlyMap<string, FileTensor>
}

/** What an ONNX file says (ModelProto of onnx/onnx.proto), with its weights left where they lie. */
export interface FileModel {
  readonly bytes: Uint8Array
  readonly irVersion: number
  /** Operator-set versions by domain. */
  readonly opsets: ReadonlyMap<string, number>
  readonly producer: string
  readonly producerVersion: string
  readonly graph: FileGraph
}
