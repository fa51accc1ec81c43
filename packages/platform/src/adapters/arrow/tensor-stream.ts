import type { DataType } from '@fairlead/contract'
import { allocate, type Tensor, type TensorData, type Tensors } from '../../domain/inference/index.ts'
import { BatchParts } from './buffers.ts'
import { malformed } from './flatbuffer.ts'
import { readMessages } from './messages.ts'
import { type ArrowField, readSchema } from './schema.ts'
import { type FieldLayout, StreamLayout } from './stream-layout.ts'
import { readVector, unreadable } from './vectors.ts'

/** Bytes that compressed buffers of an answer may become: the other side has no reason to compress. */
const ROOM = 64 * 1024 * 1024

/**
 * Writes tensors as Arrow IPC streams of one batch: a column for each, lists of a fixed size where a row has several values. What does not
 * depend on the values is made once for each set of sizes.
 */
export class TensorStreamWriter {
  readonly #names: readonly string[]
  readonly #layouts = new Map<string, StreamLayout>()

  constructor(names: readonly string[]) {
    this.#names = names
  }

  write(tensors: Tensors): Uint8Array {
    let key = ''
    for (const name of this.#names) {
      const { type, shape } = tensors[name]!
      key += `${type}${shape.length > 1 ? widthOf(shape) : ''},`
    }
    let layout = this.#layouts.get(key)
    if (!layout) {
      // sizes come from callers: those that vary are not kept for ever
      if (this.#layouts.size >= 16) this.#layouts.clear()
      layout = new StreamLayout(this.#names.map((name) => fieldOf(name, tensors[name]!)))
      this.#layouts.set(key, layout)
    }
    return layout.write(this.#names.map((name) => tensors[name]!))
  }
}

function widthOf(shape: readonly number[]): number {
  let width = 1
  for (let i = 1; i < shape.length; i++) width *= shape[i]!
  return width
}

function fieldOf(name: string, { type, shape }: Tensor): FieldLayout {
  return shape.length > 1 ? { name, type, width: widthOf(shape) } : { name, type }
}

/**
 * Reads an Arrow IPC stream of one batch as tensors by column; lists of a fixed size are tensors of two dimensions.
 * Throws `table-invalid` for what is no such stream.
 */
export function readTensorStream(bytes: Uint8Array): Tensors {
  let fields: ArrowField[] | undefined
  const tensors: Tensors = {}
  for (const { kind, header, body } of readMessages(bytes)) {
    if (kind === 'schema') fields = readSchema(header)
    else if (kind === 'batch' && fields) {
      const parts = new BatchParts(header, body, { left: ROOM })
      for (const field of fields) tensors[field.name] = readTensor(field, parts)
    } else throw malformed('it is not one batch of plain columns')
  }
  return tensors
}

function readTensor(field: ArrowField, parts: BatchParts): Tensor {
  const why = unreadable(field)
  if (why !== undefined) throw malformed(`the column "${field.name.slice(0, 100)}" is ${why}`)
  if (field.type !== 'fixedList') return plainTensor(field, parts)
  const { length } = parts.node()
  parts.skip(1)
  const values = plainTensor(field.children[0]!, parts)
  if (values.data.length !== length * field.listSize) throw malformed('a list has another length than its rows')
  return { ...values, shape: [length, field.listSize] }
}

function plainTensor(field: ArrowField, parts: BatchParts): Tensor {
  const { length, at, dense } = readVector(field, parts, new Map())
  if (dense) return { type: dense.type, shape: [length], data: dense.data }
  const type = typeOf(field)
  const data = allocate(type, length)
  const nulls = new Uint8Array(length)
  let missing = false
  for (let row = 0; row < length; row++) {
    const value = at(row)
    if (value === null || value === undefined) {
      missing = true
      nulls[row] = 1
      if (type === 'float32' || type === 'float64') (data as Float64Array)[row] = Number.NaN
    } else put(data, row, value)
  }
  return missing ? { type, shape: [length], data, nulls } : { type, shape: [length], data }
}

function put(data: TensorData, row: number, value: unknown): void {
  if (Array.isArray(data)) data[row] = value as string
  else if (data instanceof BigInt64Array || data instanceof BigUint64Array) data[row] = value as bigint
  // what is no finite number is read as its name
  else (data as Float64Array)[row] = Number(value)
}

function typeOf({ type, bits, signed }: ArrowField): DataType {
  if (type === 'bool') return 'bool'
  if (type === 'float') return bits === 16 ? 'float16' : bits === 32 ? 'float32' : 'float64'
  if (type === 'int') return `${signed ? 'int' : 'uint'}${bits}` as DataType
  return 'string'
}
