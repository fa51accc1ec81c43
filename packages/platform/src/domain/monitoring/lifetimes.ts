import { type SeriesSnapshot, STAGES } from './types.ts'

/** A superseded release may be asked for figures a while; after this it is history, which telemetry keeps. */
const SUPERSEDED_MS = 10 * 60_000
/** How long the end of a series is told, so that every process has come to it meanwhile. */
const TOLD_MS = 60_000

const NOTHING = Object.fromEntries(STAGES.map((stage) => [stage, { counts: [], sum: 0, count: 0 }])) as unknown as SeriesSnapshot['histograms']

/** Deployments, and the releases of each that are loaded or about to be. */
export type WantedReleases = readonly { name: string; releases: readonly number[] }[]

type SeriesKey = Pick<SeriesSnapshot, 'deployment' | 'release'>

/**
 * Which series have ended: those of removed deployments at once, those of superseded releases after ten minutes. Several processes
 * count one series, and they do not end it at the same moment; so each goes on for a minute to say that it is gone, and whoever sums
 * leaves out what any process calls gone. Else the sum would go back before it goes.
 */
export class Lifetimes {
  #wanted: Map<string, ReadonlySet<number>> | undefined
  readonly #superseded = new Map<string, number>()
  readonly #ended = new Map<string, SeriesKey & { at: number }>()

  /** Takes up what should run. Until it is told the first time nothing ends. */
  want(wanted: WantedReleases): void {
    this.#wanted = new Map(wanted.map(({ name, releases }) => [name, new Set(releases)]))
    for (const { name, releases } of wanted) {
      for (const release of releases) {
        const key = keyOf({ deployment: name, release })
        this.#superseded.delete(key)
        this.#ended.delete(key)
      }
    }
  }

  /** Whether a series that is counted still has ended by `now` (milliseconds since 1970). */
  hasEnded({ deployment, release }: SeriesKey, now: number): boolean {
    // the series without a name belongs to no deployment
    if (this.#wanted === undefined || deployment === '') return false
    const releases = this.#wanted.get(deployment)
    if (releases?.has(release)) return false
    const key = keyOf({ deployment, release })
    const since = this.#superseded.get(key) ?? now
    if (this.#ended.has(key)) return true
    if (releases !== undefined && now - since < SUPERSEDED_MS) {
      this.#superseded.set(key, since)
      return false
    }
    this.#superseded.delete(key)
    this.#ended.set(key, { deployment, release, at: now })
    return true
  }

  /** What says to others that series are gone. */
  told(now: number): SeriesSnapshot[] {
    for (const [key, { at }] of this.#ended) if (now - at >= TOLD_MS) this.#ended.delete(key)
    return [...this.#ended.values()].map(({ deployment, release }) => ({
      deployment,
      release,
      requests: 0,
      rows: 0,
      errors: {},
      failedMs: 0,
      runs: 0,
      sizes: [],
      histograms: NOTHING,
      queueRows: 0,
      lastAt: 0,
      gone: true,
    }))
  }
}

function keyOf({ deployment, release }: SeriesKey): string {
  return `${deployment}\u0000${release}`
}
