import { type DataType, FairleadError } from '@fairlead/contract'
import { type Column, numbersFor, refuseRows, type TensorSource } from '../../pipeline/index.ts'
import { halfToNumber } from '../number-text.ts'
import type { Tensor, TensorData } from '../types.ts'

type Numbers = Exclude<TensorData, string[] | BigInt64Array | BigUint64Array>

/** The values of a tensor as a column. Memory is shared where the tensor has the column's form already. Throws `value-range` for what no signed 64-bit integer holds. */
export function columnOf({ type, offset, classes }: TensorSource, tensor: Tensor | undefined, { rows, name }: { rows: number; name: string }): Column {
  // an output that the model left out
  if (!tensor) return { type: 'number', data: new Float64Array(rows), nulls: new Uint8Array(rows).fill(1) }
  const width = rows === 0 ? 1 : tensor.data.length / rows
  if (offset === undefined) return { type: 'vector', data: doubles(tensor, { offset: 0, step: 1, count: tensor.data.length }) }
  if (!Number.isInteger(width)) throw new FairleadError('model-run-failed', `"${name}" has ${tensor.data.length} values for ${rows} rows`)
  if (offset >= width) throw new FairleadError('model-run-failed', `"${name}" is value ${offset + 1} of a row, and the answer has ${width}`)
  const at = { offset, step: width, count: rows }
  const nulls = nullsOf(tensor, at)
  if (classes) return { type: 'text', data: labels(tensor, classes, at), nulls }
  if (type === 'string') return { type: 'text', data: texts(tensor.data as string[], at), nulls }
  if (type === 'bool') return { type: 'boolean', data: bytes(tensor.data as Uint8Array, at), nulls }
  if (type === 'int64' || type === 'uint64') return { type: 'integer', data: integers(tensor, at, name), nulls }
  return { type: 'number', data: doubles(tensor, at), nulls }
}

/** Every `step`-th of the values from `offset` on. */
interface Stride {
  offset: number
  step: number
  count: number
}

function nullsOf({ nulls }: Tensor, { offset, step, count }: Stride): Uint8Array | undefined {
  if (!nulls || step === 1) return nulls
  const own = new Uint8Array(count)
  let any = false
  for (let i = 0, at = offset; i < count; i++, at += step) {
    own[i] = nulls[at]!
    any ||= own[i] === 1
  }
  return any ? own : undefined
}

function doubles(tensor: Tensor, { offset, step, count }: Stride): Float64Array {
  const { data, type } = tensor
  if (data instanceof Float64Array && step === 1) return data
  const numbers = numbersFor(count)
  if (step === 1 && type !== 'float16' && !isBig(type)) {
    // the engine's own loop, which knows both types
    numbers.set(data as Numbers)
    return numbers
  }
  if (type === 'float16') for (let i = 0, at = offset; i < count; i++, at += step) numbers[i] = halfToNumber((data as Uint16Array)[at]!)
  else if (isBig(type)) for (let i = 0, at = offset; i < count; i++, at += step) numbers[i] = Number(data[at])
  else for (let i = 0, at = offset; i < count; i++, at += step) numbers[i] = (data as Numbers)[at]!
  return numbers
}

function isBig(type: DataType): boolean {
  return type === 'int64' || type === 'uint64'
}

function texts(data: string[], { offset, step, count }: Stride): string[] {
  return step === 1 ? data : Array.from({ length: count }, (_, i) => data[offset + i * step]!)
}

function labels({ data }: Tensor, classes: readonly string[], { offset, step, count }: Stride): string[] {
  return Array.from({ length: count }, (_, i) => classes[Number(data[offset + i * step])] ?? String(data[offset + i * step]))
}

function bytes(data: Uint8Array, { offset, step, count }: Stride): Uint8Array {
  return step === 1 ? data : Uint8Array.from({ length: count }, (_, i) => data[offset + i * step]!)
}

const MOST = 2n ** 63n - 1n

function integers({ data, type }: Tensor, { offset, step, count }: Stride, name: string): BigInt64Array {
  const from = data as BigInt64Array | BigUint64Array
  if (type === 'int64' && step === 1) return from as BigInt64Array
  const own = new BigInt64Array(count)
  const refused: number[] = []
  for (let i = 0, at = offset; i < count; i++, at += step) {
    const value = from[at]!
    if (value > MOST) refused.push(i)
    else own[i] = value
  }
  if (refused.length > 0)
    throw refuseRows('value-range', name, refused, (row) => `${from[offset + row * step]} is above ${MOST}, the largest number that steps take`)
  return own
}
