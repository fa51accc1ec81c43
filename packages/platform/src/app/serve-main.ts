import { FairleadError } from '@fairlead/contract'
import { FreshCounts } from './fresh-counts.ts'
import type { FromServe, ToServe } from './messages.ts'
import { type ServeProcess, startServe } from './serve.ts'
import { startWatchdog } from './watchdog.ts'

/** How long requests in hand may take when the supervisor is gone. */
const ORPHAN_GRACE_MS = 2000
/** How long requests in hand may take when somebody ends this process alone. */
const SIGNAL_GRACE_MS = 10_000
/** How often the supervisor hears that this process turns. */
const ALIVE_MS = 1000

let serving: Promise<ServeProcess> | undefined
let ending = false
const counts = new FreshCounts((ask) => tell({ type: 'ask-counts', ask }))
/** Threads that hang in native code. */
let lost = 0

function tell(message: FromServe): void {
  if (process.connected) process.send?.(message)
}

async function end(graceMs: number): Promise<void> {
  if (ending) return
  ending = true
  // a model that is being loaded, or a disk that hangs, must not keep this process; an exit would wait for their threads
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), graceMs + 2000).unref()
  try {
    await (await serving)?.stop(graceMs)
  } finally {
    // an exit waits for every thread, and these never end
    if (lost > 0) process.kill(process.pid, 'SIGKILL')
    else process.exit(0)
  }
}

async function begin(message: Extract<ToServe, { type: 'init' }>): Promise<void> {
  const alive = (limitMs: number) => tell({ type: 'alive', limitMs })
  const watchdog = startWatchdog({ hungAfterMs: message.init.hungAfterMs, onLimit: alive })
  alive(watchdog.limitMs)
  setInterval(() => alive(watchdog.limitMs), ALIVE_MS).unref()
  serving = startServe(message.init, {
    patiently: watchdog.patiently,
    onThreadLost: (reason) => tell({ type: 'worn', threads: ++lost, reason }),
    othersPublished: () => counts.fresh(),
  })
  try {
    tell({ type: 'ready', port: (await serving).port })
  } catch (error) {
    const known = error instanceof FairleadError
    tell({ type: 'fatal', code: known ? error.code : 'internal', detail: error instanceof Error ? error.message : String(error) })
    process.exitCode = 1
    process.disconnect?.()
    setTimeout(() => process.exit(1), 100)
  }
}

process.on('message', (raw) => {
  const message = raw as ToServe
  if (message.type === 'init') void begin(message)
  else if (message.type === 'drain') void end(message.graceMs)
  else if (message.type === 'keys-changed') {
    const { ask } = message
    serving
      ?.then((server) => server.keysChanged())
      .then(() => tell({ type: 'keys-read', ask }))
      .catch(() => {})
  } else if (message.type === 'publish') {
    const { ask } = message
    serving
      ?.then((server) => server.publish())
      .then(() => tell({ type: 'published', ask }))
      .catch(() => {})
  } else if (message.type === 'all-published') counts.heard(message.ask)
  else serving?.then((server) => server.desiredChanged()).catch(() => {})
})
// control is gone: free the port at once, so that the next start finds it
process.on('disconnect', () => void end(ORPHAN_GRACE_MS))
// Ctrl-C reaches the whole group; the supervisor decides when this process ends
process.on('SIGINT', () => {})
process.on('SIGTERM', () => void end(SIGNAL_GRACE_MS))
tell({ type: 'waiting' })
