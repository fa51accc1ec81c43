import type { Call } from './call.ts'

/** How often is looked whether something has changed. */
const LOOK_MS = 250

/** Sends the status now and whenever it changes, until the call is over. */
export function watchHealth<S>(call: Call, status: () => S, render: (status: S) => Buffer): void {
  let told: S | undefined
  const look = () => {
    const now = status()
    if (now === told) return
    told = now
    call.send(render(now))
  }
  look()
  const timer = setInterval(look, LOOK_MS).unref()
  call.onEnding(look)
  call.onClose(() => clearInterval(timer))
}
