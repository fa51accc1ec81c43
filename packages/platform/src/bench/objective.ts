import { FairleadError } from '@fairlead/contract'
import { LatencyHistogram } from './histogram.ts'
import type { StepResult } from './types.ts'

/** A latency that a share of the requests may not exceed. */
export interface Objective {
  /** As people write it: `p99`. */
  name: string
  share: number
  millis: number
}

const UNITS: Record<string, number> = { us: 0.001, µs: 0.001, ms: 1, s: 1000 }

/** Reads `p99=20ms`. Throws `usage`. */
export function readObjective(text: string): Objective {
  const found = /^p(\d{1,2}(?:\.\d{1,3})?)=(\d+(?:\.\d+)?)(us|µs|ms|s)$/.exec(text.trim().toLowerCase().replaceAll(' ', ''))
  const percent = Number(found?.[1])
  const millis = Number(found?.[2]) * (UNITS[found?.[3] ?? ''] ?? Number.NaN)
  if (!(percent > 0 && millis > 0 && millis <= 600_000)) {
    throw new FairleadError('usage', `An objective is a percentile and a time, like p99=20ms or p99.9=0.1s, and not "${text}".`)
  }
  return { name: `p${percent}`, share: percent / 100, millis }
}

/** Why a step counts as it does. `generator`: this machine could not send as scheduled, which says nothing of the server. */
export type Verdict = 'met' | 'latency' | 'failures' | 'backlog' | 'generator'

/** Of the answers that are due within a step, this share must come within it: else a queue grows, and latencies with it. */
const IN_TIME = 0.97

/** Latencies of one step in milliseconds; `null` when nothing was answered. */
export interface Latencies {
  p50: number | null
  p90: number | null
  p99: number | null
  p999: number | null
  max: number | null
  /** At the objective's share. */
  objective: number | null
}

/** One step, with what it means for the objective. */
export interface Measurement {
  /** Requests a second that were scheduled. */
  rate: number
  /** Right answers a second. */
  achieved: number
  requests: number
  seconds: number
  latency: Latencies
  failed: Record<string, number>
  /** Share of the requests that the generator came to too late. */
  lateShare: number
  /** Share of the requests that found no free connection. */
  waitedShare: number
  /** The step was given up: its latencies are lower bounds. */
  givenUp: boolean
  verdict: Verdict
  /** The verdict is not near the line: another measurement would say the same. */
  clear: boolean
  histogram: number[]
}

export function latenciesOf(histogram: LatencyHistogram, { share }: Objective): Latencies {
  const millis = (micros: number | null) => (micros === null ? null : micros / 1000)
  const at = (q: number) => millis(histogram.quantile(q))
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99), p999: at(0.999), max: millis(histogram.largest), objective: at(share) }
}

/** So many times the share of late requests that would do: no hiccup of the machine, but a machine that is too busy. */
const HOPELESSLY_LATE = 20

/** Later than this, a request of a step for this objective is late. */
export function lateMs({ millis }: Objective): number {
  return Math.max(1, millis / 4)
}

/** Judges a step of the open loop. */
export function judgeStep(result: StepResult, rate: number, objective: Objective): Measurement {
  const latency = latenciesOf(LatencyHistogram.of(result.latency), objective)
  const failures = Object.values(result.failed).reduce((sum, n) => sum + n, 0)
  const lateShare = result.late / Math.max(1, result.scheduled)
  const measured = latency.objective ?? Number.POSITIVE_INFINITY
  // the share of requests that may be late before the objective's quantile is made of them
  const mayBeLate = (1 - objective.share) / 2
  const verdict = verdictOf({ generatorFailed: lateShare > mayBeLate, failures, measured, objective, result })
  const clear = {
    met: measured <= 0.8 * objective.millis,
    generator: lateShare > Math.min(0.5, HOPELESSLY_LATE * mayBeLate),
    other: result.givenUp || measured > 3 * objective.millis,
  }[verdict === 'met' || verdict === 'generator' ? verdict : 'other']
  return {
    rate,
    achieved: result.seconds > 0 ? result.inTime / result.seconds : 0,
    requests: result.scheduled,
    seconds: result.seconds,
    latency,
    failed: result.failed,
    lateShare,
    waitedShare: result.waited / Math.max(1, result.scheduled),
    givenUp: result.givenUp,
    verdict,
    clear,
    histogram: result.latency,
  }
}

interface Judged {
  generatorFailed: boolean
  failures: number
  measured: number
  objective: Objective
  result: StepResult
}

function verdictOf({ generatorFailed, failures, measured, objective, result }: Judged): Verdict {
  if (failures > 0) return 'failures'
  if (measured <= objective.millis && !result.givenUp) {
    // one answer may be under way at the end of a short step
    return result.inTime + 2 >= result.scheduled * IN_TIME - Math.sqrt(result.scheduled) * 0.1 ? 'met' : 'backlog'
  }
  return generatorFailed ? 'generator' : 'latency'
}
