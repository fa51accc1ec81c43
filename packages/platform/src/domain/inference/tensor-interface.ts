import { FairleadError, type InputColumn, OIP_TYPES, type Signature, type TensorSpec } from '@fairlead/contract'
import { ByName } from '../../kernel/by-name.ts'
import { nearestWord } from '../../kernel/suggestion.ts'
import { fillNull } from './column-plan.ts'
import { placeOf } from './refusals.ts'
import type { RowsPlan } from './rows.ts'
import { allocate, sizeOf } from './tensors.ts'
import type { Tensor, Tensors } from './types.ts'

/** How a release takes tensors. */
interface Taking {
  /** Whether there is a tensor for each column, because there are steps around the model. */
  byColumn: boolean
  plan: RowsPlan
}

/**
 * A release as tensors in and tensors out, for the Open Inference Protocol: the model's own tensors when the pipeline is the
 * model alone, else one `[N]` tensor (or `[N, 1]`) per column of the pipeline's signature.
 */
export class TensorInterface {
  readonly inputs: TensorSpec[]
  readonly outputs: TensorSpec[]
  readonly #plan: RowsPlan
  readonly #columns: Map<string, InputColumn> | undefined
  readonly #names: ReadonlySet<string>

  constructor(signature: Signature, { byColumn, plan }: Taking) {
    this.#plan = plan
    this.#columns = byColumn ? new Map(signature.columns.map((column) => [column.name, column])) : undefined
    this.inputs = signature.inputs
    this.#names = new Set(this.inputs.map(({ name }) => name))
    this.outputs = signature.outputs
  }

  /** Whether there is a tensor for each column, instead of the model's own. */
  get byColumn(): boolean {
    return this.#columns !== undefined
  }

  /**
   * Checks names, types, shapes and declared limits and answers the tensors of a request with their number of rows. A column that may be left out, and is,
   * is null throughout.
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
    const absent: TensorSpec[] = []
    let rows: number | undefined
    for (const spec of this.inputs) {
      const tensor = given[spec.name]
      if (!tensor) {
        if (this.#columns?.get(spec.name)?.optional) {
          absent.push(spec)
          continue
        }
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
    this.#plan.check(fitted)
    for (const spec of absent) fitted[spec.name] = nothing(spec, rows)
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

/** A column in which no row has a value. */
function nothing({ type, shape }: TensorSpec, rows: number): Tensor {
  const inner = shape.slice(1).map((size) => Math.max(0, size))
  const data = allocate(type, rows * sizeOf(inner))
  const tensor: Tensor = { type, shape: [rows, ...inner], data }
  for (let at = 0; at < data.length; at++) fillNull(tensor, at)
  return tensor
}
