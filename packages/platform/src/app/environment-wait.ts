import { FairleadError } from '@fairlead/contract'
import type { PythonEnvironments } from '../adapters/python/index.ts'
import type { PythonEnvironment } from '../model/python/environment.ts'

type Built = Awaited<ReturnType<PythonEnvironments['get']>>

/** How long a request waits for an environment before it is told to come again. */
const WAIT_MS = 15_000
const AGAIN_SECONDS = 2

/**
 * Waits for environments no longer than a request should last: one that takes longer goes on being built, and whoever asked is told what is
 * happening and to ask again. A failure is told to the next who asks; after that it is tried anew.
 */
export class EnvironmentWait {
  readonly #environments: Pick<PythonEnvironments, 'get' | 'state'>
  readonly #waitMs: number
  readonly #building = new Map<string, Promise<Built>>()

  constructor(environments: Pick<PythonEnvironments, 'get' | 'state'>, waitMs = WAIT_MS) {
    this.#environments = environments
    this.#waitMs = waitMs
  }

  /** Throws `environment-building` with what is happening, `environment-failed`. */
  async get(environment: PythonEnvironment, model: string): Promise<Built> {
    const { digest } = environment
    let building = this.#building.get(digest)
    if (!building) {
      building = this.#environments.get(environment, model)
      building.catch(() => {})
      this.#building.set(digest, building)
    }
    const timer = Promise.withResolvers<undefined>()
    const timeout = setTimeout(() => timer.resolve(undefined), this.#waitMs)
    try {
      const built = await Promise.race([building, timer.promise])
      if (built) this.#building.delete(digest)
      if (built) return built
    } catch (error) {
      this.#building.delete(digest)
      throw error
    } finally {
      clearTimeout(timeout)
    }
    const { line, startedAt } = this.#environments.state(digest) ?? { line: 'about to be ready', startedAt: Date.now() }
    const seconds = Math.round((Date.now() - startedAt) / 1000)
    throw new FairleadError('environment-building', `The Python environment is being built for ${seconds} s now: ${line}`, { retryAfter: AGAIN_SECONDS })
  }

  /** Settles when nothing is built under a digest any more. */
  async settled(digest: string): Promise<void> {
    await this.#building.get(digest)?.catch(() => {})
  }
}
