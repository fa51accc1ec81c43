import { setTimeout as sleep } from 'node:timers/promises'
import type { DesiredSource } from '../domain/deployment/index.ts'
import type { KeyCache } from '../domain/governance/index.ts'
import type { Inference } from '../domain/inference/index.ts'
import type { SeriesRecorder } from '../domain/monitoring/index.ts'
import type { Logger } from '../kernel/logger.ts'

/** How often desired state and keys are looked at when nobody says that they changed. */
const POLL_MS = 250
/** Longest that a start waits for the models that it loads; who asks for one that is not there yet waits for that one. */
const START_MS = 60_000

export interface FollowerOptions {
  desired: Pick<DesiredSource, 'revision' | 'read'>
  inference: Pick<Inference, 'converge'>
  keys: Pick<KeyCache, 'refresh'>
  recorder: Pick<SeriesRecorder, 'keep'>
  logger: Pick<Logger, 'error'>
  pollMs?: number
}

/** Keeps a serve process converged to desired state and to the keys in force. What fails is tried again with the next look. */
export class Follower {
  readonly #options: FollowerOptions
  #revision = -1
  #round: Promise<void> | undefined
  #again = false
  #timer: NodeJS.Timeout | undefined
  /** The failure that was logged last, so that one that lasts does not fill the log. */
  #said: string | undefined

  constructor(options: FollowerOptions) {
    this.#options = options
  }

  start(): void {
    this.#timer = setInterval(() => void this.refresh(), this.#options.pollMs ?? POLL_MS)
    this.#timer.unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** Looks now. Settles when what was wanted has been taken up; what is still loading goes on when a change comes meanwhile. */
  refresh(): Promise<void> {
    if (this.#round) {
      this.#again = true
      return this.#round
    }
    this.#round = this.#look().finally(() => {
      this.#round = undefined
      if (this.#again) {
        this.#again = false
        void this.refresh()
      }
    })
    return this.#round
  }

  async #look(): Promise<void> {
    const { inference, keys, recorder, desired } = this.#options
    try {
      keys.refresh()
      const revision = desired.revision()
      if (revision === this.#revision) return
      const wanted = await desired.read()
      this.#revision = wanted.revision
      const first = this.#timer === undefined
      recorder.keep(wanted.deployments.map(({ name, releases }) => ({ name, releases: releases.map((release) => release.number) })))
      const converging = inference.converge(wanted, first ? { until: 'current' } : {}).then(
        () => {
          this.#said = undefined
        },
        (error: unknown) => this.#failed(error, 'desired state could not be taken up'),
      )
      // at the start there is nothing to answer with until it is loaded; later a change must not wait for a load, nor a start for one that hangs
      if (first) await Promise.race([converging, sleep(START_MS, undefined, { ref: false })])
    } catch (error) {
      this.#failed(error, 'desired state could not be read')
    }
  }

  #failed(error: unknown, what: string): void {
    this.#revision = -1
    const words = `${what}: ${error}`
    if (words !== this.#said) this.#options.logger.error({ error }, what)
    this.#said = words
  }
}
