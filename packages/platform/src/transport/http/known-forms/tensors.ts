import { TYPES_BY_OIP } from '@fairlead/contract'
import { allocate, type ReleasePlan, setterOf, shapeFault, sizeOf, type Tensor, type Tensors } from '../../../domain/inference/index.ts'
import { ByteReader, NOT_KNOWN } from './byte-reader.ts'
import { CLOSE, CLOSE_LIST, COLON, COMMA, OPEN, OPEN_LIST } from './punctuation.ts'

const ID = Buffer.from('"id"')
const INPUTS = Buffer.from('"inputs"')
const NAME = Buffer.from('"name"')
const SHAPE = Buffer.from('"shape"')
const DATATYPE = Buffer.from('"datatype"')
const DATA = Buffer.from('"data"')

/** Longer ids are judged elsewhere. */
const LONGEST_ID = 200

/** Types of which every value stands as itself in JSON. */
const SETTERS = new Map(
  [...TYPES_BY_OIP].filter(([, type]) => type !== 'string').map(([oip, type]) => [oip, { type, set: setterOf({ name: '', type, tensor: '' }, 'pass') }]),
)

/**
 * The tensors of an inference request of the plainest form: an object with `inputs` and perhaps an `id` before them, each input with
 * name, shape and datatype in any order and then flat data. `undefined` for every other body, right or wrong.
 */
export function knownTensors(body: Buffer, { tensors: { inputs } }: Pick<ReleasePlan, 'tensors'>): { id: string | undefined; inputs: Tensors } | undefined {
  const reader = new ByteReader(body)
  if (!reader.takes(OPEN)) return undefined
  let id: string | undefined
  if (reader.takesWord(ID)) {
    const text = reader.takes(COLON) ? reader.text() : NOT_KNOWN
    if (text === NOT_KNOWN || text.length > LONGEST_ID || !reader.takes(COMMA)) return undefined
    id = text
  }
  if (!reader.takesWord(INPUTS) || !reader.takes(COLON) || !reader.takes(OPEN_LIST)) return undefined
  // names come from outside: on an ordinary object __proto__ is no key
  const found: Tensors = Object.create(null)
  for (let count = 0; count < inputs.length; count++) {
    if (count > 0 && !reader.takes(COMMA)) return undefined
    const input = readInput(reader)
    // only names that the release knows become keys
    if (!input || Object.hasOwn(found, input.name) || !inputs.some(({ name }) => name === input.name)) return undefined
    found[input.name] = input.tensor
  }
  return reader.takes(CLOSE_LIST) && reader.takes(CLOSE) && reader.at === body.length ? { id, inputs: found } : undefined
}

function readInput(reader: ByteReader): { name: string; tensor: Tensor } | undefined {
  let name: string | typeof NOT_KNOWN | undefined
  let shape: number[] | undefined
  let datatype: string | typeof NOT_KNOWN | undefined
  if (!reader.takes(OPEN)) return undefined
  for (let i = 0; i < 3; i++) {
    if (name === undefined && reader.takesWord(NAME)) name = reader.takes(COLON) ? reader.text() : NOT_KNOWN
    else if (shape === undefined && reader.takesWord(SHAPE)) shape = readShape(reader)
    else if (datatype === undefined && reader.takesWord(DATATYPE)) datatype = reader.takes(COLON) ? reader.text() : NOT_KNOWN
    else return undefined
    if (!reader.takes(COMMA)) return undefined
  }
  if (typeof name !== 'string' || typeof datatype !== 'string' || !shape) return undefined
  const known = SETTERS.get(datatype)
  if (!known || !reader.takesWord(DATA) || !reader.takes(COLON)) return undefined
  const data = readData(reader, sizeOf(shape), known)
  return data && reader.takes(CLOSE) ? { name, tensor: { type: known.type, shape, data } } : undefined
}

function readShape(reader: ByteReader): number[] | undefined {
  if (!reader.takes(COLON) || !reader.takes(OPEN_LIST)) return undefined
  const shape: number[] = []
  do {
    const size = reader.number()
    if (size === NOT_KNOWN || !Number.isInteger(size) || !(size > 0)) return undefined
    shape.push(size)
  } while (shape.length < 8 && reader.takes(COMMA))
  return reader.takes(CLOSE_LIST) && shapeFault(shape) === undefined ? shape : undefined
}

type Known = NonNullable<ReturnType<(typeof SETTERS)['get']>>

function readData(reader: ByteReader, size: number, { type, set }: Known): Tensor['data'] | undefined {
  // each value takes two bytes at least, so no more room is made than was sent
  if (size * 2 > reader.bytes.length || !reader.takes(OPEN_LIST)) return undefined
  const data = allocate(type, size)
  for (let i = 0; i < size; i++) {
    if (i > 0 && !reader.takes(COMMA)) return undefined
    const value = type === 'bool' ? reader.value() : reader.number()
    if (value === NOT_KNOWN || (reader.inexact && !(data instanceof Float32Array || data instanceof Float64Array)) || set(value, data, i)) return undefined
  }
  return reader.takes(CLOSE_LIST) ? data : undefined
}
