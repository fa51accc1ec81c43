import type { DataType } from '@fairlead/contract'
import type { Tensor, TensorData } from '../../domain/inference/index.ts'

/** A tensor in the form the native binding reads: plain, because the library's own class checks and copies more than is needed. */
export interface NativeTensor {
  type: DataType
  dims: readonly number[]
  data: TensorData
  location: 'cpu'
}

const NUL = '\u0000'
/** A code point that Unicode promises never to assign to a character. */
const STAND_IN = '\uFDD0'

/**
 * The binding hands text over as C strings, which end at the first NUL. So that a model sees the whole text, a
 * stand-in takes the NUL's place on the way in and is turned back on the way out.
 */
function replaced(texts: readonly string[], from: string, to: string): readonly string[] {
  return texts.some((text) => text.includes(from)) ? texts.map((text) => text.replaceAll(from, to)) : texts
}

/** The same values for the binding; numbers share the memory. */
export function toNative(tensor: Tensor): NativeTensor {
  const data = Array.isArray(tensor.data) ? (replaced(tensor.data, NUL, STAND_IN) as string[]) : tensor.data
  return { type: tensor.type, dims: tensor.shape, data, location: 'cpu' }
}

/** What the binding answers; `data` is this process's own copy. */
export interface NativeResult {
  readonly type: string
  readonly dims: readonly number[]
  readonly data: unknown
}

/** An answer of the binding as a tensor; shares the memory. */
export function fromNative(result: NativeResult): Tensor {
  const { data } = result
  // the library answers half floats as Float16Array where the language has it; the platform carries their bits
  const plain =
    data instanceof Float16Array ? new Uint16Array(data.buffer, data.byteOffset, data.length) : Array.isArray(data) ? replaced(data, STAND_IN, NUL) : data
  return { type: result.type as DataType, shape: [...result.dims], data: plain as TensorData }
}
