import { FairleadError } from '@fairlead/contract'
import { LatencyHistogram } from './histogram.ts'
import { judgeStep, type Latencies, lateMs, latenciesOf, type Measurement, type Objective } from './objective.ts'
import { decide, type Limit, rounded, type SearchOptions } from './search.ts'
import { generatorThread } from './thread.ts'
import type { Arrivals, BenchRequest, Generator, Step, StepResult, Target } from './types.ts'

/** How to measure. */
export interface BenchSettings {
  objective: Objective
  /** Seconds of a step; slow rates take longer, up to six times, for want of requests. */
  duration: number
  maxRate: number | undefined
  arrivals: Arrivals
  seed: number
}

/** How often a rate is measured where it is near the line. */
const REPEATS = 3
const TOLERANCE = 0.05
const MOST_STEPS = 40
/** Steps that most searches take, for the share of the work that is shown. */
const USUAL_STEPS = 16
/** So many requests should lie above the objective's quantile. */
const TAIL_REQUESTS = 5
const LONGEST = 6
/** A step of fewer requests says nothing. */
const FEWEST_REQUESTS = 10

/** One offered rate: its latencies are those of the measurement in the middle. */
export interface CurvePoint {
  rate: number
  achieved: number
  requests: number
  measurements: number
  latency: Latencies
  failed: Record<string, number>
  lateShare: number
  waitedShare: number
  givenUp: boolean
  /** What most of the measurements say. */
  verdict: Measurement['verdict']
}

/** What a benchmark found. */
export interface BenchResult {
  startedAt: string
  seconds: number
  settings: BenchSettings
  connections: number
  timeoutMs: number
  /** In closed loop: the rate with all connections always busy, and its latencies. */
  closedLoop: { perSecond: number; latency: Latencies }
  /** Offered rates, lowest first. */
  curve: CurvePoint[]
  /** The highest rate that meets the objective. */
  best: CurvePoint | null
  /** Why no higher one is told. */
  limit: Limit | 'interrupted'
  /** The first wrong answer, in words. */
  firstWrong: string | undefined
}

/** What a benchmark says: a rate meets the objective, none does, or nothing, because it was ended or the machine was too busy. */
export function outcomeOf({ best, limit }: Pick<BenchResult, 'best' | 'limit'>): 'met' | 'missed' | 'unknown' {
  if (limit === 'interrupted') return 'unknown'
  if (best) return 'met'
  return limit === 'generator' ? 'unknown' : 'missed'
}

/** Told again and again while the benchmark runs. */
export type TellProgress = (words: string, share: number) => void

export interface BenchOptions {
  target: Target
  requests: BenchRequest[]
  settings: BenchSettings
  /** Ends the benchmark early, with what was measured. */
  signal?: AbortSignal
  tell?: TellProgress
  /** Told once, as soon as a measurement shows it, that the generator is late: with so many requests a second, this share of them. */
  busy?(rate: number, lateShare: number): void
  /** Makes the load; a thread of its own when not given. It is closed at the end. */
  generator?: Generator
}

/**
 * Finds the highest rate of requests that a server answers within an objective, all of them right. Throws `request-invalid` when the requests
 * are not answered with 200 before any load is made.
 */
export async function runBench(options: BenchOptions): Promise<BenchResult> {
  const generator = options.generator ?? generatorThread(options.target, options.requests)
  try {
    return await new Bench(generator, options).run()
  } finally {
    await generator.close()
  }
}

class Bench {
  readonly #generator: Generator
  readonly #options: BenchOptions
  readonly #measured: Measurement[] = []
  #steps = 0
  #firstWrong: string | undefined

  constructor(generator: Generator, options: BenchOptions) {
    this.#generator = generator
    this.#options = options
  }

  get #stopped(): boolean {
    return this.#options.signal?.aborted ?? false
  }

  async run(): Promise<BenchResult> {
    const { settings, target } = this.#options
    const [startedAt, begin] = [new Date().toISOString(), performance.now()]
    this.#tell('a first answer to each request', 0)
    await this.#generator.learn().catch((cause: unknown) => {
      throw new FairleadError('request-invalid', `The server did not answer before the load began: ${cause instanceof Error ? cause.message : cause}.`, {
        cause,
      })
    })
    await this.#step(null, 'warm-up')
    const closed = await this.#step(null, 'closed loop, for an estimate')
    const perSecond = closed && closed.seconds > 0 ? closed.inTime / closed.seconds : 0
    const outcome = await this.#search({
      capacity: Math.max(1, perSecond),
      maxRate: settings.maxRate ?? Number.POSITIVE_INFINITY,
      minRate: FEWEST_REQUESTS / (LONGEST * settings.duration),
      tolerance: TOLERANCE,
      repeats: REPEATS,
      maxSteps: MOST_STEPS,
    })
    const curve = curveOf(this.#measured, settings.objective)
    return {
      startedAt,
      seconds: (performance.now() - begin) / 1000,
      settings,
      connections: target.connections,
      timeoutMs: target.timeoutMs,
      closedLoop: { perSecond, latency: latenciesOf(LatencyHistogram.of(closed?.latency ?? []), settings.objective) },
      curve,
      best: curve.find(({ rate }) => rate === outcome.best) ?? null,
      limit: outcome.limit,
      firstWrong: this.#firstWrong,
    }
  }

  async #search(options: SearchOptions): Promise<{ best: number | null; limit: BenchResult['limit'] }> {
    const { objective } = this.#options.settings
    for (;;) {
      if (this.#stopped) {
        const decision = decide(this.#measured, { ...options, maxSteps: 0 })
        return { best: decision.kind === 'done' ? decision.best : null, limit: 'interrupted' }
      }
      const decision = decide(this.#measured, options)
      if (decision.kind === 'done') return decision
      const words = `${rounded(decision.rate).toLocaleString('en-US')} requests/s${decision.why === 'confirm' ? ', to confirm it' : ''}`
      const result = await this.#step(decision.rate, words)
      if (!result || result.cancelled) continue
      const measured = judgeStep(result, decision.rate, objective)
      if (measured.verdict === 'generator' && !this.#measured.some(({ verdict }) => verdict === 'generator')) {
        this.#options.busy?.(measured.rate, measured.lateShare)
      }
      this.#measured.push(measured)
    }
  }

  /** One step of load; `undefined` when the benchmark has been ended before. */
  async #step(rate: number | null, words: string): Promise<StepResult | undefined> {
    const { settings, signal } = this.#options
    if (this.#stopped) return undefined
    const { objective, duration, arrivals, seed } = settings
    const wanted = rate === null ? 0 : Math.max(FEWEST_REQUESTS, TAIL_REQUESTS / (1 - objective.share)) / rate
    const step: Step = {
      rate,
      seconds: Math.max(duration, Math.min(LONGEST * duration, wanted)),
      leadSeconds: Math.min(1, duration / 5),
      arrivals,
      seed: seed + this.#steps,
      giveUpMs: Math.max(500, 5 * objective.millis),
      lateMs: lateMs(objective),
    }
    const cancel = () => this.#generator.cancel()
    signal?.addEventListener('abort', cancel, { once: true })
    try {
      const result = await this.#generator.run(step, (share) => this.#tell(words, share))
      this.#steps++
      this.#firstWrong ??= result.firstWrong
      return result
    } finally {
      signal?.removeEventListener('abort', cancel)
    }
  }

  #tell(words: string, share: number): void {
    this.#options.tell?.(words, Math.min(0.98, (this.#steps + share) / Math.max(USUAL_STEPS, this.#steps + 3)))
  }
}

/** Each rate by the measurement in the middle: one hiccup of the machine does not speak for a rate that was measured three times. */
function curveOf(measured: readonly Measurement[], objective: Objective): CurvePoint[] {
  const rates = [...new Set(measured.map(({ rate }) => rate))].sort((a, b) => a - b)
  return rates.map((rate) => {
    const own = measured.filter((one) => one.rate === rate)
    const sum = (pick: (one: Measurement) => number) => own.reduce((total, one) => total + pick(one), 0)
    const seconds = Math.max(
      1e-9,
      sum((one) => one.seconds),
    )
    const requests = sum((one) => one.requests)
    const sorted = own.toSorted((a, b) => (a.latency.objective ?? Number.POSITIVE_INFINITY) - (b.latency.objective ?? Number.POSITIVE_INFINITY))
    const middle = sorted[Math.floor(sorted.length / 2)]!
    const failed: Record<string, number> = {}
    for (const one of own) for (const [kind, n] of Object.entries(one.failed)) failed[kind] = (failed[kind] ?? 0) + n
    const met = own.filter(({ verdict }) => verdict === 'met').length
    return {
      rate,
      achieved: sum((one) => one.achieved * one.seconds) / seconds,
      requests,
      measurements: own.length,
      latency: latenciesOf(LatencyHistogram.of(middle.histogram), objective),
      failed,
      lateShare: sum((one) => one.lateShare * one.requests) / Math.max(1, requests),
      waitedShare: sum((one) => one.waitedShare * one.requests) / Math.max(1, requests),
      givenUp: middle.givenUp,
      verdict: met * 2 > own.length ? 'met' : own.find(({ verdict }) => verdict !== 'met')!.verdict,
    }
  })
}
