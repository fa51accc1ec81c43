import type { BenchResult, CurvePoint } from '../run.ts'
import { failuresText, headline, millisText, percentText, type ReportFacts, rateText, remarks, verdictText } from './words.ts'

export const COLUMNS = ['RATE/S', 'OBJECTIVE', 'ACHIEVED/S', 'P50', 'P90', 'P99', 'P99.9', 'MAX', '503', '429', 'OTHER FAILURES', 'LATE']

/** The cells of a rate, as the columns say. */
export function cellsOf(point: CurvePoint, best: CurvePoint | null): string[] {
  const { latency, failed, givenUp } = point
  const { 503: full = 0, 429: many = 0, ...others } = failed
  const bound = (millis: number | null) => (givenUp && millis !== null ? `> ${millisText(millis)}` : millisText(millis))
  return [
    rateText(point.rate),
    point === best ? 'best' : verdictText(point),
    rateText(point.achieved),
    bound(latency.p50),
    bound(latency.p90),
    bound(latency.p99),
    bound(latency.p999),
    bound(latency.max),
    String(full),
    String(many),
    failuresText(others) || '0',
    percentText(point.lateShare),
  ]
}

/** What follows the table, for people. */
export function sentences(result: BenchResult, facts: ReportFacts): string[] {
  return [headline(result, facts), ...remarks(result)]
}

/** The result for programs. */
export function documentOf(result: BenchResult, facts: ReportFacts): object {
  const { best, curve, settings, ...rest } = result
  return {
    name: facts.name,
    url: facts.url,
    interface: facts.interface,
    rowsPerRequest: facts.rowsPerRequest,
    requests: facts.requests,
    objective: { percentile: settings.objective.name, millis: settings.objective.millis },
    met: best !== null,
    requestsPerSecond: best?.rate ?? null,
    rowsPerSecond: best ? best.rate * facts.rowsPerRequest : null,
    latency: best?.latency ?? null,
    curve,
    ...rest,
    duration: settings.duration,
    maxRate: settings.maxRate ?? null,
    arrivals: settings.arrivals,
    seed: settings.seed,
    remarks: remarks(result),
    facts: Object.fromEntries(facts.facts),
    command: facts.command,
  }
}
