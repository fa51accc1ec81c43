import { joined } from './body.ts'
import { ARRAYS, type DataOf, type Datatype } from './datatypes.ts'
import { arrayOf, lengthPrefixed, readPrefixed, sizeOf } from './values.ts'

/** A tensor that goes to a model. */
export interface InputTensor {
  name: string
  shape: readonly number[]
  datatype: Datatype
  /** A typed array is sent as it is: the one of its datatype, `Uint16Array` for the bits of FP16; else values, flat or nested to the shape. */
  data: ArrayBufferView | readonly unknown[]
  parameters?: Record<string, unknown> | undefined
}

/** A tensor of an answer. */
export interface OutputTensor<K extends Datatype = Datatype> {
  name: string
  shape: number[]
  datatype: K
  data: DataOf<K>
  parameters?: Record<string, unknown>
}

/** Other arrays whose bytes are those of a datatype. */
const SAME_BYTES: Record<string, Datatype> = { Uint8ClampedArray: 'UINT8', Float16Array: 'FP16' }

/** The elements of a tensor in binary form; a typed array's own bytes, without a copy. Throws what is wrong, without its name. */
function bytesOfTensor({ datatype, shape, data }: InputTensor): Uint8Array<ArrayBuffer> {
  const count = sizeOf(shape)
  const has = (length: number) => {
    if (length !== count) throw new Error(`the shape [${shape}] needs ${count} values, and data has ${length}`)
  }
  if (ArrayBuffer.isView(data)) {
    const kind = (data as unknown as { [Symbol.toStringTag]: string })[Symbol.toStringTag]
    const wanted = datatype === 'BYTES' ? 'an array of text or Uint8Array' : ARRAYS[datatype].name
    if (kind !== wanted && SAME_BYTES[kind] !== datatype) throw new Error(`${datatype} takes ${wanted}, not ${kind}`)
    has((data as Uint8Array).length)
    return new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength)
  }
  if (!Array.isArray(data)) throw new Error('data must be a typed array or an array')
  has(data.flat(Number.POSITIVE_INFINITY as 1).length)
  if (datatype === 'BYTES') return lengthPrefixed(data)
  return new Uint8Array(arrayOf(datatype, data).buffer as ArrayBuffer)
}

/** The plain values of a tensor for JSON. Throws where JSON has no form for them. */
function plainOf({ datatype, data }: InputTensor): unknown {
  if (Array.isArray(data)) {
    if (data.some((one) => one instanceof Uint8Array)) throw new Error('bytes travel in binary form only')
    return data
  }
  if (datatype === 'FP16' || datatype === 'BF16') throw new Error(`the bits of ${datatype} travel in binary form only`)
  return Array.from(data as unknown as ArrayLike<unknown>)
}

/** The head of a request, and the bytes behind it. */
export interface EncodedInputs {
  inputs: unknown[]
  pieces: Uint8Array<ArrayBuffer>[]
}

/** Tensors as a request has them. Throws an `Error` that names the tensor. */
export function encodeInputs(tensors: readonly InputTensor[], binary: boolean): EncodedInputs {
  const pieces: Uint8Array<ArrayBuffer>[] = []
  const inputs = tensors.map((tensor, index) => {
    const { name, shape, datatype, parameters } = tensor
    try {
      if (datatype !== 'BYTES' && !Object.hasOwn(ARRAYS, datatype)) throw new Error(`there is no datatype ${JSON.stringify(datatype)}`)
      if (!binary) return { name, shape, datatype, parameters, data: plainOf(tensor) }
      const bytes = bytesOfTensor(tensor)
      pieces.push(bytes)
      return { name, shape, datatype, parameters: { ...parameters, binary_data_size: bytes.byteLength } }
    } catch (error) {
      throw new Error(`inputs[${index}] ${JSON.stringify(name)}: ${(error as Error).message}`, { cause: error })
    }
  })
  return { inputs, pieces }
}

/** JSON and what follows it, as one body; the JSON is padded so that the first tensor begins at a multiple of 8. */
export function bodyOf(json: string, pieces: Uint8Array[]): { body: Uint8Array<ArrayBuffer>; headLength: number } {
  const head = new TextEncoder().encode(json)
  const headLength = Math.ceil(head.byteLength / 8) * 8
  const padding = new Uint8Array(headLength - head.byteLength).fill(32)
  const all = [head, padding, ...pieces]
  return {
    body: joined(
      all,
      all.reduce((sum, one) => sum + one.byteLength, 0),
    ),
    headLength,
  }
}

/** The elements of an answer's tensor; a view of the bytes where these are aligned, else a copy. */
function dataOf(datatype: Datatype, bytes: Uint8Array<ArrayBuffer>, { count, raw }: { count: number; raw: boolean }) {
  if (datatype === 'BYTES') return readPrefixed(bytes, count, raw)
  const Kind = ARRAYS[datatype]
  const size = Kind.BYTES_PER_ELEMENT
  if (bytes.byteLength !== count * size) throw new Error(`it has ${bytes.byteLength} bytes, and ${count} values of ${datatype} take ${count * size}`)
  return bytes.byteOffset % size === 0 ? new Kind(bytes.buffer, bytes.byteOffset, count) : new Kind(bytes.slice().buffer)
}

function textsOf(values: readonly unknown[], raw: boolean): string[] | Uint8Array[] {
  const texts = values.flat(Number.POSITIVE_INFINITY as 1).map((one) => (one === null ? '' : String(one)))
  return raw ? texts.map((one) => new TextEncoder().encode(one)) : texts
}

/** The tensors of an answer: `binary` is what follows its JSON. Throws an `Error` that says which is wrong and how. */
export function decodeOutputs(outputs: unknown, binary: Uint8Array<ArrayBuffer>, raw: boolean): OutputTensor[] {
  if (!Array.isArray(outputs)) throw new Error('it has no outputs')
  let at = 0
  const tensors = outputs.map((output: unknown, index): OutputTensor => {
    const { name, shape, datatype, parameters, data } = (output ?? {}) as OutputTensor
    try {
      if (datatype !== 'BYTES' && !Object.hasOwn(ARRAYS, datatype)) throw new Error(`there is no datatype ${JSON.stringify(datatype)}`)
      const count = sizeOf(shape)
      const found = { name, shape, datatype, ...(parameters ? { parameters } : {}) }
      const size = parameters?.binary_data_size
      if (size === undefined) {
        if (!Array.isArray(data)) throw new Error('it has neither data nor binary_data_size')
        const values = datatype === 'BYTES' ? textsOf(data, raw) : arrayOf(datatype, data)
        if (values.length !== count) throw new Error(`it has ${values.length} values, and the shape says ${count}`)
        return { ...found, data: values }
      }
      const end = at + Number(size)
      if (!(Number.isSafeInteger(size) && end >= at && end <= binary.byteLength))
        throw new Error(`${size} bytes are announced, and ${binary.byteLength - at} are left`)
      const bytes = binary.subarray(at, end)
      at = end
      return { ...found, data: dataOf(datatype, bytes, { count, raw }) }
    } catch (error) {
      throw new Error(`outputs[${index}] ${JSON.stringify(name)}: ${(error as Error).message}`, { cause: error })
    }
  })
  if (at !== binary.byteLength) throw new Error(`${binary.byteLength - at} bytes are left after the last output`)
  return tensors
}
