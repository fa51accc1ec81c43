import type { DataType } from '@fairlead/contract'
import type { PredictionEvent, ServableRelease, Tensor, TensorData } from '../inference/index.ts'
import { type BlockArray, encodeFrame } from './block.ts'
import { type Layout, layoutOf, type StoredTensor } from './layout.ts'

/** Version of the block's content; a reader refuses what is newer than itself. */
export const BLOCK_FORMAT = 1

/** How a stored tensor lies in its block: in which array or list of texts, which of its
 * values are null, and, where rows vary in size, where each row starts. */
export interface TensorPlace {
  type: DataType
  array?: number
  texts?: string[]
  starts?: number
  /** Array of 1 where a value is null, as long as the values. */
  nulls?: number
}

/** Head of a block. Lists with one entry a request: `requests`, `ids`, `interfaces`, `callers`, `traces`. */
export interface BlockHead {
  format: number
  deployment: string
  release: number
  digest: string
  model: string
  /** Hours since 1970 of all rows in the block. */
  hour: number
  rows: number
  /** The `Layout` as JSON text: kept as text so that it is made once a release and not once a block. */
  layout: string
  requests: string[]
  ids: (string[] | null)[] | null
  interfaces: string[]
  callers: string[]
  traces: (string | null)[] | null
  places: TensorPlace[]
}

interface Prepared {
  layout: Layout
  text: string
}

const prepared = new WeakMap<ServableRelease, Prepared>()

function prepare(release: ServableRelease): Prepared {
  let found = prepared.get(release)
  if (!found) {
    const layout = layoutOf(release)
    found = { layout, text: JSON.stringify(layout) }
    prepared.set(release, found)
  }
  return found
}

type TypedData = Exclude<TensorData, string[]>

function tensorOf(event: PredictionEvent, stored: StoredTensor): Tensor | undefined {
  return stored.side === 'input' ? event.request.inputs[stored.name] : event.answer.outputs[stored.name]
}

/** An empty array for `length` values like those of `sample`. */
function emptyLike(sample: TypedData, length: number): BlockArray {
  return new (sample.constructor as new (n: number) => BlockArray)(length)
}

function copyInto(target: BlockArray, data: TensorData, at: number): void {
  if (data.length === 1) target[at] = data[0] as never
  else target.set(data as never, at)
}

function blankOut(values: BlockArray | string[], positions: readonly number[], width: number): void {
  const empty = Array.isArray(values) ? '' : typeof values[0] === 'bigint' ? 0n : 0
  for (const position of positions) {
    for (let i = position; i < values.length; i += width) values[i] = empty as never
  }
}

/** A tensor of fixed width as one array; undefined where the requests do not all have `rows × width` values of one type. */
function fixed(events: readonly PredictionEvent[], stored: StoredTensor, rows: number): BlockArray | string[] | undefined {
  const { width } = stored
  const sample = tensorOf(events[0]!, stored)?.data
  if (sample === undefined) return undefined
  const values: BlockArray | string[] = Array.isArray(sample) ? [] : emptyLike(sample, rows * width)
  let at = 0
  for (let e = 0; e < events.length; e++) {
    const event = events[e]!
    const data = tensorOf(event, stored)?.data
    if (data === undefined || data.constructor !== sample.constructor || data.length !== event.request.rows * width) return undefined
    if (Array.isArray(values)) for (const value of data) values.push(value as string)
    else copyInto(values, data, at)
    at += data.length
  }
  blankOut(values, stored.blank, width)
  return values
}

interface Varying {
  values: BlockArray | string[]
  starts: BlockArray | undefined
  /** Whether each event added its values; undefined when all did. */
  used: boolean[] | undefined
}

/**
 * A tensor whose rows differ in size, or which some requests left out: values one after another, and where each row starts.
 * Requests whose values have another type than the first ones, and all where positions are redacted (they cannot be told apart
 * in rows of unexpected size), add empty rows.
 */
function varying(events: readonly PredictionEvent[], stored: StoredTensor, rows: number): Varying {
  const sample = events.map((event) => tensorOf(event, stored)?.data).find((data) => data !== undefined)
  const usable = events.map((event) => {
    const data = tensorOf(event, stored)?.data
    const fits = data !== undefined && stored.blank.length === 0 && data.constructor === sample?.constructor && data.length % event.request.rows === 0
    return fits ? data : undefined
  })
  const total = usable.reduce((sum, data) => sum + (data?.length ?? 0), 0)
  const starts = new Uint32Array(rows + 1)
  const values: BlockArray | string[] = sample === undefined || Array.isArray(sample) ? [] : emptyLike(sample, total)
  let at = 0
  let row = 0
  events.forEach((event, e) => {
    const data = usable[e]
    const width = (data?.length ?? 0) / event.request.rows
    if (data !== undefined && Array.isArray(values)) for (const value of data) values.push(value as string)
    else if (data !== undefined && !Array.isArray(values) && data.length > 0) copyInto(values, data, at)
    for (let r = 0; r < event.request.rows; r++) starts[++row] = at + (r + 1) * width
    at += data?.length ?? 0
  })
  return { values, starts: starts as BlockArray, used: usable.map((data) => data !== undefined) }
}

/** Which values are null; undefined when none is. `used` says which events added values. */
function nullsOf(events: readonly PredictionEvent[], stored: StoredTensor, { values, used }: Pick<Varying, 'values' | 'used'>): Uint8Array | undefined {
  let nulls: Uint8Array | undefined
  let at = 0
  for (let e = 0; e < events.length; e++) {
    const tensor = tensorOf(events[e]!, stored)
    if (tensor === undefined || used?.[e] === false) continue
    if (tensor.nulls !== undefined) {
      nulls ??= new Uint8Array(values.length)
      nulls.set(tensor.nulls, at)
    }
    at += tensor.data.length
  }
  return nulls
}

function place(events: readonly PredictionEvent[], stored: StoredTensor, state: { rows: number; arrays: BlockArray[] }): TensorPlace {
  const whole = stored.width > 0 ? fixed(events, stored, state.rows) : undefined
  const { values, starts, used }: Varying = whole === undefined ? varying(events, stored, state.rows) : { values: whole, starts: undefined, used: undefined }
  const nulls = nullsOf(events, stored, { values, used })
  const type = events.map((event) => tensorOf(event, stored)?.type).find((t) => t !== undefined)
  const result: TensorPlace = { type: type ?? 'string' }
  if (Array.isArray(values)) result.texts = values
  else result.array = state.arrays.push(values) - 1
  if (starts !== undefined) result.starts = state.arrays.push(starts) - 1
  if (nulls !== undefined) result.nulls = state.arrays.push(nulls) - 1
  return result
}

/** Numbers with one entry a request, in this order: time, total, queue, run, parse. */
export const REQUEST_NUMBERS = 5

function caller(event: PredictionEvent): string {
  const { kind, id } = event.request.caller
  return kind === 'key' ? `key:${id}` : kind
}

/**
 * Encodes events of one release and one UTC hour as one frame. Tensors are copied as they are; columns are made of them later,
 * outside the serve process. Arrays 0 and 1 are rows a request (u32) and the requests' numbers (f64, five a request).
 */
export function encodeBlock(events: readonly PredictionEvent[], hour: number): Buffer {
  const release = events[0]!.answer.release
  const { layout, text } = prepare(release)
  const counts = new Uint32Array(events.length)
  const numbers = new Float64Array(events.length * REQUEST_NUMBERS)
  const head: BlockHead = {
    format: BLOCK_FORMAT,
    deployment: release.deployment,
    release: release.number,
    digest: release.digest,
    model: `${release.model.name}:${release.model.version}`,
    hour,
    rows: 0,
    layout: text,
    requests: [],
    ids: null,
    interfaces: [],
    callers: [],
    traces: null,
    places: [],
  }
  for (let i = 0; i < events.length; i++) {
    const { request, answer, time, totalMs } = events[i]!
    counts[i] = request.rows
    head.rows += request.rows
    head.requests.push(request.id)
    head.interfaces.push(request.interface)
    head.callers.push(caller(events[i]!))
    const at = i * REQUEST_NUMBERS
    numbers[at] = time
    numbers[at + 1] = totalMs
    numbers[at + 2] = answer.queueMs
    numbers[at + 3] = answer.runMs
    numbers[at + 4] = request.parsedAt - request.receivedAt
  }
  if (events.some((e) => e.request.ids !== undefined)) head.ids = events.map((e) => e.request.ids ?? null)
  if (events.some((e) => e.request.traceId !== undefined)) head.traces = events.map((e) => e.request.traceId ?? null)
  const arrays: BlockArray[] = [counts, numbers]
  head.places = layout.tensors.map((stored) => place(events, stored, { rows: head.rows, arrays }))
  return encodeFrame(head, arrays)
}
