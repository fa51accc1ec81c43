import type { Check, Execution } from '@fairlead/contract/control'
import type { ObservedReport } from './types.ts'

/** Most time for loading a release, while there is a process to load it. */
export const LOAD_TIMEOUT_MS = 10 * 60_000
/** Processes that may end while they load a release before the release is held to be the cause. */
export const DEATHS_ALLOWED = 1

/** A candidate under way, and what was seen of it so far. */
export interface Candidacy {
  release: number
  /** Processes last seen loading it. */
  loading: Set<string>
  deaths: number
  /** Since when there has been a process to load it. */
  since: number
}

export type Verdict =
  | { kind: 'wait'; step: string; progress: number | null }
  | { kind: 'activate'; execution: Execution | null; checks: Check[] }
  | { kind: 'fail'; code: string; detail: string; execution: Execution | null; checks: Check[] }

const count = (n: number, noun: string) => `${n} ${noun}${n === 1 ? '' : 'es'}`

/** Decides on a candidate from what the live processes report. Keeps in `candidacy` what must be remembered between calls. */
export function judge(candidacy: Candidacy, seen: { reports: ObservedReport[]; live: string[]; now: number }): Verdict {
  const { live, now } = seen
  const own = seen.reports.filter((report) => report.release === candidacy.release && live.includes(report.process))
  for (const process of candidacy.loading) if (!live.includes(process)) candidacy.deaths++
  candidacy.loading = new Set(own.filter((report) => report.state === 'loading').map((report) => report.process))

  const told = own.find((report) => report.execution !== undefined)
  const found = { execution: told?.execution ?? null, checks: own.find((report) => report.checks !== undefined)?.checks ?? [] }
  const failed = own.find((report) => report.state === 'failed')
  if (failed) {
    const failure = failed.failure ?? { code: 'load-failed', detail: failed.detail ?? 'A serve process could not load it.' }
    return { kind: 'fail', ...failure, execution: found.execution, checks: failed.checks ?? found.checks }
  }
  if (candidacy.deaths > DEATHS_ALLOWED) {
    return { kind: 'fail', code: 'load-failed', detail: `A serve process ended ${candidacy.deaths} times while it loaded the release.`, ...found }
  }
  if (live.length === 0) {
    candidacy.since = now
    return { kind: 'wait', step: 'waiting for a serve process', progress: 0 }
  }
  const ready = own.filter((report) => report.state === 'ready').length
  if (ready === live.length) return { kind: 'activate', ...found }
  if (now - candidacy.since > LOAD_TIMEOUT_MS) {
    return { kind: 'fail', code: 'load-failed', detail: `It was ready on ${ready} of ${count(live.length, 'process')} after ten minutes.`, ...found }
  }
  const detail = own.find((report) => (report.state === 'loading' || report.state === 'waiting') && report.detail)?.detail
  return { kind: 'wait', step: `loading: ready on ${ready} of ${count(live.length, 'process')}${detail ? `; ${detail}` : ''}`, progress: ready / live.length }
}
