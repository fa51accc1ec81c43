import { type InputColumn, isFloat, type TensorSpec } from '@fairlead/contract'
import type { ReleaseSettings } from '@fairlead/contract/control'
import { ByName } from '../../../kernel/by-name.ts'
import type { Column, ModelCall, ModelColumn, WorkingFrame } from '../../pipeline/index.ts'
import { fillNull, planTensor, refuseNull } from '../column-plan.ts'
import { floatLimit, type SetValue } from '../column-values.ts'
import { halfToNumber } from '../number-text.ts'
import { placeOf, Refusals } from '../refusals.ts'
import { allocate, sizeOf } from '../tensors.ts'
import type { Tensor, Tensors } from '../types.ts'

interface FeedColumn {
  column: InputColumn
  from: ModelColumn['from']
  offset: number
  set: SetValue
  /** Whether any number within the limit of the type can be written as it is; 0 where it cannot. */
  plainBelow: number
}

interface FeedTensor {
  spec: TensorSpec
  inner: number[]
  width: number
  /** The tensor of the request that is this one, but for its shape. */
  same: string | undefined
  columns: FeedColumn[]
}

/** Makes the tensors of a model from columns. Compiled once per release. */
export class Feed {
  readonly #tensors: FeedTensor[]

  constructor(call: ModelCall, unknownValues: ReleaseSettings['unknownValues']) {
    this.#tensors = call.inputs.map(({ spec, columns }) => planFeed(spec, columns, unknownValues))
  }

  /**
   * The model's tensors. Throws `value-missing` where a required column is null, `value-type`, `value-range` and `value-unknown` where a step made what the
   * model's signature does not take, with paths like `rows[3].age`.
   */
  tensors(frame: WorkingFrame, request: Tensors, rows: number): Tensors {
    const refusals = new Refusals()
    const made: Tensors = new ByName()
    for (const plan of this.#tensors) {
      const same = plan.same === undefined ? undefined : request[plan.same]!
      made[plan.spec.name] = same ? reshaped(same, plan, rows) : gather(plan, { frame, request, rows, refusals })
    }
    refusals.check()
    return made
  }
}

function planFeed(spec: TensorSpec, given: readonly ModelColumn[], unknownValues: ReleaseSettings['unknownValues']): FeedTensor {
  const { inner, columns } = planTensor(
    spec,
    given.map(({ column }) => column),
    unknownValues,
  )
  const [only] = given
  const whole = given.length === 1 && only && 'request' in only.from && only.column.type === spec.type ? only.from.request : undefined
  return {
    spec,
    inner,
    width: Math.max(1, sizeOf(inner)),
    same: whole,
    columns: columns.map(({ column, set, check, offset }, i) => ({
      column,
      from: given[i]!.from,
      offset,
      set,
      plainBelow: isFloat(spec.type) && isFloat(column.type) && !check ? floatLimit(column.type) : 0,
    })),
  }
}

/** A row's array has the sizes that the request gave it, where the model leaves them open. */
function reshaped(tensor: Tensor, { inner }: FeedTensor, rows: number): Tensor {
  return { ...tensor, shape: [rows, ...inner.map((size, i) => (size >= 0 ? size : (tensor.shape[i + 1] ?? 1)))] }
}

interface Gathering {
  frame: WorkingFrame
  request: Tensors
  rows: number
  refusals: Refusals
}

function gather({ spec, inner, width, columns }: FeedTensor, gathering: Gathering): Tensor {
  const { rows } = gathering
  const tensor: Tensor = { type: spec.type, shape: [rows, ...inner], data: allocate(spec.type, rows * width) }
  for (const feed of columns) {
    if ('request' in feed.from) copyTensor(gathering.request[feed.from.request]!, tensor, { feed, width, rows })
    else writeColumn(gathering.frame[feed.from.place]!, tensor, { feed, width, ...gathering })
  }
  return tensor
}

/** A column of the request, checked when it came, into its place of a wider tensor. */
function copyTensor(from: Tensor, tensor: Tensor, { feed: { set, offset, column }, width, rows }: { feed: FeedColumn; width: number; rows: number }): void {
  const [source, target] = [from.data as Float64Array, tensor.data as Float64Array]
  const same = column.type === tensor.type
  for (let row = 0, at = offset; row < rows; row++, at += width) {
    if (from.nulls?.[row] === 1) fillNull(tensor, at)
    else if (same) target[at] = source[row]!
    else set(requestValue(source[row]!, column), tensor.data, at)
  }
}

function writeColumn(from: Column, tensor: Tensor, { feed, width, rows, refusals }: Gathering & { feed: FeedColumn; width: number }): void {
  const { column, set, offset, plainBelow } = feed
  const { nulls } = from
  const numbers = from.type === 'number' && plainBelow > 0 ? from.data : undefined
  const target = tensor.data as Float64Array
  for (let row = 0, at = offset; row < rows && !refusals.enough; row++, at += width) {
    if (nulls?.[row] === 1) {
      const refusal = refuseNull(column, null)
      if (refusal) refusals.add(placeOf(`rows[${row}]`, column.name), { ...refusal, detail: `${refusal.detail}; a step made it` })
      else fillNull(tensor, at)
      continue
    }
    const number = numbers?.[row]
    if (number !== undefined && ((number < plainBelow && number > -plainBelow) || !Number.isFinite(number))) {
      target[at] = number
      continue
    }
    const refusal = set(valueAt(from, row, column), tensor.data, at)
    if (refusal) refusals.add(placeOf(`rows[${row}]`, column.name), { ...refusal, detail: `${refusal.detail}; a step made it` })
  }
}

function requestValue(raw: number, { type }: InputColumn): unknown {
  if (type === 'bool') return raw === 1
  const value = type === 'float16' ? halfToNumber(raw) : raw
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value
}

/** A value as the setters of columns take it: as JSON has it. */
function valueAt(from: Column, row: number, { type }: InputColumn): unknown {
  const value = from.data[row]!
  if (from.type === 'boolean') return type === 'bool' ? value === 1 : value
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value
}
