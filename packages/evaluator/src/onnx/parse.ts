import { UnreadableModel } from '../unreadable.ts'
import type { FileAttribute, FileGraph, FileModel, FileNode, FileTensor, FileValue } from './model.ts'
import { STANDARD } from './model.ts'
import { brokenAt, WireReader as Wire, type WireReader } from './wire.ts'

/** Longest name, in bytes. */
const NAME_LIMIT = 4096
/** Most nodes, tensors, values, attributes and names of a file together: a byte of a file can ask for a hundred bytes of memory. */
const PARTS_LIMIT = 500_000
/** Most dimensions of a value. */
const RANK_LIMIT = 8
/** Most bytes of a file: protobuf cannot hold more. */
const SIZE_LIMIT = 2 ** 31 - 1

/** Counts what is kept of a file. */
class Room {
  #left = PARTS_LIMIT

  take(): void {
    this.#left -= 1
    if (this.#left < 0) throw new UnreadableModel('too-large', '', `the file has more than ${PARTS_LIMIT} nodes, tensors, attributes and names`)
  }

  name(reader: WireReader): string {
    this.take()
    return reader.text(NAME_LIMIT)
  }
}

/** Reads the structure of an ONNX file. Throws UnreadableModel 'malformed' with the byte, or 'too-large'. */
export function parseModel(bytes: Uint8Array): FileModel {
  if (bytes.length > SIZE_LIMIT) throw new UnreadableModel('too-large', '', `the file has ${bytes.length} bytes; an ONNX file holds less than 2 GB`)
  const reader = new Wire(bytes)
  const room = new Room()
  const opsets = new Map<string, number>()
  let irVersion = 0
  let producer = ''
  let producerVersion = ''
  let graph: FileGraph | undefined
  while (reader.next()) {
    if (reader.number === 1) irVersion = reader.integer()
    else if (reader.number === 2) producer = room.name(reader)
    else if (reader.number === 3) producerVersion = room.name(reader)
    else if (reader.number === 7) {
      if (graph) throw brokenAt(reader.from, 'there is a second graph')
      graph = parseGraph(reader.message(), room)
    } else if (reader.number === 8) parseOpset(reader.message(), opsets, room)
  }
  if (!graph) throw brokenAt(bytes.length, 'there is no graph')
  if (irVersion < 1) throw brokenAt(bytes.length, 'there is no version of the file format')
  if (opsets.size === 0) throw brokenAt(bytes.length, 'there is no operator-set version')
  return { bytes, irVersion, opsets, producer, producerVersion, graph }
}

function domainOf(text: string): string {
  return text === '' ? STANDARD : text
}

function parseOpset(reader: WireReader, opsets: Map<string, number>, room: Room): void {
  let domain = ''
  let version = 0
  while (reader.next()) {
    if (reader.number === 1) domain = room.name(reader)
    else if (reader.number === 2) version = reader.integer()
  }
  opsets.set(domainOf(domain), version)
}

function parseGraph(reader: WireReader, room: Room): FileGraph {
  const nodes: FileNode[] = []
  const inputs: FileValue[] = []
  const outputs: FileValue[] = []
  const initializers = new Map<string, FileTensor>()
  while (reader.next()) {
    if (reader.number === 1) nodes.push(parseNode(reader.message(), room))
    else if (reader.number === 5 || reader.number === 15) {
      const tensor = parseTensorName(reader, room)
      if (initializers.has(tensor.name)) throw brokenAt(reader.from, `there are two initializers "${tensor.name}"`)
      initializers.set(tensor.name, tensor)
    } else if (reader.number === 11) inputs.push(parseValue(reader.message(), room))
    else if (reader.number === 12) outputs.push(parseValue(reader.message(), room))
  }
  return { nodes, inputs, outputs, initializers }
}

function parseTensorName(reader: WireReader, room: Room): FileTensor {
  const sparse = reader.number === 15
  const range = reader.range()
  const message = reader.message()
  let name = ''
  while (message.next()) {
    if (!sparse && message.number === 8) name = room.name(message)
    // the name of a sparse tensor is that of its values
    if (sparse && message.number === 1) {
      const values = message.message()
      while (values.next()) if (values.number === 8) name = room.name(values)
    }
  }
  return { name, range, sparse }
}

function parseNode(reader: WireReader, room: Room): FileNode {
  room.take()
  const inputs: string[] = []
  const outputs: string[] = []
  const attributes = new Map<string, FileAttribute>()
  const node = { name: '', operator: '', domain: STANDARD, inputs, outputs, attributes }
  while (reader.next()) {
    if (reader.number === 1) inputs.push(room.name(reader))
    else if (reader.number === 2) outputs.push(room.name(reader))
    else if (reader.number === 3) node.name = room.name(reader)
    else if (reader.number === 4) node.operator = room.name(reader)
    else if (reader.number === 5) {
      const attribute = parseAttribute(reader, room)
      if (attributes.has(attribute.name)) throw brokenAt(reader.from, `a node has the attribute "${attribute.name}" twice`)
      attributes.set(attribute.name, attribute)
    } else if (reader.number === 7) node.domain = domainOf(room.name(reader))
  }
  if (node.operator === '') throw brokenAt(reader.end, 'a node names no operator')
  return node
}

function parseAttribute(reader: WireReader, room: Room): FileAttribute {
  room.take()
  const range = reader.range()
  const message = reader.message()
  let name = ''
  let type = 0
  let reference = ''
  while (message.next()) {
    if (message.number === 1) name = room.name(message)
    else if (message.number === 20) type = message.integer()
    else if (message.number === 21) reference = room.name(message)
  }
  return { name, range, type, reference }
}

function parseValue(reader: WireReader, room: Room): FileValue {
  room.take()
  let name = ''
  let type: Omit<FileValue, 'name'> = { kind: 'other', elementType: 0, dimensions: undefined }
  while (reader.next()) {
    if (reader.number === 1) name = room.name(reader)
    else if (reader.number === 2) type = parseType(reader.message(), room)
  }
  return { name, ...type }
}

function parseType(reader: WireReader, room: Room): Omit<FileValue, 'name'> {
  let type: Omit<FileValue, 'name'> = { kind: 'other', elementType: 0, dimensions: undefined }
  while (reader.next()) {
    if (reader.number !== 1) continue
    const tensor = reader.message()
    let elementType = 0
    let dimensions: FileValue['dimensions']
    while (tensor.next()) {
      if (tensor.number === 1) elementType = tensor.integer()
      else if (tensor.number === 2) dimensions = parseShape(tensor.message(), room)
    }
    type = { kind: 'tensor', elementType, dimensions }
  }
  return type
}

function parseShape(reader: WireReader, room: Room): (number | string | null)[] {
  const dimensions: (number | string | null)[] = []
  while (reader.next()) {
    if (reader.number !== 1) continue
    if (dimensions.length === RANK_LIMIT) throw new UnreadableModel('unsupported', '', `a value has more than ${RANK_LIMIT} dimensions`)
    const message = reader.message()
    let size: number | string | null = null
    while (message.next()) {
      if (message.number === 1) size = message.integer()
      else if (message.number === 2) size = room.name(message) || null
    }
    dimensions.push(size)
  }
  return dimensions
}
