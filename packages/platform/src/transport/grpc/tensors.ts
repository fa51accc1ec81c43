import { type DataType, FairleadError, OIP_TYPES } from '@fairlead/contract'
import { sizeOf, type Tensor, type TensorData } from '../../domain/inference/index.ts'
import { readContents, type Unfit, wrongCount } from './contents.ts'
import type { InferMessage, InputMessage } from './infer-message.ts'
import { utf8 } from './wire.ts'

const TYPES = new Map<string, DataType>(Object.entries(OIP_TYPES).map(([type, oip]) => [oip, type as DataType]))
const MAX_VALUES = 2 ** 31

const ARRAYS = {
  bool: Uint8Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
  float16: Uint16Array,
  float32: Float32Array,
  float64: Float64Array,
} as const

function refused(index: number, name: string, { code, detail }: Unfit): FairleadError {
  return new FairleadError(code, `input "${name.slice(0, 200)}": ${detail}`, { items: [{ path: `inputs[${index}]`, code, detail }] })
}

/** What is known of an input before its values are read. */
export interface InputHead {
  type: DataType
  shape: number[]
  size: number
}

/** Name, datatype and shape of one input. Throws `request-invalid` or `shape-mismatch`, naming it. */
export function readHead({ name, datatype, shape }: InputMessage, index: number): InputHead {
  if (name === '' || name === '__proto__') throw new FairleadError('request-invalid', `inputs[${index}] has no name of an input`)
  const type = TYPES.get(datatype)
  if (type === undefined) {
    throw refused(index, name, {
      code: 'request-invalid',
      detail: `its datatype "${datatype.slice(0, 50)}" is not one of ${[...TYPES.keys()].join(', ')}`,
    })
  }
  for (const dimension of shape) {
    if (dimension >= 0) continue
    const got = Number.isNaN(dimension) ? 'one dimension is too large' : `a dimension is ${dimension}`
    throw refused(index, name, { code: 'shape-mismatch', detail: `its shape must hold whole numbers of at least 0, and ${got}` })
  }
  const size = sizeOf(shape)
  if (!(size <= MAX_VALUES)) throw refused(index, name, { code: 'shape-mismatch', detail: `the shape [${shape}] has too many values` })
  return { type, shape, size }
}

/**
 * The values of one input, raw or typed. Numbers get memory of their own, so that the message can be freed. Throws naming
 * the input when its values do not fit its shape and datatype.
 */
export function readValues(message: InferMessage, index: number, head: InputHead): Tensor {
  const input = message.inputs[index]!
  const { type, shape, size } = head
  if (message.raws.length > 0) {
    if (input.contents.length > 0) {
      throw new FairleadError(
        'request-invalid',
        `contents field must not be specified when using raw_input_contents for '${input.name}' for model '${message.model}'`,
      )
    }
    const data = readRaw(message.bytes, { from: message.raws[2 * index]!, to: message.raws[2 * index + 1]! }, head)
    if ('detail' in data) throw refused(index, input.name, data)
    return { type, shape, data }
  }
  const data = readContents({ bytes: message.bytes, parts: input.contents }, type, size)
  if ('detail' in data) throw refused(index, input.name, data)
  return { type, shape, data }
}

/** The raw list has an entry for each input, or none at all. Throws `request-invalid`. */
export function checkRawCount({ inputs, raws }: InferMessage): void {
  if (raws.length === 0 || raws.length === 2 * inputs.length) return
  throw new FairleadError('request-invalid', `raw_input_contents has ${raws.length / 2} entries for ${inputs.length} inputs; one for each is needed`)
}

interface Span {
  from: number
  to: number
}

function readRaw(bytes: Buffer, span: Span, { type, shape, size }: InputHead): TensorData | Unfit {
  if (type === 'string') return readTexts(bytes, span, size)
  const { from, to } = span
  const length = to - from
  const needed = size * ARRAYS[type].BYTES_PER_ELEMENT
  if (length !== needed) {
    const detail = `there are ${length} bytes, and the shape [${shape}] of ${OIP_TYPES[type]} does not match true shape, it needs ${needed}`
    return { code: 'shape-mismatch', detail }
  }
  const data = copyOf(bytes, span, type)
  return type === 'bool' ? checkBools(data as Uint8Array) : data
}

/** Memory that small tensors share; what is larger gets memory of its own. */
const SLAB_BYTES = 64 * 1024
const SMALL_BYTES = 1024
let slab = new ArrayBuffer(SLAB_BYTES)
let slabUsed = 0

/** A copy of the bytes as numbers, so that the message can be freed. */
function copyOf(bytes: Buffer, { from, to }: Span, type: keyof typeof ARRAYS): Exclude<TensorData, string[]> {
  const length = to - from
  const start = bytes.byteOffset + from
  if (length > SMALL_BYTES) return new ARRAYS[type](bytes.buffer.slice(start, start + length) as ArrayBuffer)
  if (slabUsed + length > SLAB_BYTES) {
    slab = new ArrayBuffer(SLAB_BYTES)
    slabUsed = 0
  }
  const target = slabUsed
  // the next one begins where every type may
  slabUsed = (slabUsed + length + 7) & ~7
  new Uint8Array(slab, target, length).set(new Uint8Array(bytes.buffer, start, length))
  return new ARRAYS[type](slab, target, length / ARRAYS[type].BYTES_PER_ELEMENT)
}

function checkBools(data: Uint8Array): Uint8Array | Unfit {
  const odd = data.findIndex((value) => value > 1)
  return odd < 0 ? data : { code: 'value-type', detail: `value ${odd} of BOOL is the byte ${data[odd]}, and only 0 and 1 are taken` }
}

/** Texts, each after its length in four bytes. */
function readTexts(bytes: Buffer, { from, to }: Span, size: number): string[] | Unfit {
  const texts: string[] = []
  let at = from
  // each takes at least its length, so what the bytes cannot hold is found before room is made
  if (size > (to - from) / 4) return wrongCount(countTexts(bytes, { from, to }), size)
  while (at < to) {
    if (texts.length === size) return wrongCount(countTexts(bytes, { from, to }), size)
    const length = to - at < 4 ? Number.POSITIVE_INFINITY : bytes.readUInt32LE(at)
    if (length > to - at - 4) return { code: 'request-invalid', detail: `text ${texts.length} goes beyond the end of the data` }
    const text = utf8(bytes, at + 4, at + 4 + length)
    if (text === undefined) return { code: 'utf8-invalid', detail: `value ${texts.length} is not valid UTF-8` }
    texts.push(text)
    at += 4 + length
  }
  return texts.length === size ? texts : wrongCount(texts.length, size)
}

function countTexts(bytes: Buffer, { from, to }: Span): number {
  let count = 0
  for (let at = from; to - at >= 4; count++) at += 4 + bytes.readUInt32LE(at)
  return count
}
