import type { Server } from 'node:http'

/** What can be closed in order, and has a server of Node beneath it. */
interface Closing {
  server: Pick<Server, 'closeAllConnections' | 'closeIdleConnections'>
  close(): Promise<unknown>
}

const IDLE_MS = 50

/** Closes a server: what is in hand is answered; whoever is not done after the grace, such as a client that stopped sending, is cut off. */
export async function closeServer(closing: Closing, graceMs: number): Promise<void> {
  // a connection whose answer was under way would be kept for its client's next request
  const idle = setInterval(() => closing.server.closeIdleConnections(), IDLE_MS)
  const cut = setTimeout(() => closing.server.closeAllConnections(), graceMs)
  try {
    await closing.close()
  } finally {
    clearTimeout(cut)
    clearInterval(idle)
  }
}
