import type { BenchResult, CurvePoint } from '../run.ts'

/** What a report says beside the figures. */
export interface ReportFacts {
  /** The deployment or model. */
  name: string
  /** Where it was asked. */
  url: string
  interface: string
  rowsPerRequest: number
  /** Different requests that took turns. */
  requests: number
  /** What was measured, on what, with what: label and text. */
  facts: [string, string][]
  /** The command that measures the same again. */
  command: string
}

/** A rate with as many digits as it was tried with. */
export function rateText(rate: number): string {
  return rate >= 1000 ? Math.round(rate).toLocaleString('en-US') : String(Number(rate.toPrecision(3)))
}

/** Milliseconds with three digits; `–` where there are none. */
export function millisText(millis: number | null): string {
  if (millis === null) return '–'
  if (millis >= 1000) return `${Number((millis / 1000).toPrecision(3))} s`
  return millis < 1 ? `${Math.round(millis * 1000)} µs` : `${Number(millis.toPrecision(3))} ms`
}

export function percentText(share: number): string {
  return share === 0 ? '0 %' : share < 0.001 ? '< 0.1 %' : `${Number((share * 100).toPrecision(2))} %`
}

/** `p99 ≤ 20 ms`. */
export function objectiveText({ settings }: BenchResult): string {
  return `${settings.objective.name} ≤ ${millisText(settings.objective.millis)}`
}

const VERDICTS: Record<CurvePoint['verdict'], string> = {
  met: 'met',
  latency: 'too slow',
  failures: 'failures',
  backlog: 'falls behind',
  generator: 'not measurable',
}

export function verdictText({ verdict }: Pick<CurvePoint, 'verdict'>): string {
  return VERDICTS[verdict]
}

/** Failures as `503: 12, timeout: 1`. */
export function failuresText(failed: Record<string, number>): string {
  return Object.entries(failed)
    .map(([kind, n]) => `${kind}: ${n}`)
    .join(', ')
}

/** The result in one sentence. */
export function headline(result: BenchResult, { name, rowsPerRequest }: ReportFacts): string {
  const { best } = result
  if (!best && result.limit === 'generator') return `Nothing can be said of ${name}: this machine is too busy to send requests when they are due.`
  if (!best) return `${name} did not meet ${objectiveText(result)} at any rate that was tried.`
  const rows = rowsPerRequest > 1 ? ` (${rateText(best.rate * rowsPerRequest)} rows/s)` : ''
  return `${name} answers ${rateText(best.rate)} requests/s${rows} at ${objectiveText(result)}.`
}

/** Why no higher rate is told, and what a reader must know to trust the figures. */
export function remarks(result: BenchResult): string[] {
  const { best, curve, limit, connections } = result
  const next = curve.find(({ rate, verdict }) => rate > (best?.rate ?? 0) && verdict !== 'met')
  const said: string[] = []
  const at = next ? `At ${rateText(next.rate)} requests/s ` : ''
  if (limit === 'latency' && next)
    said.push(`${at}${result.settings.objective.name} is ${next.givenUp ? 'more than ' : ''}${millisText(next.latency.objective)}.`)
  if (limit === 'failures' && next) said.push(`${at}requests fail (${failuresText(next.failed)}).`)
  if (limit === 'backlog' && next) said.push(`${at}answers fall behind the requests, so that latency would grow with time.`)
  if (limit === 'generator' && !best) {
    said.push(
      `Even at ${rateText(next?.rate ?? 0)} requests/s the load generator came too late to ${percentText(next?.lateShare ?? 0)} of its own requests. Measure when nothing else runs here, or from another machine (--url).`,
    )
  } else if (limit === 'generator') {
    said.push(
      `${at}the load generator on this machine could not send as scheduled: the limit found is that of the generator or of a busy machine, and the server may do more.`,
    )
  }
  if (limit === 'max-rate') said.push('No higher rate was tried (--max-rate).')
  if (limit === 'steps') said.push('The search was ended after many steps: the figures vary too much from step to step for a nearer answer.')
  if (limit === 'interrupted') said.push('The benchmark was interrupted: a higher rate may meet the objective.')
  if (result.firstWrong !== undefined) said.push(`The first wrong answer: ${result.firstWrong}`)
  const top = best ?? next
  if (top && top.waitedShare > 0.2 && limit !== 'generator') {
    said.push(
      `${percentText(top.waitedShare)} of the requests waited for one of the ${connections} connections, and their latency counts that wait: with more --connections the rate may be higher.`,
    )
  }
  const late = curve.filter(({ lateShare }) => lateShare > 0.001)
  if (late.length > 0 && limit !== 'generator') {
    said.push(
      `Up to ${percentText(Math.max(...late.map(({ lateShare }) => lateShare)))} of the requests of a rate were sent late by the generator: this machine was busy.`,
    )
  }
  return said
}
