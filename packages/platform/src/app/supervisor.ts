import { type ChildProcess, fork } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { FairleadError } from '@fairlead/contract'
import { childEnvironment } from '../config/index.ts'
import type { Logger } from '../kernel/logger.ts'
import type { FromServe, ServeInit, ToServe } from './messages.ts'

/** A serve process as the supervisor sees it. */
interface Slot {
  id: string
  index: number
  child: ChildProcess | undefined
  state: 'starting' | 'ready' | 'dead'
  restarts: number
  /** Restarts since it last stayed up, for the backoff. */
  failures: number
  timer: NodeJS.Timeout | undefined
  readyAt: number
}

export interface SupervisorOptions {
  processes: number
  /** Name of the process that is started as the `sequence`-th one for a slot; never the same twice. */
  nameFor(index: number, sequence: number): string
  initFor(process: string, slot: { index: number; restarts: number }): ServeInit
  /** The folder that processes run in, with nothing in it that native code could be led to read. */
  cwd?: string
  logger: Logger
  /** Told when a process is gone, so that what it reported can be forgotten. */
  onExit(process: string): void
  /** Milliseconds before the first restart; doubled for each further one, up to 5 s. */
  backoffMs?: number
}

const MAIN = new URL(import.meta.url.endsWith('.ts') ? './serve-main.ts' : './serve-main.js', import.meta.url)
const STEADY_MS = 30_000

/** Starts serve processes, restarts those that end, and drains them at the end. */
export class Supervisor {
  readonly #options: SupervisorOptions
  readonly #slots: Slot[] = []
  #stopping = false
  #sequence = 0
  #asked = 0

  constructor(options: SupervisorOptions) {
    this.#options = options
  }

  /** Starts all processes; settles when each is ready. Rejects with the error of the first that cannot start. */
  async start(): Promise<void> {
    const all: Promise<void>[] = []
    for (let index = 0; index < this.#options.processes; index++) {
      const slot: Slot = { id: '', index, child: undefined, state: 'starting', restarts: 0, failures: 0, timer: undefined, readyAt: 0 }
      this.#slots.push(slot)
      all.push(this.#spawn(slot))
    }
    await Promise.all(all)
  }

  /** Processes that take part in serving now: ready, or loading for the first time. */
  live(): string[] {
    return this.#slots.filter((slot) => slot.child !== undefined && slot.state !== 'dead').map((slot) => slot.id)
  }

  /** Whether a process of this name may still write its log. */
  writing(name: string): boolean {
    return this.#slots.some((slot) => slot.id === name && slot.child !== undefined)
  }

  /** State of every slot, for health. */
  processes(): { id: string; pid: number; state: 'starting' | 'ready' | 'dead'; restarts: number }[] {
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
  async keysChanged(withinMs: number): Promise<void> {
    const ask = ++this.#asked
    const answers = this.#slots.filter((slot) => slot.state === 'ready' && slot.child).map((slot) => this.#answered(slot.child!, ask))
    for (const slot of this.#slots) this.#send(slot, { type: 'keys-changed', ask })
    const timer = new AbortController()
    await Promise.race([Promise.all(answers), sleep(withinMs, undefined, { signal: timer.signal }).catch(() => {})])
    timer.abort()
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
  }

  /** Ends every process at once. */
  kill(): void {
    this.#stopping = true
    for (const slot of this.#slots) {
      clearTimeout(slot.timer)
      slot.child?.kill('SIGKILL')
    }
  }

  #answered(child: ChildProcess, ask: number): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        child.off('message', hear)
        child.off('exit', end)
        resolve()
      }
      const hear = (raw: unknown) => {
        const message = raw as FromServe
        if (message.type === 'keys-read' && message.ask >= ask) end()
      }
      child.on('message', hear)
      child.once('exit', end)
    })
  }

  #send(slot: Slot, message: ToServe): void {
    if (slot.child?.connected) slot.child.send(message, () => {})
  }

  #spawn(slot: Slot): Promise<void> {
    slot.id = this.#options.nameFor(slot.index, ++this.#sequence)
    slot.state = 'starting'
    const child = fork(fileURLToPath(MAIN), [], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      execArgv: ['--disable-warning=ExperimentalWarning'],
      env: childEnvironment(),
      ...(this.#options.cwd === undefined ? {} : { cwd: this.#options.cwd }),
    })
    slot.child = child
    const id = slot.id
    return new Promise<void>((resolve, reject) => {
      child.on('message', (raw) => {
        const message = raw as FromServe
        if (message.type === 'waiting') this.#send(slot, { type: 'init', init: this.#options.initFor(id, slot) })
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
    // at the end everything is closed in its order, and what was reported goes with the next start
    if (this.#stopping) return
    this.#options.onExit(id)
    if (slot.readyAt > 0 && Date.now() - slot.readyAt > STEADY_MS) slot.failures = 0
    const wait = Math.min(5000, (this.#options.backoffMs ?? 100) * 2 ** slot.failures)
    slot.failures++
    slot.restarts++
    slot.readyAt = 0
    this.#options.logger.error({ process: id, how, restartInMs: wait }, 'a serve process ended and will be restarted')
    slot.timer = setTimeout(() => {
      this.#spawn(slot).catch((error: unknown) => this.#options.logger.error({ process: slot.id, error }, 'a serve process could not be restarted'))
    }, wait)
  }
}
