import { type DataType, OIP_TYPES, type TensorSpec } from '@fairlead/contract'
import {
  allocate,
  floatLimit,
  type ReleasePlan,
  type SetValue,
  setterOf,
  shapeFault,
  sizeOf,
  type Tensor,
  type Tensors,
} from '../../../domain/inference/index.ts'
import { ByName } from '../../../kernel/by-name.ts'
import { ByteReader, NOT_KNOWN } from './byte-reader.ts'
import { NumberRows } from './number-rows.ts'
import { CLOSE, CLOSE_LIST, COLON, COMMA, OPEN, OPEN_LIST } from './punctuation.ts'

const ID = Buffer.from('"id"')
const INPUTS = Buffer.from('"inputs"')
const NAME = Buffer.from('"name"')
const SHAPE = Buffer.from('"shape"')
const DATATYPE = Buffer.from('"datatype"')
const DATA = Buffer.from('"data"')

/** Longer ids are judged elsewhere. */
const LONGEST_ID = 200
const SPACE = 0x20
/** Wider rows are read number by number. */
const WIDEST = 1024

interface KnownInput {
  name: string
  type: DataType
  /** Name and type as they stand in JSON. */
  key: Buffer
  word: Buffer
  set: SetValue
  /** As of `floatLimit`. */
  limit: number
  /** Values of a row. */
  width: number
  /** Reads the numbers of a row that is written as others before; absent where rows are of any length, or of other values. */
  numbers: NumberRows | undefined
}

interface Known {
  /** The inputs of a release; none where one is of texts, or has the name of what every object has. */
  inputs: KnownInput[]
  /** Reads whole bodies of one row without an id, when they are written like one before; absent where there is not one input of plain numbers. */
  bodies: NumberRows | undefined
  /** The shape that is written in them. */
  shape: number[]
}

const KNOWN = new WeakMap<object, Known>()

function knownOf(tensors: ReleasePlan['tensors']): Known {
  let known = KNOWN.get(tensors)
  if (!known) {
    const { inputs } = tensors
    const odd = inputs.some(({ name, type }) => type === 'string' || name in {})
    const all = odd ? [] : inputs.map(knownInput)
    known = { inputs: all, bodies: all.length === 1 && all[0]!.numbers ? numbersOf(all[0]!) : undefined, shape: [] }
    KNOWN.set(tensors, known)
  }
  return known
}

function knownInput({ name, type, shape }: TensorSpec): KnownInput {
  const limit = floatLimit(type)
  const width = sizeOf(shape.slice(1))
  const places = limit > 0 && width > 0 && width <= WIDEST && shape.every((size, i) => i === 0 || size > 0)
  return {
    name,
    type,
    key: word(name),
    word: word(OIP_TYPES[type]),
    set: setterOf({ name: '', type, tensor: '' }, 'pass'),
    limit,
    width,
    numbers: places ? numbersOf({ width, limit }) : undefined,
  }
}

function numbersOf({ width, limit }: Pick<KnownInput, 'width' | 'limit'>): NumberRows {
  const places = Array.from({ length: width }, (_, offset) => ({ offset, limit }))
  return new NumberRows(width, places)
}

function word(text: string): Buffer {
  return Buffer.from(JSON.stringify(text))
}

/**
 * The tensors of an inference request of the plainest form: an object with `inputs` and perhaps an `id` before them, each input with
 * name, shape and datatype in any order and then flat data, all of the release's inputs with their types. `undefined` for every other body,
 * right or wrong.
 */
export function knownTensors(body: Buffer, { tensors }: Pick<ReleasePlan, 'tensors'>): { id: string | undefined; inputs: Tensors } | undefined {
  const known = knownOf(tensors)
  if (known.inputs.length === 0) return undefined
  const reader = new ByteReader(body)
  const inputs = readBody(reader, known)
  if (inputs) return { id: undefined, inputs }
  const read = readTensors(reader, known.inputs)
  if (read && read.id === undefined && known.bodies?.curious) learn(body, read.inputs, known)
  return read
}

/** The input of a body that is written like one before. */
function readBody(reader: ByteReader, { inputs: [input], bodies, shape }: Known): Tensors | undefined {
  if (!bodies || !input) return undefined
  const { name, type, width } = input
  const data = allocate(type, width)
  if (bodies.read(reader, data as Float32Array | Float64Array, 0) && reader.at === reader.bytes.length) {
    const inputs: Tensors = new ByName()
    inputs[name] = { type, shape: shape.slice(), data }
    return inputs
  }
  reader.at = 0
  return undefined
}

/** Takes over how a body is written, if it has one row. */
function learn(bytes: Buffer, read: Tensors, known: Known): void {
  const { name, width } = known.inputs[0]!
  const { shape, data } = read[name]!
  if (data.length !== width) return
  // data stand last in a body of this form, and are the last list that begins
  let at = bytes.lastIndexOf(OPEN_LIST) + 1
  const spans: number[] = []
  for (let i = 0; i < width; i++) {
    while (bytes[at] === SPACE || bytes[at] === COMMA) at++
    spans.push(at)
    while (isOfNumber(bytes[at]!)) at++
    spans.push(at)
  }
  known.bodies!.learn(bytes, { from: 0, to: bytes.length, spans })
  known.shape = shape
}

function isOfNumber(byte: number): boolean {
  return byte !== SPACE && byte !== COMMA && byte !== CLOSE_LIST
}

function readTensors(reader: ByteReader, inputs: readonly KnownInput[]): { id: string | undefined; inputs: Tensors } | undefined {
  if (!reader.takes(OPEN)) return undefined
  let id: string | undefined
  if (reader.takesWord(ID)) {
    const text = reader.takes(COLON) ? reader.text() : NOT_KNOWN
    if (text === NOT_KNOWN || text.length > LONGEST_ID || !reader.takes(COMMA)) return undefined
    id = text
  }
  if (!reader.takesWord(INPUTS) || !reader.takes(COLON) || !reader.takes(OPEN_LIST)) return undefined
  const found: Tensors = new ByName()
  for (let count = 0; count < inputs.length; count++) {
    if ((count > 0 && !reader.takes(COMMA)) || !readInput(reader, inputs, found)) return undefined
  }
  return reader.takes(CLOSE_LIST) && reader.takes(CLOSE) && reader.at === reader.bytes.length ? { id, inputs: found } : undefined
}

/** Reads an input into `found`, where it is one that is not there yet. */
function readInput(reader: ByteReader, inputs: readonly KnownInput[], found: Tensors): boolean {
  let input: KnownInput | undefined
  let shape: number[] | undefined
  let type: string | undefined
  if (!reader.takes(OPEN)) return false
  for (let i = 0; i < 3; i++) {
    if (!input && reader.takesWord(NAME)) input = readName(reader, inputs)
    else if (!shape && reader.takesWord(SHAPE)) shape = readShape(reader)
    else if (type === undefined && reader.takesWord(DATATYPE)) type = readType(reader, input)
    else return false
    if (!reader.takes(COMMA)) return false
  }
  if (!input || !shape || type !== OIP_TYPES[input.type] || found[input.name]) return false
  if (!reader.takesWord(DATA) || !reader.takes(COLON)) return false
  const data = readData(reader, shape, input)
  if (!data || !reader.takes(CLOSE)) return false
  found[input.name] = { type: input.type, shape, data }
  return true
}

function readName(reader: ByteReader, inputs: readonly KnownInput[]): KnownInput | undefined {
  if (!reader.takes(COLON)) return undefined
  for (const input of inputs) if (reader.takesWord(input.key)) return input
  return undefined
}

/** Mostly the type of the input whose name was read before: then no text is made. */
function readType(reader: ByteReader, input: KnownInput | undefined): string | undefined {
  if (!reader.takes(COLON)) return undefined
  if (input && reader.takesWord(input.word)) return OIP_TYPES[input.type]
  const text = reader.text()
  return text === NOT_KNOWN ? undefined : text
}

function readShape(reader: ByteReader): number[] | undefined {
  if (!reader.takes(COLON) || !reader.takes(OPEN_LIST)) return undefined
  const shape: number[] = []
  do {
    const size = reader.double()
    if (!Number.isInteger(size) || !(size > 0)) return undefined
    shape.push(size)
  } while (shape.length < 8 && reader.takes(COMMA))
  return reader.takes(CLOSE_LIST) && shapeFault(shape) === undefined ? shape : undefined
}

function readData(reader: ByteReader, shape: readonly number[], input: KnownInput): Tensor['data'] | undefined {
  const { type, set } = input
  const size = sizeOf(shape)
  // each value takes two bytes at least, so no more room is made than was sent
  if (size * 2 > reader.bytes.length || !reader.takes(OPEN_LIST)) return undefined
  const data = allocate(type, size)
  if (data instanceof Float32Array || data instanceof Float64Array) return readFloats(reader, data, input) ? data : undefined
  for (let i = 0; i < size; i++) {
    if (i > 0 && !reader.takes(COMMA)) return undefined
    const value = type === 'bool' ? reader.value() : reader.number()
    if (value === NOT_KNOWN || reader.inexact || set(value, data, i)) return undefined
  }
  return reader.takes(CLOSE_LIST) ? data : undefined
}

/** Reads the numbers of a list and its end, in rows of as many as one of the input has, where that is known. */
function readFloats(reader: ByteReader, data: Float32Array | Float64Array, input: KnownInput): boolean {
  const { width, limit } = input
  // what was sent may have rows of another length, and is refused later
  const numbers = data.length % width === 0 ? input.numbers : undefined
  const step = numbers ? width : data.length
  for (let from = 0; from < data.length; from += step) {
    if (from > 0 && !reader.takes(COMMA)) return false
    if (numbers?.read(reader, data, from / step)) continue
    const spans = numbers?.curious ? [] : undefined
    const at = reader.at
    if (!readSlowly(reader, data.subarray(from, from + step), { limit, spans })) return false
    if (spans) numbers!.learn(reader.bytes, { from: at, to: reader.ended, spans })
  }
  return reader.takes(CLOSE_LIST)
}

/** Where `spans` are given they are filled with the beginning and end of each number. */
function readSlowly(reader: ByteReader, data: Float32Array | Float64Array, { limit, spans }: { limit: number; spans: number[] | undefined }): boolean {
  for (let i = 0; i < data.length; i++) {
    if (i > 0 && !reader.takes(COMMA)) return false
    const from = reader.at
    const x = reader.double()
    if (!(x < limit && x > -limit)) return false
    data[i] = x
    spans?.push(from, reader.ended)
  }
  return true
}
