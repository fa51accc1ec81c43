import { FairleadError } from '@fairlead/contract'
import type { OnnxAttribute, OnnxModel, OnnxNode, OnnxTensor } from './model.ts'
import { invalidFile, WireReader } from './protobuf.ts'
import { NAME_LIMIT } from './reading.ts'

/** ONNX numbers of the element types that labels have (TensorProto.DataType). */
export const ELEMENT = { int32: 6, int64: 7, string: 8 } as const

/** The node's attribute of this name. */
export function attributeOf(node: OnnxNode, name: string): OnnxAttribute | undefined {
  return node.attributes.find((attribute) => attribute.name === name)
}

/** A list of texts of an attribute; empty where the node lacks it. */
export function stringsOf(model: OnnxModel, node: OnnxNode, name: string): string[] {
  return collect(model, attributeOf(node, name), (reader, values) => {
    if (reader.number === 9) values.push(textOf(reader))
  })
}

/** One text of an attribute; undefined where the node lacks it. */
export function stringOf(model: OnnxModel, node: OnnxNode, name: string): string | undefined {
  const [value] = collect(model, attributeOf(node, name), (reader, values) => {
    if (reader.number === 4) values.push(textOf(reader))
  })
  return value
}

/** A list of whole numbers of an attribute, written as text; empty where the node lacks it. */
export function integersOf(model: OnnxModel, node: OnnxNode, name: string): string[] {
  return collect(model, attributeOf(node, name), (reader, values) => {
    if (reader.number === 8) for (const value of reader.integers(LIST_LIMIT)) values.push(String(value))
  })
}

function textOf(reader: WireReader): string {
  const length = reader.to - reader.from
  if (length > NAME_LIMIT) throw invalidFile(`a text of an attribute has ${length} bytes; at most ${NAME_LIMIT} are read`, reader.from)
  return reader.text()
}

/** Longest list of an attribute that is read: more classes than a model can tell apart. */
const LIST_LIMIT = 100_000

function collect(model: OnnxModel, attribute: OnnxAttribute | undefined, take: (reader: WireReader, values: string[]) => void): string[] {
  if (!attribute) return []
  const values: string[] = []
  const reader = new WireReader(model.bytes, attribute.range)
  while (reader.next()) {
    take(reader, values)
    if (values.length > LIST_LIMIT) throw new FairleadError('model-too-large', `the attribute "${attribute.name}" lists more than ${LIST_LIMIT} values`)
  }
  return values
}

/** Longest list of class labels that is read from a tensor. */
const LABEL_LIMIT = 10_000

/** Values of a small tensor of whole numbers or texts, written as text; undefined for any other tensor. */
export function labelsOf(model: OnnxModel, tensor: OnnxTensor): string[] | undefined {
  const count = tensor.dimensions.reduce((product, size) => product * size, 1)
  if (count < 1 || count > LABEL_LIMIT || tensor.external) return undefined
  const { elementType } = tensor
  if (elementType !== ELEMENT.int32 && elementType !== ELEMENT.int64 && elementType !== ELEMENT.string) return undefined
  const values: string[] = []
  const reader = new WireReader(model.bytes, tensor.range)
  while (values.length <= count && reader.next()) {
    if (reader.number === 6) values.push(textOf(reader))
    else if (reader.number === 5 || reader.number === 7) for (const value of reader.integers(LABEL_LIMIT)) values.push(String(value))
    else if (reader.number === 9) values.push(...rawIntegers(reader.slice(), elementType === ELEMENT.int64))
  }
  return values.length === count ? values : undefined
}

function rawIntegers(bytes: Uint8Array, wide: boolean): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const width = wide ? 8 : 4
  return Array.from({ length: Math.min(LABEL_LIMIT, Math.floor(bytes.length / width)) }, (_, index) =>
    String(wide ? view.getBigInt64(index * width, true) : view.getInt32(index * width, true)),
  )
}
