import { FairleadError, type InputColumn, OIP_TYPES, type Signature, type TensorSpec } from '@fairlead/contract'
import { ByName } from '../../kernel/by-name.ts'
import { nearestWord } from '../../kernel/suggestion.ts'
import type { CompiledPipeline } from '../pipeline/index.ts'
import { halfToNumber } from './number-text.ts'
import { placeOf } from './refusals.ts'
import type { RowsPlan } from './rows.ts'
import { sizeOf } from './tensors.ts'
import type { Tensor, Tensors } from './types.ts'

/**
 * A release as tensors in and tensors out, for the Open Inference Protocol: the model's own tensors when the pipeline is the
 * model alone, else one `[N]` tensor (or `[N, 1]`) per column and the added fields as text.
 */
export class TensorInterface {
  readonly inputs: TensorSpec[]
  readonly outputs: TensorSpec[]
  readonly #plan: RowsPlan
  readonly #columns: Map<string, InputColumn> | undefined
  readonly #names: ReadonlySet<string>

  constructor(signature: Signature, pipeline: CompiledPipeline, plan: RowsPlan) {
    this.#plan = plan
    this.#columns = pipeline.modelOnly ? undefined : new Map(signature.columns.map((column) => [column.name, column]))
    this.inputs = pipeline.modelOnly ? signature.inputs : signature.columns.map(({ name, type, shape = [] }) => ({ name, type, shape: [-1, ...shape] }))
    this.#names = new Set(this.inputs.map(({ name }) => name))
    this.outputs = [...signature.outputs, ...pipeline.added.map(({ name }): TensorSpec => ({ name, type: 'string', shape: [-1] }))]
  }

  /** Whether there is a tensor for each column, instead of the model's own. */
  get byColumn(): boolean {
    return this.#columns !== undefined
  }

  /**
   * Checks names, types, shapes and declared limits and answers the model's tensors with their number of rows.
   * Throws `tensor-unknown`, `tensor-missing`, `value-type`, `shape-mismatch`, `rows-empty`, or as `RowsPlan.check`.
   */
  toModel(given: Tensors): { inputs: Tensors; rows: number } {
    for (const name in given) {
      if (this.#names.has(name)) continue
      const names = [...this.#names]
      const near = nearestWord(name, names)
      throw refused(
        'tensor-unknown',
        name,
        `there is no input "${name}"; ${near === undefined ? `the inputs are ${names.slice(0, 20).join(', ')}` : `did you mean "${near}"?`}`,
      )
    }
    const fitted: Tensors = new ByName()
    let rows: number | undefined
    for (const spec of this.inputs) {
      const tensor = given[spec.name]
      if (!tensor) {
        if (this.#columns?.get(spec.name)?.optional) continue
        throw refused('tensor-missing', spec.name, `the input "${spec.name}" is missing`)
      }
      const fit = fitTensor(tensor, spec)
      fitted[spec.name] = fit
      const own = fit.shape[0] ?? 1
      rows ??= own
      if (own !== rows && spec.shape[0] === -1)
        throw refused('shape-mismatch', spec.name, `"${spec.name}" has ${own} rows, and the inputs before it have ${rows}`)
    }
    if (!rows) throw new FairleadError('rows-empty', 'the inputs have no rows')
    if (this.#columns) return { inputs: this.#plan.decode(asRows(fitted, rows)), rows }
    this.#plan.check(fitted)
    return { inputs: fitted, rows }
  }
}

function refused(code: 'tensor-unknown' | 'tensor-missing' | 'shape-mismatch' | 'value-type', name: string, detail: string): FairleadError {
  return new FairleadError(code, detail, { items: [{ path: placeOf('inputs', name), code, detail }] })
}

function fits(shape: number[], wanted: number[]): boolean {
  if (shape.length !== wanted.length) return false
  for (let i = 0; i < wanted.length; i++) if (wanted[i]! >= 0 && wanted[i] !== shape[i]) return false
  return true
}

function fitTensor(tensor: Tensor, spec: TensorSpec): Tensor {
  if (tensor.type !== spec.type) throw refused('value-type', spec.name, `"${spec.name}" must be ${OIP_TYPES[spec.type]}, got ${OIP_TYPES[tensor.type]}`)
  if (fits(tensor.shape, spec.shape)) return tensor
  // a column as [N] and as [N, 1] is the same column
  const [rows = 1] = tensor.shape
  const other = spec.shape.length === 1 ? [rows] : [rows, 1]
  const isColumn = sizeOf(tensor.shape) === rows && tensor.shape.length <= 2 && spec.shape.length <= 2
  if (isColumn && fits(other, spec.shape)) return { ...tensor, shape: other }
  throw refused('shape-mismatch', spec.name, `"${spec.name}" must have the shape [${spec.shape.join(',')}] (-1 is any), got [${tensor.shape.join(',')}]`)
}

/** Column tensors as rows; this interface of a pipeline with more steps is not the fast one. */
function asRows(columns: Tensors, rows: number): Record<string, unknown>[] {
  const entries = Object.entries(columns)
  return Array.from({ length: rows }, (_, row) => Object.fromEntries(entries.map(([name, tensor]) => [name, valueAt(tensor, tensor.shape.slice(1), row)])))
}

function valueAt(tensor: Tensor, inner: number[], place: number): unknown {
  const [size, ...rest] = inner
  if (size !== undefined && !(inner.length === 1 && size === 1)) return Array.from({ length: size }, (_, k) => valueAt(tensor, rest, place * size + k))
  if (tensor.nulls?.[place]) return null
  const raw = tensor.data[place]!
  if (tensor.type === 'bool') return raw === 1
  const value = tensor.type === 'float16' ? halfToNumber(raw as number) : raw
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value
}
