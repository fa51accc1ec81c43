import { Worker } from 'node:worker_threads'

/** How often the main thread shows that it turns. */
const BEAT_MS = 500
/** How often the watching thread looks. */
const LOOK_MS = 250
/** How long the process may go on when its parent is gone; longer than it needs to end in order. */
const ORPHAN_MS = 4500
/** Longest work on the main thread that is announced with `patiently`: opening a model of many gigabytes. */
const PATIENT_MS = 300_000

/** Places of the shared array. */
const BEATS = 0
const LIMIT_MS = 1

export interface Watchdog {
  /** Milliseconds that the main thread may now go without turning. */
  readonly limitMs: number
  /** Lets the main thread be blocked for long, until `work` has ended. */
  patiently<T>(work: () => Promise<T>): Promise<T>
}

export interface WatchdogOptions {
  /** Milliseconds that the main thread may go without turning. */
  hungAfterMs: number
  /** Told when the limit has changed, before what changed it begins. */
  onLimit?(limitMs: number): void
}

/**
 * Watches the main thread from one of its own, which kills the process with SIGKILL when the main thread did not turn for `hungAfterMs`,
 * or when the parent is gone and the process is still there seconds later. Nothing less ends a process whose main thread hangs in
 * native code.
 */
export function startWatchdog({ hungAfterMs, onLimit = () => {} }: WatchdogOptions): Watchdog {
  const cells = new Int32Array(new SharedArrayBuffer(8))
  cells[LIMIT_MS] = hungAfterMs
  setInterval(() => Atomics.add(cells, BEATS, 1), BEAT_MS).unref()
  const watching = { cells, lookMs: LOOK_MS, orphanMs: ORPHAN_MS, parent: process.ppid }
  // as text, since a thread that has no module to read needs a third of the memory
  const thread = new Worker(`(${watch})(require('node:worker_threads').workerData)`, {
    eval: true,
    execArgv: [],
    name: 'watchdog',
    workerData: watching,
    resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 1, stackSizeMb: 1 },
  })
  thread.unref()
  let patient = 0
  const limit = (ms: number) => {
    Atomics.store(cells, LIMIT_MS, ms)
    onLimit(ms)
  }
  return {
    get limitMs() {
      return Atomics.load(cells, LIMIT_MS)
    },
    async patiently(work) {
      if (patient++ === 0) limit(Math.max(PATIENT_MS, hungAfterMs))
      try {
        return await work()
      } finally {
        if (--patient === 0) {
          Atomics.add(cells, BEATS, 1)
          limit(hungAfterMs)
        }
      }
    },
  }
}

/** What the watching thread gets. */
interface Watching {
  cells: Int32Array<SharedArrayBuffer>
  lookMs: number
  orphanMs: number
  parent: number
}

/**
 * The watching thread. Counts its own looks, not the clock: while the whole process is stopped or the machine asleep, neither thread
 * turns. Runs as text: it must use nothing from around it.
 */
function watch({ cells, lookMs, orphanMs, parent }: Watching): void {
  const never = new Int32Array(new SharedArrayBuffer(4))
  let beats = -1
  let still = 0
  let orphaned = 0
  for (;;) {
    Atomics.wait(never, 0, 0, lookMs)
    // the limit first: whoever lowers it has shown before that the main thread turns
    const limitMs = Atomics.load(cells, 1)
    const now = Atomics.load(cells, 0)
    still = now === beats ? still + lookMs : 0
    beats = now
    orphaned = process.ppid === parent ? 0 : orphaned + lookMs
    if (still >= limitMs || orphaned >= orphanMs) process.kill(process.pid, 'SIGKILL')
  }
}
