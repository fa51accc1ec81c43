import { FairleadError, OIP_TYPES, type TensorSpec } from '@fairlead/contract'
import { bytesOf, sizeOf, type Tensor, type TensorData } from '../../domain/inference/index.ts'
import { type InputHead, readRaw, type Unfit } from '../tensor-bytes.ts'
import { utf8 } from '../utf8.ts'

/** Header with the length of the JSON in front of binary tensors, counted before any compression. */
export const JSON_LENGTH_HEADER = 'Inference-Header-Content-Length'

function invalid(detail: string): FairleadError {
  return new FairleadError('request-invalid', detail)
}

/** How many bytes of a body are JSON, by the header; `undefined` where it is all. Throws `request-invalid`. */
export function jsonLength(header: string | string[] | undefined, bodyLength: number): number | undefined {
  if (header === undefined) return undefined
  if (typeof header !== 'string' || !/^\d{1,15}$/.test(header)) throw invalid(`${JSON_LENGTH_HEADER} must be the length of the JSON in bytes`)
  const length = Number(header)
  if (length > bodyLength) throw invalid(`${JSON_LENGTH_HEADER} is ${length}, and the body has ${bodyLength} bytes`)
  return length
}

/** The bytes behind the JSON of a request. Inputs take their share one after the other, in the order of the JSON. */
export class BinaryPart {
  readonly #bytes: Buffer
  #at: number

  constructor(bytes: Buffer, from: number) {
    this.#bytes = bytes
    this.#at = from
  }

  /** Reads the next tensor, which says that it has so many bytes. Answers why where its values do not fit. */
  read(length: number, head: InputHead): TensorData | Unfit {
    const left = this.#bytes.length - this.#at
    if (length > left) return { code: 'request-invalid', detail: `"binary_data_size" is ${length}, and ${left} bytes are left in the body` }
    const from = this.#at
    this.#at += length
    return readRaw(this.#bytes, { from, to: this.#at }, head)
  }

  /** Throws `request-invalid` when bytes are left that belong to no input. */
  end(): void {
    const left = this.#bytes.length - this.#at
    if (left > 0) throw invalid(`${left} bytes at the end of the body belong to no input: the sizes in "binary_data_size" make less than what was sent`)
  }
}

/**
 * A body that is the values of the model's one input and nothing else, for one row. A dimension that varies is told by their number; text is the body
 * itself. Throws `request-invalid` or `shape-mismatch` where that cannot be.
 */
export function readRawRequest(body: Buffer, inputs: readonly TensorSpec[]): { name: string; tensor: Tensor } {
  const [spec] = inputs
  if (!spec || inputs.length !== 1) throw invalid(`a raw request must only have 1 input to be deduced, and the model has ${inputs.length}`)
  const { name, type } = spec
  const shape = spec.shape.length > 1 && spec.shape[0] === -1 ? [1, ...spec.shape.slice(1)] : [...spec.shape]
  if (type === 'string') return { name, tensor: { type, shape: shape.map(() => 1), data: [onlyText(body, shape, name)] } }
  const varying = shape.flatMap((size, i) => (size < 0 ? [i] : []))
  if (varying.length > 1) throw invalid(`the shape of the raw input "${name}" can not be deduced because there are more than one variable-sized dimension`)
  const [at] = varying
  if (at !== undefined) {
    shape[at] = 1
    // a body that is no whole number of steps is refused below, by its length
    shape[at] = Math.floor(body.length / Math.max(1, sizeOf(shape) * bytesOf(type)))
  }
  const data = readRaw(body, { from: 0, to: body.length }, { type, shape, size: sizeOf(shape) })
  if ('detail' in data) throw new FairleadError(data.code, `the raw input "${name}" of ${OIP_TYPES[type]}: ${data.detail}`)
  return { name, tensor: { type, shape, data } }
}

function onlyText(body: Buffer, shape: readonly number[], name: string): string {
  if (!shape.every((size) => size === 1 || size === -1) || shape.length > 2)
    throw invalid(`For BYTE datatype raw input '${name}', the model must have input shape [1]`)
  const text = utf8(body, 0, body.length)
  if (text === undefined) throw new FairleadError('utf8-invalid', `the raw input "${name}" is not valid UTF-8`)
  return text
}
