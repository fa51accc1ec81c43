import { type ChildProcess, fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { FairleadError } from '@fairlead/contract'
import { childEnvironment } from '../config/index.ts'
import type { Logger } from '../kernel/logger.ts'
import type { FromServe, ServeInit, ToServe } from './messages.ts'
import { Pulse } from './pulse.ts'

type SlotState = 'starting' | 'ready' | 'draining' | 'dead'

/** A serve process as the supervisor sees it. */
interface Slot {
  id: string
  index: number
  child: ChildProcess | undefined
  state: SlotState
  restarts: number
  /** Restarts for what hung. */
  hangs: number
  /** Why the last process of this slot ended. */
  reason: string | undefined
  pulse: Pulse
  /** Threads that hang in the process, and why. */
  worn: { threads: number; reason: string } | undefined
  /** It was silent for too long and has been killed. */
  hung: boolean
  /** Restarts since it last stayed up, for the backoff. */
  failures: number
  timer: NodeJS.Timeout | undefined
  readyAt: number
}

/** What processes are asked, and how they answer. */
interface Question {
  ask: 'keys-changed' | 'publish'
  answer: 'keys-read' | 'published'
  withinMs: number
}

export interface SupervisorOptions {
  processes: number
  /** Name of the process that is started as the `sequence`-th one for a slot; never the same twice. */
  nameFor(index: number, sequence: number): string
  initFor(process: string, slot: { index: number; restarts: number; hangs: number; reason: string | undefined }): ServeInit
  /** The folder that processes run in, with nothing in it that native code could be led to read. */
  cwd?: string
  logger: Logger
  /** Told when a process is gone, so that what it reported can be forgotten. */
  onExit(process: string): void
  /** Told which processes there are now, by their numbers. */
  onProcesses?(pids: number[]): void
  /** Milliseconds before the first restart; doubled for each further one, up to 5 s. What has run steadily is restarted at once. */
  backoffMs?: number
}

const MAIN = new URL(import.meta.url.endsWith('.ts') ? './serve-main.ts' : './serve-main.js', import.meta.url)
/** Threads that help the engine of a serve process: no more than have a core beside it, as far as the engine's own default. */
const HELPERS = Math.max(1, Math.min(4, availableParallelism() - 1))
const STEADY_MS = 30_000
/** How often the processes are looked after. */
const LOOK_MS = 250
/** Threads that may hang in a process that nobody can stand in for. */
const MOST_WORN = 4
/** How long is waited for the counts of processes; those of one that is busy for longer are a second old at most. */
const PUBLISH_MS = 200
/** How long requests in hand may take in a process that is replaced. */
const RETIRE_GRACE_MS = 10_000

/** Starts serve processes, restarts those that end, and drains them at the end. */
export class Supervisor {
  readonly #options: SupervisorOptions
  readonly #slots: Slot[] = []
  #stopping = false
  #sequence = 0
  #asked = 0
  #looking: NodeJS.Timeout | undefined

  constructor(options: SupervisorOptions) {
    this.#options = options
  }

  /** Starts all processes; settles when each is ready. Rejects with the error of the first that cannot start. */
  async start(): Promise<void> {
    this.#looking = setInterval(() => this.#look(), LOOK_MS).unref()
    const all: Promise<void>[] = []
    for (let index = 0; index < this.#options.processes; index++) {
      const slot = newSlot(index)
      this.#slots.push(slot)
      all.push(this.#spawn(slot))
    }
    await Promise.all(all)
  }

  /** Processes that take part in serving now: ready, or loading for the first time. */
  live(): string[] {
    return this.#slots.filter((slot) => slot.child !== undefined && (slot.state === 'starting' || slot.state === 'ready')).map((slot) => slot.id)
  }

  /** Whether a process of this name may still write its log. */
  writing(name: string): boolean {
    return this.#slots.some((slot) => slot.id === name && slot.child !== undefined)
  }

  /** State of every slot, for health. */
  processes(): { id: string; pid: number; state: SlotState; restarts: number }[] {
    return this.#slots.map((slot) => ({ id: slot.id, pid: slot.child?.pid ?? 0, state: slot.state, restarts: slot.restarts }))
  }

  /** Tells every process that desired state has changed. */
  nudge(): void {
    for (const slot of this.#slots) this.#send(slot, { type: 'desired-changed' })
  }

  /**
   * Tells every process that keys have changed. Settles when all that answer predictions have read them or ended, at the latest after
   * `withinMs`: those that are starting read them as they start.
   */
  keysChanged(withinMs: number): Promise<void> {
    return this.#askAll(this.#slots, { ask: 'keys-changed', answer: 'keys-read', withinMs })
  }

  async #askAll(slots: readonly Slot[], { ask: type, answer, withinMs }: Question): Promise<void> {
    const ask = ++this.#asked
    const answers = slots
      .filter((slot) => (slot.state === 'ready' || slot.state === 'draining') && slot.child)
      .map((slot) => this.#answered(slot.child!, { answer, ask }))
    for (const slot of slots) this.#send(slot, { type, ask })
    const timer = new AbortController()
    await Promise.race([Promise.all(answers), sleep(withinMs, undefined, { signal: timer.signal }).catch(() => {})])
    timer.abort()
  }

  /** Has the others publish what they have counted, and tells the process that asked. */
  async #gatherCounts(asking: Slot, ask: number): Promise<void> {
    const others = this.#slots.filter((slot) => slot !== asking)
    await this.#askAll(others, { ask: 'publish', answer: 'published', withinMs: PUBLISH_MS })
    this.#send(asking, { type: 'all-published', ask })
  }

  /** Drains and ends every process; after the grace period they are killed. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping = true
    const ends = this.#slots.map((slot) => {
      clearTimeout(slot.timer)
      const child = slot.child
      if (!child || child.exitCode !== null || child.signalCode !== null) return undefined
      return new Promise<void>((resolve) => {
        const kill = setTimeout(() => child.kill('SIGKILL'), graceMs + 2000)
        child.once('exit', () => {
          clearTimeout(kill)
          resolve()
        })
        this.#send(slot, { type: 'drain', graceMs })
      })
    })
    await Promise.all(ends)
    clearInterval(this.#looking)
  }

  /** Ends every process at once. */
  kill(): void {
    this.#stopping = true
    clearInterval(this.#looking)
    for (const slot of this.#slots) {
      clearTimeout(slot.timer)
      slot.child?.kill('SIGKILL')
    }
  }

  #answered(child: ChildProcess, { answer, ask }: { answer: Question['answer']; ask: number }): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        child.off('message', hear)
        child.off('exit', end)
        resolve()
      }
      const hear = (raw: unknown) => {
        const message = raw as FromServe
        if (message.type === answer && message.ask >= ask) end()
      }
      child.on('message', hear)
      child.once('exit', end)
    })
  }

  #send(slot: Slot, message: ToServe): void {
    if (slot.child?.connected) slot.child.send(message, () => {})
  }

  /** Kills processes that have been silent for too long, and has those replaced in which threads hang. */
  #look(): void {
    for (const slot of this.#slots) {
      if (!slot.child) continue
      if (slot.pulse.missed(LOOK_MS) && !slot.hung) {
        slot.hung = true
        slot.child.kill('SIGKILL')
      } else if (slot.worn && slot.state === 'ready' && !this.#stopping && this.#spared(slot, slot.worn.threads)) {
        this.#options.logger.warn({ process: slot.id, ...slot.worn }, 'a serve process in which a model hangs is being replaced')
        slot.state = 'draining'
        this.#send(slot, { type: 'drain', graceMs: RETIRE_GRACE_MS })
      }
    }
  }

  /** Whether the others can stand in for a slot, or it must go without. */
  #spared(slot: Slot, threads: number): boolean {
    const others = this.#slots.filter((other) => other !== slot)
    return threads >= MOST_WORN || (others.length > 0 && others.every(({ state }) => state === 'ready'))
  }

  #processesChanged(): void {
    try {
      this.#options.onProcesses?.(this.#slots.flatMap(({ child }) => child?.pid ?? []))
    } catch (error) {
      // on a full disk they must run all the same
      this.#options.logger.warn({ error }, 'the processes of this run could not be recorded')
    }
  }

  #spawn(slot: Slot): Promise<void> {
    slot.id = this.#options.nameFor(slot.index, ++this.#sequence)
    slot.state = 'starting'
    const child = fork(fileURLToPath(MAIN), [], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      execArgv: ['--disable-warning=ExperimentalWarning', `--v8-pool-size=${HELPERS}`],
      env: childEnvironment(),
      ...(this.#options.cwd === undefined ? {} : { cwd: this.#options.cwd }),
    })
    // each process may have a question to all others under way
    child.setMaxListeners(0)
    slot.child = child
    slot.pulse = new Pulse()
    slot.worn = undefined
    slot.hung = false
    this.#processesChanged()
    const id = slot.id
    return new Promise<void>((resolve, reject) => {
      child.on('message', (raw) => {
        const message = raw as FromServe
        if (message.type === 'alive') slot.pulse.heard(message.limitMs)
        else if (message.type === 'worn') slot.worn = { threads: message.threads, reason: message.reason }
        else if (message.type === 'ask-counts') void this.#gatherCounts(slot, message.ask)
        else if (message.type === 'waiting') this.#send(slot, { type: 'init', init: this.#options.initFor(id, slot) })
        else if (message.type === 'ready') {
          slot.state = 'ready'
          slot.readyAt = Date.now()
          resolve()
        } else if (message.type === 'fatal') reject(new FairleadError(message.code === 'port-in-use' ? 'port-in-use' : 'internal', message.detail))
      })
      child.once('exit', (code, signal) => {
        this.#ended(slot, id, signal ?? `code ${code}`)
        reject(new FairleadError('internal', `A serve process ended while it started (${signal ?? `exit code ${code}`}).`))
      })
      child.once('error', (cause) => {
        // no process was made, for want of memory or of process numbers, and so none will exit
        if (child.pid === undefined) this.#ended(slot, id, cause.message)
        reject(new FairleadError('internal', `A serve process could not be started: ${cause.message}.`, { cause }))
      })
    })
  }

  #ended(slot: Slot, id: string, how: string): void {
    slot.child = undefined
    slot.state = 'dead'
    this.#processesChanged()
    // at the end everything is closed in its order, and what was reported goes with the next start
    if (this.#stopping) return
    this.#options.onExit(id)
    const steady = slot.readyAt > 0 && Date.now() - slot.readyAt > STEADY_MS
    if (steady) slot.failures = 0
    const wait = pauseBefore({ steady, failures: slot.failures }, this.#options.backoffMs ?? 100)
    slot.failures++
    slot.restarts++
    slot.readyAt = 0
    const hung = slot.hung || (how === 'SIGKILL' && slot.pulse.faint)
    if (hung || slot.worn) slot.hangs++
    slot.reason = hung
      ? `it hung: nothing was heard of it for ${Math.round(slot.pulse.silentMs / 1000)} s`
      : slot.worn
        ? `a model hung in it: ${slot.worn.reason}`
        : `it ended with ${how}`
    this.#options.logger.error({ process: id, how, reason: slot.reason, restartInMs: wait }, 'a serve process ended and will be restarted')
    slot.timer = setTimeout(() => {
      this.#spawn(slot).catch((error: unknown) => this.#options.logger.error({ process: slot.id, error }, 'a serve process could not be restarted'))
    }, wait)
  }
}

/** Milliseconds until a process is started again: none for one that ran steadily, more and more for one that keeps ending. */
export function pauseBefore({ steady, failures }: { steady: boolean; failures: number }, backoffMs: number): number {
  return steady ? 0 : Math.min(5000, backoffMs * 2 ** failures)
}

function newSlot(index: number): Slot {
  const counts = { restarts: 0, hangs: 0, failures: 0, readyAt: 0 }
  return {
    ...counts,
    id: '',
    index,
    child: undefined,
    state: 'starting',
    reason: undefined,
    pulse: new Pulse(),
    worn: undefined,
    hung: false,
    timer: undefined,
  }
}
