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
 * What MLflow's wrapper of ONNX models answers. To a model of tensors: every output by its name as one array. To a model of
 * columns: a record a row. Where all outputs have the same number of values, wide ones are laid flat as MLflow does, one value
 * a record; where they have not, MLflow fails, and here each record has its row's values. Fields of `decide` steps come last.
 */
export function predictionsText(plan: ReleasePlan, outputs: Tensors, { rows, nonFinite }: { rows: number; nonFinite: NonFinite }): string {
  const { signature } = plan.release
  const names = [...signature.outputs.map(({ name }) => name), ...plan.pipeline.added.map(({ name }) => name)]
  const given = names.flatMap((name) =>
    outputs[name] ? [{ name: JSON.stringify(name), tensor: outputs[name], write: writer(outputs[name].type, nonFinite) }] : [],
  )
  if (signature.columns.some((column) => (column.shape ?? []).length > 0)) {
    return `{${given.map(({ name, tensor, write }) => `${name}:${nested(tensor, tensor.shape, { at: 0, write })}`).join(',')}}`
  }
  const sizes = new Set(given.map(({ tensor }) => tensor.data.length))
  const [size = rows] = sizes
  const flat = sizes.size <= 1
  const record = (row: number) =>
    given.map(({ name, tensor, write }) => {
      if (flat) return `${name}:${nested(tensor, [], { at: row, write })}`
      const width = tensor.data.length / rows
      return `${name}:${nested(tensor, width === 1 ? [] : tensor.shape.slice(1), { at: row * width, write })}`
    })
  return `[${Array.from({ length: flat ? size : rows }, (_, row) => `{${record(row).join(',')}}`).join(',')}]`
}
