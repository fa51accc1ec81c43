import type { QueryClient } from '@tanstack/react-query'
import { useSyncExternalStore } from 'react'
import { control } from './control.ts'
import { statusQuery } from './queries.ts'

/** How the event stream stands. `since` is when the last state arrived. */
export interface LiveLink {
  state: 'connecting' | 'live' | 'lost'
  since: number | undefined
}

const RETRY_MS = 3000
/** A state is due every two seconds; after this long without one the link counts as lost. */
const SILENCE_MS = 8000

let link: LiveLink = { state: 'connecting', since: undefined }
const listeners = new Set<() => void>()

function setLink(next: LiveLink): void {
  if (next.state === link.state && next.since === link.since) return
  link = next
  for (const listener of listeners) listener()
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/**
 * Follows `watchStatus` and writes each state into the query cache. Reconnects by itself; a broken stream asks for the
 * status once, so that an ended session leads to the sign-in page. Answers a function that stops it.
 */
export function followStatus(client: QueryClient): () => void {
  const stop = new AbortController()
  const lose = () => setLink({ state: 'lost', since: link.since })
  const followOnce = async () => {
    // A link that died without a word is given up after a silence, so that it is tried anew.
    const attempt = new AbortController()
    const signal = AbortSignal.any([stop.signal, attempt.signal])
    let silence = setTimeout(() => attempt.abort(), SILENCE_MS)
    try {
      for await (const { event, data } of control.stream('watchStatus', { signal })) {
        if (event !== 'status') continue
        clearTimeout(silence)
        silence = setTimeout(() => attempt.abort(), SILENCE_MS)
        const back = link.state === 'lost'
        client.setQueryData(statusQuery.queryKey, data)
        setLink({ state: 'live', since: Date.now() })
        // What failed or went stale while the platform was away is read again, without a press of a button.
        if (back) void client.invalidateQueries()
      }
    } finally {
      clearTimeout(silence)
    }
  }
  const follow = async () => {
    while (!stop.signal.aborted) {
      await followOnce().catch(() => undefined)
      if (stop.signal.aborted) return
      lose()
      await client.invalidateQueries({ queryKey: statusQuery.queryKey })
      await pause(RETRY_MS)
    }
  }
  void follow()
  return () => {
    stop.abort()
    setLink({ state: 'connecting', since: undefined })
  }
}

const subscribe = (listener: () => void) => {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** The state of the event stream, live. */
export function useLiveLink(): LiveLink {
  return useSyncExternalStore(subscribe, () => link)
}
