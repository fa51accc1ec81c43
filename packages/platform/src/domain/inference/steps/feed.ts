import { type InputColumn, isFloat, type TensorSpec } from '@fairlead/contract'
import type { ReleaseSettings } from '@fairlead/contract/control'
import { ByName } from '../../../kernel/by-name.ts'
import type { Column, ModelCall, ModelColumn, WorkingFrame } from '../../pipeline/index.ts'
import { fillNull, planTensor, refuseNull } from '../column-plan.ts'
import { floatLimit, type SetValue } from '../column-values.ts'
import { halfToNumber } from '../number-text.ts'
import { placeOf, Refusals } from '../refusals.ts'
import { allocate, sizeOf } from '../tensors.ts'
import type { Tensor, TensorData, Tensors } from '../types.ts'

/** Rows of a request that go through the steps together, and their columns. */
export interface Portion {
  start: number
  end: number
  frame: WorkingFrame
}

/** Rows whose values in a wide tensor stay near the processor while its columns are put there one by one. */
const GATHERED_ROWS = 128

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

  /** The tensors of the model before anything is put into them, but for those that are the request's own. */
  begin(request: Tensors, rows: number): FeedRun {
    return new FeedRun(this.#tensors, request, rows)
  }
}

/** The tensors of one run of a model while they are filled. */
export class FeedRun {
  readonly #plans: readonly FeedTensor[]
  readonly #request: Tensors
  readonly #tensors: Tensors = new ByName()
  readonly #refusals = new Refusals()

  constructor(plans: readonly FeedTensor[], request: Tensors, rows: number) {
    this.#plans = plans
    this.#request = request
    for (const plan of plans) {
      const { spec, inner, width, same } = plan
      this.#tensors[spec.name] =
        same === undefined ? { type: spec.type, shape: [rows, ...inner], data: allocate(spec.type, rows * width) } : reshaped(request[same]!, plan, rows)
    }
  }

  /** Fills the rows of one portion. */
  fill(portion: Portion): void {
    for (const plan of this.#plans) {
      if (plan.same === undefined) gather(plan, this.#tensors[plan.spec.name]!, { portion, request: this.#request, refusals: this.#refusals })
    }
  }

  /**
   * The tensors, when all is filled. Throws `value-missing` where a required column is null, `value-type`, `value-range` and `value-unknown` where a step made
   * what the model's signature does not take, with paths like `rows[3].age`.
   */
  end(): Tensors {
    this.#refusals.check()
    return this.#tensors
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
  portion: Portion
  request: Tensors
  refusals: Refusals
}

/** Puts the rows of one portion into a wide tensor: some rows of all columns rather than all rows of one, so that they stay near the processor. */
function gather({ columns, width }: FeedTensor, tensor: Tensor, { portion: { start, end, frame }, request, refusals }: Gathering): void {
  for (let from = start; from < end; from += GATHERED_ROWS) {
    const range = { from, to: Math.min(end, from + GATHERED_ROWS), width }
    for (const feed of columns) {
      if ('request' in feed.from) copyTensor(request[feed.from.request]!, tensor, { feed, ...range })
      else writeColumn(frame[feed.from.place]!, tensor, { feed, start, refusals, ...range })
    }
  }
}

interface Range {
  feed: FeedColumn
  /** Rows of the request. */
  from: number
  to: number
  width: number
}

interface Scatter {
  at: number
  to: number
  width: number
  place: number
}

/** Every `width`-th place of `target` takes the next value of `source`. Written once for each kind of source, so that each loop knows its own. */
function scatter(source: TensorData, target: Float64Array, { at, to, width, place }: Scatter): void {
  if (source instanceof Float32Array) for (let row = at, k = place; row < to; row++, k += width) target[k] = source[row]!
  else if (source instanceof Float64Array) for (let row = at, k = place; row < to; row++, k += width) target[k] = source[row]!
  // numbers of one type, whichever it is
  else for (let row = at, k = place; row < to; row++, k += width) target[k] = (source as unknown as Float64Array)[row]!
}

/** A column of the request, checked when it came, into its place of a wider tensor. */
function copyTensor(source: Tensor, tensor: Tensor, { feed: { set, offset, column }, from, to, width }: Range): void {
  const { data, nulls } = source
  const place = from * width + offset
  if (!nulls && column.type === tensor.type) {
    scatter(data, tensor.data as Float64Array, { at: from, to, width, place })
    return
  }
  for (let row = from, at = place; row < to; row++, at += width) {
    if (nulls?.[row] === 1) fillNull(tensor, at)
    else set(requestValue(data[row] as number, column), tensor.data, at)
  }
}

function writeColumn(source: Column, tensor: Tensor, { feed, from, to, width, start, refusals }: Range & { start: number; refusals: Refusals }): void {
  const { offset, plainBelow } = feed
  const { nulls } = source
  if (source.type === 'number' && plainBelow > 0 && !nulls && within(source.data, { from: from - start, to: to - start, limit: plainBelow })) {
    scatter(source.data, tensor.data as Float64Array, { at: from - start, to: to - start, width, place: from * width + offset })
    return
  }
  for (let row = from, at = from * width + offset; row < to && !refusals.enough; row++, at += width)
    writeValue(source, tensor, { feed, row, own: row - start, at, refusals })
}

/** Whether all of some numbers are no larger than a type of floats holds; infinities and NaN are. */
function within(data: Float64Array, { from, to, limit }: { from: number; to: number; limit: number }): boolean {
  for (let row = from; row < to; row++) {
    const size = Math.abs(data[row]!)
    if (size >= limit && size !== Number.POSITIVE_INFINITY) return false
  }
  return true
}

interface OneValue {
  feed: FeedColumn
  /** Of the request, and of the column. */
  row: number
  own: number
  at: number
  refusals: Refusals
}

function writeValue(source: Column, tensor: Tensor, { feed: { column, set }, row, own, at, refusals }: OneValue): void {
  const isNull = source.nulls?.[own] === 1
  const refusal = isNull ? refuseNull(column, null) : set(valueAt(source, own, column), tensor.data, at)
  if (refusal) refusals.add(placeOf(`rows[${row}]`, column.name), { ...refusal, detail: `${refusal.detail}; a step made it` })
  else if (isNull) fillNull(tensor, at)
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
