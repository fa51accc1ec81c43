import type { Verdict } from './objective.ts'

/** What the search knows of a step. */
export interface Tried {
  rate: number
  verdict: Verdict
  clear: boolean
}

export interface SearchOptions {
  /** Requests a second that the server answered when it was never waited for. */
  capacity: number
  /** No rate above this is tried. */
  maxRate: number
  /** Below this a step would have too few requests. */
  minRate: number
  /** The search ends when the rate that meets the objective and the one that does not are this near: 0.05 is 5 %. */
  tolerance: number
  /** Most measurements of one rate; the majority counts. */
  repeats: number
  maxSteps: number
}

/** Why no higher rate is told: what was in the way, the limit that was set, or that the search took too long. */
export type Limit = Exclude<Verdict, 'met'> | 'max-rate' | 'steps'

/** What to do next. */
export type Decision = { kind: 'measure'; rate: number; why: string } | { kind: 'done'; best: number | null; limit: Limit }

/** Shares of the capacity that are tried first, upwards until one is too much: the curve. */
const LADDER = [0.1, 0.3, 0.5, 0.7, 0.85, 1]
const UP = 1.2
const DOWN = 4
/** Below this share of the capacity no rate is tried. */
const LOWEST = 1 / 500

/** A rate as it is tried and told: three significant digits. */
export function rounded(rate: number): number {
  return Number(rate.toPrecision(3))
}

/** So many rates without one that is met, for which the generator itself was late, are enough: it is the machine that is busy, not the rate that is high. */
const BUSY_RATES = 2

/** What the measurements of one rate say together. */
type Standing = 'met' | 'likely' | 'open' | Limit

/** Decides from what was tried so far. Pure: the same measurements give the same decision. */
export function decide(tried: readonly Tried[], options: SearchOptions): Decision {
  const rates = [...new Set(tried.map(({ rate }) => rate))].sort((a, b) => a - b)
  const standings = rates.map((rate) => ({ rate, standing: standingOf(tried, rate, options.repeats) }))
  const best = standings.findLast(({ standing }) => standing === 'met' || standing === 'likely')
  const over = standings.find(({ rate, standing }) => rate > (best?.rate ?? 0) && standing !== 'open')
  const done = (limit: Limit): Decision => ({ kind: 'done', best: confirmed(standings, best?.rate), limit })
  if (tried.length >= options.maxSteps) return done('steps')
  const open = standings.find(({ standing }) => standing === 'open')
  if (open) return { kind: 'measure', rate: open.rate, why: 'once more' }
  if (!best && standings.filter(({ standing }) => standing === 'generator').length >= BUSY_RATES) return done('generator')
  const next = nextRate({ best: best?.rate, over: over?.rate }, options)
  if (next !== undefined) return { kind: 'measure', ...next }
  if (best?.standing === 'likely') return { kind: 'measure', rate: best.rate, why: 'confirm' }
  return done(over ? (over.standing as Limit) : 'max-rate')
}

function confirmed(standings: readonly { rate: number; standing: Standing }[], upTo: number | undefined): number | null {
  const met = standings.findLast(({ rate, standing }) => rate <= (upTo ?? 0) && standing === 'met')
  return (met ?? standings.findLast(({ standing }) => standing === 'likely'))?.rate ?? null
}

function standingOf(tried: readonly Tried[], rate: number, repeats: number): Standing {
  const own = tried.filter((one) => one.rate === rate)
  const majority = Math.floor(repeats / 2) + 1
  const met = own.filter(({ verdict }) => verdict === 'met')
  const missed = own.filter(({ verdict }) => verdict !== 'met')
  if (met.length >= majority) return 'met'
  const [first] = missed
  if (first && (missed.length >= majority || (first.clear && met.length === 0))) return first.verdict as Limit
  return missed.length === 0 && met.every(({ clear }) => clear) ? 'likely' : 'open'
}

function nextRate({ best, over }: { best: number | undefined; over: number | undefined }, options: SearchOptions): { rate: number; why: string } | undefined {
  const { capacity, maxRate, minRate, tolerance } = options
  const lowest = Math.min(maxRate, Math.max(capacity * LOWEST, minRate))
  if (best === undefined) {
    if (over === undefined) return { rate: rounded(Math.min(maxRate, Math.max(lowest, LADDER[0]! * capacity))), why: 'first' }
    const lower = rounded(Math.max(lowest, over / DOWN))
    return lower < over ? { rate: lower, why: 'lower' } : undefined
  }
  if (over === undefined) {
    if (best >= rounded(maxRate)) return undefined
    const step = LADDER.find((share) => share * capacity > best * 1.01)
    return { rate: rounded(Math.min(maxRate, step === undefined ? best * UP : step * capacity)), why: 'higher' }
  }
  if (over / best <= 1 + tolerance) return undefined
  const middle = rounded(over > 2 * best ? Math.sqrt(over * best) : (over + best) / 2)
  return middle > best && middle < over ? { rate: middle, why: 'between' } : undefined
}
