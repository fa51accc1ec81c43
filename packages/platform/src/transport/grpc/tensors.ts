import { type DataType, FairleadError, OIP_TYPES, TYPES_BY_OIP } from '@fairlead/contract'
import { allocate, bytesOf, shapeFault, sizeOf, type Tensor, type TensorData } from '../../domain/inference/index.ts'
import { readContents, type Unfit, wrongCount } from './contents.ts'
import type { InferMessage, InputMessage } from './infer-message.ts'
import { utf8 } from './wire.ts'

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
  const type = TYPES_BY_OIP.get(datatype)
  if (type === undefined) {
    throw refused(index, name, {
      code: 'request-invalid',
      detail: `its datatype "${datatype.slice(0, 50)}" is not one of ${[...TYPES_BY_OIP.keys()].join(', ')}`,
    })
  }
  for (const dimension of shape) {
    if (dimension >= 0) continue
    const got = Number.isNaN(dimension) ? 'one dimension is too large' : `a dimension is ${dimension}`
    throw refused(index, name, { code: 'shape-mismatch', detail: `its shape must hold whole numbers of at least 0, and ${got}` })
  }
  const fault = shapeFault(shape)
  if (fault !== undefined) throw refused(index, name, { code: 'shape-mismatch', detail: fault })
  return { type, shape, size: sizeOf(shape) }
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
  const needed = size * bytesOf(type)
  if (length !== needed) {
    const detail = `there are ${length} bytes, and the shape [${shape}] of ${OIP_TYPES[type]} does not match true shape, it needs ${needed}`
    return { code: 'shape-mismatch', detail }
  }
  // a copy, so that the message can be freed
  const data = allocate(type, size) as Exclude<TensorData, string[]>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength).set(bytes.subarray(from, to))
  return type === 'bool' ? checkBools(data as Uint8Array) : data
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
