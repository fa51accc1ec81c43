import { BYTES, FIXED64, tagOf, VARINT, WireReader } from './wire.ts'

/** A value of a request's, an input's or an output's parameters; 64-bit integers as bigint. */
export type Parameter = boolean | bigint | string | number
export type Parameters = ReadonlyMap<string, Parameter>

/** One input as it stands in the message: where its typed values are, not yet read. */
export interface InputMessage {
  name: string
  datatype: string
  shape: number[]
  parameters: Parameters
  /** Begin and end of each part of its contents, one after the other; protobuf allows a message in several parts. */
  contents: number[]
}

/** `inference.ModelInferRequest`, its values still in the bytes it was read from. */
export interface InferMessage {
  bytes: Buffer
  model: string
  version: string
  id: string
  parameters: Parameters
  inputs: InputMessage[]
  outputs: { name: string; parameters: Parameters }[]
  /** Begin and end of each entry of raw_input_contents, one after the other. */
  raws: number[]
}

const NONE: Parameters = new Map()
/** Bounds of what takes more memory than bytes on the wire. */
const MAX_TENSORS = 10_000
const MAX_PARAMETERS = 1000
const MAX_DIMENSIONS = 64
const MAX_PARTS = 64

const TAG = { text1: tagOf(1, BYTES), text2: tagOf(2, BYTES), bytes3: tagOf(3, BYTES), bytes4: tagOf(4, BYTES), bytes5: tagOf(5, BYTES) }
const TAG_OUTPUT = tagOf(6, BYTES)
const TAG_RAW = tagOf(7, BYTES)
const TAG_DIMENSION = tagOf(3, VARINT)
const CHOICE = { bool: tagOf(1, VARINT), int64: tagOf(2, VARINT), text: tagOf(3, BYTES), double: tagOf(4, FIXED64), uint64: tagOf(5, VARINT) }

/** Reads a ModelInferRequest. Throws `request-invalid` for what is not one, naming the byte. */
export function readInferMessage(bytes: Buffer): InferMessage {
  const reader = new WireReader(bytes)
  const message: InferMessage = { bytes, model: '', version: '', id: '', parameters: NONE, inputs: [], outputs: [], raws: [] }
  while (reader.at < reader.end) {
    const tag = reader.tag()
    if (tag === TAG.text1) message.model = reader.text()
    else if (tag === TAG.text2) message.version = reader.text()
    else if (tag === TAG.bytes3) message.id = reader.text()
    else if (tag === TAG.bytes4) message.parameters = readParameter(reader, message.parameters)
    else if (tag === TAG.bytes5) {
      if (message.inputs.length === MAX_TENSORS) reader.fail(`there are more than ${MAX_TENSORS} inputs`)
      message.inputs.push(readInput(reader))
    } else if (tag === TAG_OUTPUT) {
      if (message.outputs.length === MAX_TENSORS) reader.fail(`there are more than ${MAX_TENSORS} outputs`)
      message.outputs.push(readOutput(reader))
    } else if (tag === TAG_RAW) {
      if (message.raws.length === 2 * MAX_TENSORS) reader.fail(`there are more than ${MAX_TENSORS} raw contents`)
      const end = reader.span()
      message.raws.push(reader.at, end)
      reader.at = end
    } else reader.skip(tag)
  }
  return message
}

/** Reads a message inside another with `field`, which reads what is behind one tag. */
function within(reader: WireReader, field: (tag: number) => void): void {
  const outer = reader.end
  reader.end = reader.span()
  while (reader.at < reader.end) field(reader.tag())
  reader.end = outer
}

function readInput(reader: WireReader): InputMessage {
  const input: InputMessage = { name: '', datatype: '', shape: [], parameters: NONE, contents: [] }
  const outer = reader.end
  reader.end = reader.span()
  while (reader.at < reader.end) {
    const tag = reader.tag()
    if (tag === TAG.text1) input.name = reader.text()
    else if (tag === TAG.text2) input.datatype = reader.text()
    else if (tag === TAG.bytes3) {
      const end = reader.span()
      const message = reader.end
      reader.end = end
      while (reader.at < end) addDimension(reader, input.shape)
      reader.end = message
    } else if (tag === TAG_DIMENSION) addDimension(reader, input.shape)
    else if (tag === TAG.bytes4) input.parameters = readParameter(reader, input.parameters)
    else if (tag === TAG.bytes5) {
      if (input.contents.length === 2 * MAX_PARTS) reader.fail(`contents come in more than ${MAX_PARTS} parts`)
      const end = reader.span()
      input.contents.push(reader.at, end)
      reader.at = end
    } else reader.skip(tag)
  }
  reader.end = outer
  return input
}

function addDimension(reader: WireReader, shape: number[]): void {
  if (shape.length === MAX_DIMENSIONS) reader.fail(`a shape has more than ${MAX_DIMENSIONS} dimensions`)
  reader.varint()
  shape.push(reader.signed)
}

function readOutput(reader: WireReader): InferMessage['outputs'][number] {
  const output = { name: '', parameters: NONE }
  within(reader, (tag) => {
    if (tag === TAG.text1) output.name = reader.text()
    else if (tag === TAG.text2) output.parameters = readParameter(reader, output.parameters)
    else reader.skip(tag)
  })
  return output
}

/** Reads one entry of a map of parameters into the map; a name that comes again replaces the one before. */
function readParameter(reader: WireReader, before: Parameters): Parameters {
  const parameters = before === NONE ? new Map<string, Parameter>() : (before as Map<string, Parameter>)
  let name = ''
  let value: Parameter | undefined
  within(reader, (tag) => {
    if (tag === TAG.text1) name = reader.text()
    else if (tag === TAG.text2) value = readChoice(reader) ?? value
    else reader.skip(tag)
  })
  if (parameters.size === MAX_PARAMETERS) reader.fail(`there are more than ${MAX_PARAMETERS} parameters`)
  if (value !== undefined) parameters.set(name, value)
  return parameters
}

function readChoice(reader: WireReader): Parameter | undefined {
  let value: Parameter | undefined
  within(reader, (tag) => {
    if (tag === CHOICE.text) value = reader.text()
    else if (tag === CHOICE.bool || tag === CHOICE.int64 || tag === CHOICE.uint64) {
      reader.varint()
      const whole = (BigInt(reader.high) << 32n) | BigInt(reader.low)
      value = tag === CHOICE.bool ? whole !== 0n : tag === CHOICE.int64 ? BigInt.asIntN(64, whole) : whole
    } else if (tag === CHOICE.double) {
      const from = reader.at
      reader.skip(tag)
      value = reader.bytes.readDoubleLE(from)
    } else reader.skip(tag)
  })
  return value
}
