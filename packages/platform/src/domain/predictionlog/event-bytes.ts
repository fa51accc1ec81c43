import type { PredictionEvent, Tensors } from '../inference/index.ts'

/** What an event takes beside its values. */
const EVENT_BYTES = 500
/** What a text takes beside its characters. */
const TEXT_BYTES = 16

function tensorBytes(tensors: Tensors): number {
  let bytes = 0
  for (const name in tensors) {
    const { data, nulls } = tensors[name]!
    if (nulls) bytes += nulls.byteLength
    if (!Array.isArray(data)) bytes += data.byteLength
    else for (const text of data) bytes += TEXT_BYTES + text.length
  }
  return bytes
}

/** About how many bytes of memory an event keeps. */
export function eventBytes({ request, answer }: PredictionEvent): number {
  return EVENT_BYTES + tensorBytes(request.inputs) + tensorBytes(answer.outputs)
}
