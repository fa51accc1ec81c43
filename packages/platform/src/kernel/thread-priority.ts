import { readlinkSync } from 'node:fs'
import { getPriority, setPriority } from 'node:os'

/** Steps below the others: about a tenth of a processor that somebody else wants, and all of one that nobody does. */
const STEPS = 10
const LOWEST = 19

/**
 * Lets all other threads go before the one that calls, and before those that it starts from now on. On Linux alone: elsewhere priorities
 * are of processes, and nothing happens. Nothing is thrown where it is not allowed. Answers the priority that the thread now has, if it was lowered.
 */
export function lowerThreadPriority(): number | undefined {
  if (process.platform !== 'linux') return undefined
  try {
    // "self/task/17": Linux counts a thread's priority by the thread's own id
    const thread = Number(readlinkSync('/proc/thread-self').split('/').at(-1))
    if (!Number.isInteger(thread) || thread < 1) return undefined
    const priority = Math.min(LOWEST, getPriority(thread) + STEPS)
    setPriority(thread, priority)
    return priority
  } catch {
    return undefined
  }
}
