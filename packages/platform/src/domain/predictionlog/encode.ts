import type { DataType } from '@fairlead/contract'
import type { PredictionEvent, ServableRelease } from '../inference/index.ts'
import { type BlockArray, encodeFrame } from './block.ts'
import { type Layout, layoutOf } from './layout.ts'
import { type Packed, packTensor } from './pack.ts'
import { packTexts } from './packed-texts.ts'

/** Version of the block's content; a reader refuses what is newer than itself. */
export const BLOCK_FORMAT = 2
/** The one before: ids, interfaces and callers always as lists. */
export const LISTED_FORMAT = 1

/** How a stored tensor lies in its block: in which array or list of texts, which of its
 * values are null, and, where rows vary in size, where each row starts. */
export interface TensorPlace {
  type: DataType
  array?: number
  texts?: string[]
  starts?: number
  /** Array of 1 where a value is null, as long as the values. */
  nulls?: number
  /** Requests, by their position, that have no such tensor: their rows are null. */
  absent?: number[]
}

/**
 * Head of a block. Lists with one entry a request: `requests`, `predictions`, `ids`, `interfaces`, `callers`, `traces`. What all requests have is
 * one text; `requests` of ASCII are packed into two arrays instead.
 */
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
  requests: string[] | { bytes: number; ends: number }
  /** Names of the predictions, where any is another than its request's. Absent in blocks of before there were two. */
  predictions?: string[]
  ids: (string[] | null)[] | null
  interfaces: string | string[]
  callers: string | string[]
  traces: (string | null)[] | null
  places: TensorPlace[]
}

export interface Prepared {
  layout: Layout
  text: string
  /** Tensors of lists and texts, whose rows may be of any size. */
  unbounded: number[]
}

const prepared = new WeakMap<ServableRelease, Prepared>()

/** How rows of a release lie in blocks; derived once a release. */
export function prepare(release: ServableRelease): Prepared {
  let found = prepared.get(release)
  if (!found) {
    const layout = layoutOf(release)
    const unbounded = layout.tensors.flatMap((_, i) => {
      const columns = layout.sources.filter((source) => source.tensor === i).map((source) => source.column)
      return columns.some(({ list, type }) => list || type === 'string') ? [i] : []
    })
    found = { layout, text: JSON.stringify(layout), unbounded }
    prepared.set(release, found)
  }
  return found
}

function place({ type, values, starts, nulls, absent }: Packed, arrays: BlockArray[]): TensorPlace {
  const result: TensorPlace = { type }
  if (Array.isArray(values)) result.texts = values
  else result.array = arrays.push(values) - 1
  if (starts !== undefined) result.starts = arrays.push(starts) - 1
  if (nulls !== undefined) result.nulls = arrays.push(nulls) - 1
  if (absent !== undefined) result.absent = absent
  return result
}

/** Numbers with one entry a request, in this order: time, total, queue, run, parse. */
export const REQUEST_NUMBERS = 5

function caller(event: PredictionEvent): string {
  const { kind, id } = event.request.caller
  return kind === 'key' ? `key:${id}` : kind
}

/** What all events have, or what each has. */
function oneOrAll(events: readonly PredictionEvent[], of: (event: PredictionEvent) => string): string | string[] {
  const first = of(events[0]!)
  return events.every((event) => of(event) === first) ? first : events.map(of)
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
    interfaces: '',
    callers: '',
    traces: null,
    places: [],
  }
  const requests = new Array<string>(events.length)
  for (let i = 0; i < events.length; i++) {
    const { request, answer, time, totalMs } = events[i]!
    counts[i] = request.rows
    head.rows += request.rows
    requests[i] = request.requestId ?? request.id
    const at = i * REQUEST_NUMBERS
    numbers[at] = time
    numbers[at + 1] = totalMs
    numbers[at + 2] = answer.queueMs
    numbers[at + 3] = answer.runMs
    numbers[at + 4] = request.parsedAt - request.receivedAt
  }
  if (events.some((e) => e.request.requestId !== undefined)) head.predictions = events.map((e) => e.request.id)
  if (events.some((e) => e.request.ids !== undefined)) head.ids = events.map((e) => e.request.ids ?? null)
  if (events.some((e) => e.request.traceId !== undefined)) head.traces = events.map((e) => e.request.traceId ?? null)
  head.interfaces = oneOrAll(events, (event) => event.request.interface)
  head.callers = oneOrAll(events, caller)
  const arrays: BlockArray[] = [counts, numbers]
  const packed = packTexts(requests)
  head.requests = packed ? { bytes: arrays.push(packed.bytes) - 1, ends: arrays.push(packed.ends) - 1 } : requests
  head.places = layout.tensors.map((stored) => place(packTensor(events, stored, head.rows), arrays))
  return encodeFrame(head, arrays)
}
