import type { PredictionEvent, Tensor } from '../inference/index.ts'
import { prepare } from './encode.ts'
import type { StoredTensor } from './layout.ts'

/** Most values of one row's list that the log takes: more are a picture or a sound rather than figures, and would cost more to keep than to predict. */
export const LONGEST_LIST = 1 << 14
/** Most bytes of one row's texts in a column. */
const ROW_BYTES = 1 << 20
/** Most bytes that lists and texts of one request may have together. */
const EVENT_BYTES = 16 << 20

/** An event as it is logged, and the names of the columns whose values were too large for the log. */
export interface Limited {
  event: PredictionEvent
  omitted: string[]
}

interface Size {
  stored: StoredTensor
  bytes: number
  /** A row of it is too large whatever else the request has. */
  over: boolean
}

function sizeOf(tensor: Tensor, rows: number, stored: StoredTensor): Size {
  const { data } = tensor
  const width = rows === 0 ? 0 : data.length / rows
  if (!Array.isArray(data)) return { stored, bytes: data.byteLength, over: width > LONGEST_LIST }
  let bytes = 0
  let longest = 0
  for (let row = 0; row < rows; row++) {
    let own = 0
    for (let i = row * width; i < (row + 1) * width; i++) own += 16 + (data[i]?.length ?? 0)
    bytes += own
    longest = Math.max(longest, own)
  }
  return { stored, bytes, over: width > LONGEST_LIST || longest > ROW_BYTES }
}

/**
 * Takes out of an event what would burden the log and everybody who reads it: longer lists, texts of more than 1 MB a row, and where
 * those of a request have more than 16 MB together, the largest. The rows stay, with null in these columns.
 */
export function withinLimits(event: PredictionEvent): Limited {
  const { request, answer } = event
  const { layout, unbounded } = prepare(answer.release)
  if (unbounded.length === 0) return { event, omitted: [] }
  const sizes: Size[] = []
  let total = 0
  for (const at of unbounded) {
    const stored = layout.tensors[at]!
    const tensor = (stored.side === 'input' ? request.inputs : answer.outputs)[stored.name]
    if (tensor === undefined) continue
    const size = sizeOf(tensor, request.rows, stored)
    sizes.push(size)
    if (!size.over) total += size.bytes
  }
  if (total <= EVENT_BYTES && !sizes.some((size) => size.over)) return { event, omitted: [] }
  const out = sizes.filter((size) => size.over)
  for (const size of sizes.filter((one) => !one.over).sort((a, b) => b.bytes - a.bytes)) {
    if (total <= EVENT_BYTES) break
    out.push(size)
    total -= size.bytes
  }
  return without(
    event,
    out.map((size) => size.stored),
  )
}

function without(event: PredictionEvent, out: readonly StoredTensor[]): Limited {
  const { request, answer } = event
  const { layout } = prepare(answer.release)
  const inputs = { ...request.inputs }
  const outputs = { ...answer.outputs }
  for (const { side, name } of out) delete (side === 'input' ? inputs : outputs)[name]
  const omitted = layout.sources.filter((source) => out.includes(layout.tensors[source.tensor]!)).map((source) => source.column.name)
  return { event: { ...event, request: { ...request, inputs }, answer: { ...answer, outputs } }, omitted }
}
