import { type DataType, FairleadError, type TensorSpec } from '@fairlead/contract'
import type { Tensor, Tensors } from '../../domain/inference/index.ts'
import type { PythonModel } from '../../model/python/spec.ts'
import type { Frame } from './frames.ts'

/** Writes tensors as an Arrow IPC stream of one batch, and reads one. Lists of a fixed size are tensors of two dimensions. */
export interface RowCodec {
  /** Throws nothing: the tensors are those of the names. */
  writer(names: readonly string[]): (tensors: Tensors) => Uint8Array
  /** Throws FairleadError for bytes that are no such stream. */
  read(bytes: Uint8Array): Tensors
}

/** An answer with the form that it had in Python. */
export interface Answered {
  form: 'array' | 'records' | 'columns'
  outputs: TensorSpec[]
  tensors: Tensors
}

const writers = new WeakMap<PythonModel, (tensors: Tensors) => Uint8Array>()

/** The rows of a question; sizes that vary stand in its header. */
export function writeRows(model: PythonModel, inputs: Tensors, codec: RowCodec): { header: Record<string, unknown>; body: Uint8Array } {
  let write = writers.get(model)
  if (!write) {
    write = codec.writer(model.inputs.map(({ name }) => name))
    writers.set(model, write)
  }
  const given: Tensors = {}
  const sizes: Record<string, number[]> = {}
  for (const { name, shape } of model.inputs) {
    const tensor = inputs[name]!
    // a tensor [N,1] of plain values is one of as many values
    given[name] = shape === undefined && tensor.shape.length > 1 ? { ...tensor, shape: [tensor.shape[0]!] } : asked(tensor, shape)
    if (shape?.some((size) => size < 0)) sizes[name] = tensor.shape.slice(1)
  }
  return { header: Object.keys(sizes).length > 0 ? { sizes } : {}, body: write(given) }
}

/** A list without values is no list that Arrow has: none of the rows has one then. */
function asked(tensor: Tensor, shape: number[] | undefined): Tensor {
  return shape !== undefined && tensor.data.length === 0 ? { ...tensor, shape: [tensor.shape[0]!, 0] } : tensor
}

/** Reads an answer and holds it against the question. Throws `model-run-failed`. */
export function readAnswer(
  { header, body }: Frame,
  { rows, expected = [] }: { rows: number; expected?: readonly TensorSpec[] | undefined },
  codec: RowCodec,
): Answered {
  const told = header as { form?: Answered['form']; outputs?: { name: string; type: DataType; shape: number[] }[] }
  const columns = codec.read(body)
  const tensors: Tensors = {}
  const outputs: TensorSpec[] = []
  for (const { name, shape } of told.outputs ?? []) {
    const tensor = columns[name]
    if (!tensor || tensor.shape[0] !== rows)
      throw new FairleadError('model-run-failed', `the answer has ${tensor?.shape[0] ?? 'no'} rows of "${name}" for ${rows}`)
    const wanted = expected.find((spec) => spec.name === name)
    if (wanted && wanted.type !== tensor.type) throw new FairleadError('model-run-failed', `the answer has "${name}" as ${tensor.type}, not as ${wanted.type}`)
    tensors[name] = shape.length > 0 ? { ...tensor, shape: [rows, ...shape] } : tensor
    outputs.push({ name, type: tensor.type, shape: [-1, ...shape] })
  }
  return { form: told.form ?? 'array', outputs, tensors }
}
