import { setTimeout as sleep } from 'node:timers/promises'
import type { Control } from '@fairlead/client'
import type { PredictionPage } from '@fairlead/contract/control'

const PAGE_ROWS = 1000
const POLL_MS = 500
/** A row is logged after its answer, so one of an older time may come behind newer ones for about as long. */
const LATE_MS = 5000

/** Which rows are followed. Without `since` those that come from now on. */
export interface LogToFollow {
  deployment: string
  since?: string | undefined
  where?: string | undefined
  release?: number | undefined
  signal: AbortSignal
}

/** Where a page ended: time of its last row, and when that was seen (both in milliseconds, of two clocks). */
interface Mark {
  cursor: string
  time: number
  seen: number
}

type Rows = Pick<PredictionPage, 'columns' | 'items'>

/**
 * Rows of a prediction log as they come, each once, about in order of time. Pages follow each other by cursor, and reading begins
 * again a little before the end, for rows that come late. Ends with the signal's reason.
 */
export async function* followLog(control: Control, { deployment, since, signal, ...filters }: LogToFollow): AsyncGenerator<Rows> {
  const ask = (query: object) => control.call('listPredictions', { params: { deployment }, query: { ...filters, ...query }, signal })
  const given = new Map<string, number>()
  let marks: Mark[] = []
  let begin = since === undefined ? ((await ask({ limit: 1, order: 'newest' })).end ?? undefined) : undefined
  for (;;) {
    let next = begin
    do {
      const page = await ask({ since, next, limit: PAGE_ROWS, order: 'oldest' })
      const fresh = page.items.filter((item) => !given.has(keyOf(item)))
      for (const item of fresh) given.set(keyOf(item), timeOf(item))
      const last = page.items.at(-1)
      if (last && page.end) marks.push({ cursor: page.end, time: timeOf(last), seen: performance.now() })
      if (fresh.length > 0) yield { columns: page.columns, items: fresh }
      next = page.next ?? undefined
    } while (next !== undefined)
    const settled = marks.findLastIndex((mark) => mark.time <= (marks.at(-1)?.time ?? 0) - LATE_MS || mark.seen <= performance.now() - LATE_MS)
    if (settled >= 0) {
      const { cursor, time } = marks[settled]!
      begin = cursor
      marks = marks.slice(settled + 1)
      for (const [key, at] of given) if (at < time) given.delete(key)
    }
    await sleep(POLL_MS, undefined, { signal })
  }
}

function timeOf(item: Record<string, unknown>): number {
  return Date.parse(String(item._time))
}

/** Requests may share an id that their callers chose, not also time and duration. */
function keyOf({ _time, _request, _row, _total_ms }: Record<string, unknown>): string {
  return JSON.stringify([_time, _request, _row, _total_ms])
}
