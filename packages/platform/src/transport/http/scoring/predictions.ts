import type { DataType } from '@fairlead/contract'
import { halfToNumber, type ReleasePlan, sizeOf, type Tensor, type TensorData, type Tensors } from '../../../domain/inference/index.ts'

/** How what is no finite number is written: bare words as Python does, or null as JSON can. */
export type NonFinite = 'tokens' | 'null'

type Write = (data: TensorData, at: number) => string

function numberText(value: number, nonFinite: NonFinite): string {
  if (Number.isFinite(value)) return Object.is(value, -0) ? '-0.0' : `${value}`
  if (nonFinite === 'null') return 'null'
  return `${value}`
}

/** Values as MLflow writes them: a float32 is widened, so that 0.1 is 0.10000000149011612. */
function writer(type: DataType, nonFinite: NonFinite): Write {
  if (type === 'string') return (data, at) => JSON.stringify(data[at])
  if (type === 'bool') return (data, at) => (data[at] === 0 ? 'false' : 'true')
  if (type === 'float16') return (data, at) => numberText(halfToNumber(data[at] as number), nonFinite)
  if (type === 'float32' || type === 'float64') return (data, at) => numberText(data[at] as number, nonFinite)
  return (data, at) => `${data[at]}`
}

function nested({ data, nulls }: Tensor, inner: readonly number[], { at, write }: { at: number; write: Write }): string {
  const [size, ...rest] = inner
  if (size === undefined) return nulls?.[at] ? 'null' : write(data, at)
  const step = sizeOf(rest)
  const tensor = { data, ...(nulls ? { nulls } : {}) } as Tensor
  return `[${Array.from({ length: size }, (_, k) => nested(tensor, rest, { at: at + k * step, write })).join(',')}]`
}

/**
 * What MLflow's wrapper of the model's flavour answers. Those of libraries with a `predict` of their own: what that gives, as an array;
 * it is the first output. With steps around the model there may be more to answer, and each row has a record.
 */
export function predictionsText(plan: ReleasePlan, outputs: Tensors, how: { rows: number; nonFinite: NonFinite }): string {
  const { answer: form } = plan.release.signature
  const [first] = plan.release.signature.outputs
  const answer = first && outputs[first.name]
  if (plan.release.model.format === 'onnx' || form === 'records' || form === 'columns' || !plan.pipeline.modelOnly || !answer)
    return recordsText(plan, outputs, how)
  return nested(answer, answer.shape, { at: 0, write: writer(answer.type, how.nonFinite) })
}

/**
 * What MLflow's wrapper of ONNX models answers. To a model of tensors: every output by its name as one array. To a model of
 * columns: a record a row. Where all outputs have the same number of values, wide ones are laid flat as MLflow does, one value
 * a record; where they have not, MLflow fails, and here each record has its row's values. Fields that steps add come last.
 */
function recordsText(plan: ReleasePlan, outputs: Tensors, { rows, nonFinite }: { rows: number; nonFinite: NonFinite }): string {
  const given = partsOf(plan, outputs, { rows, nonFinite })
  const { answer: form, columns } = plan.release.signature
  if (form === 'columns' || (form === undefined && columns.some((column) => (column.shape ?? []).length > 0))) {
    const whole = ({ tensor, row }: Part) =>
      row ? `[${Array.from({ length: rows }, (_, at) => row(at)).join(',')}]` : nested(tensor, tensor.shape, { at: 0, write: writer(tensor.type, nonFinite) })
    return `{${given.map((part) => `${part.name}:${whole(part)}`).join(',')}}`
  }
  const sizes = new Set(given.map(({ size }) => size))
  const [size = rows] = sizes
  // a frame has a row for each, whatever its cells are
  const flat = sizes.size <= 1 && form === undefined
  const record = (at: number) => given.map(({ name, tensor, row }) => `${name}:${row ? row(at) : cellText(tensor, at, { flat, rows, nonFinite })}`)
  return `[${Array.from({ length: flat ? size : rows }, (_, at) => `{${record(at).join(',')}}`).join(',')}]`
}

/** One output of a model, or one field that a step added. */
interface Part {
  name: string
  tensor: Tensor
  /** Values that are laid out as records. */
  size: number
  /** Writes the map of a row, where the output is one in the model's file. */
  row?: (row: number) => string
}

function partsOf({ release }: ReleasePlan, outputs: Tensors, { rows, nonFinite }: { rows: number; nonFinite: NonFinite }): Part[] {
  return release.signature.outputs.flatMap(({ name: plain, keys }): Part[] => {
    const tensor = outputs[plain]
    if (!tensor) return []
    const name = JSON.stringify(plain)
    if (!keys) return [{ name, tensor, size: tensor.data.length }]
    const write = writer(tensor.type, nonFinite)
    const heads = keys.map((key) => `${JSON.stringify(key)}:`)
    return [{ name, tensor, size: rows, row: (row) => `{${heads.map((head, k) => head + write(tensor.data, row * heads.length + k)).join(',')}}` }]
  })
}

function cellText(tensor: Tensor, at: number, { flat, rows, nonFinite }: { flat: boolean; rows: number; nonFinite: NonFinite }): string {
  const write = writer(tensor.type, nonFinite)
  if (flat) return nested(tensor, [], { at, write })
  const width = tensor.data.length / rows
  return nested(tensor, width === 1 ? [] : tensor.shape.slice(1), { at: at * width, write })
}
