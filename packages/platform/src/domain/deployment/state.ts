import type { Deployment, Release } from '@fairlead/contract/control'
import type { ObservedReport } from './types.ts'

/** What a deployment's state is told from. */
export interface StateFacts {
  current: number | null
  candidate: number | null
  /** The newest release, whatever became of it. */
  newest: Pick<Release, 'number' | 'state' | 'failure'> | undefined
  reports: ObservedReport[]
  live: string[]
}

const processes = (n: number) => `${n} serve process${n === 1 ? '' : 'es'}`

/** State of a deployment and the sentence that explains it. */
export function stateOf(facts: StateFacts): Pick<Deployment, 'state' | 'reason'> {
  const { current, candidate, newest } = facts
  if (current === null) return withoutCurrent(facts)
  const own = facts.reports.filter((report) => report.release === current && facts.live.includes(report.process))
  const loaded = own.filter((report) => report.state === 'ready').length
  // where it is not in memory, requests bring it there
  const ready = loaded + own.filter((report) => report.onDemand).length
  const failed = own.find((report) => report.state === 'failed')
  const all = facts.live.length
  const more =
    candidate !== null
      ? ` Release ${candidate} is being loaded.`
      : newest?.state === 'failed' && newest.number > current
        ? ` Release ${newest.number} failed: ${newest.failure?.detail ?? 'no reason is known.'}`
        : ''
  if (all === 0) return { state: 'failed', reason: `No serve process is alive, so release ${current} does not answer.${more}` }
  if (ready === all) return { state: 'ready', reason: `Release ${current} answers on ${processes(ready)}${memoryWords(loaded, all)}.${more}` }
  if (own.some((report) => report.state === 'unloaded' && !report.onDemand)) {
    return { state: 'unloaded', reason: `Release ${current} was unloaded on request and does not answer until it is loaded again.${more}` }
  }
  if (failed) {
    const why = failed.failure?.detail ?? failed.detail ?? 'no reason is known'
    return { state: ready > 0 ? 'degraded' : 'failed', reason: `Release ${current} answers on ${ready} of ${processes(all)}: ${why}${more}` }
  }
  if (ready === 0) return { state: 'loading', reason: `Release ${current} is being loaded by ${processes(all)}.${more}` }
  return { state: 'degraded', reason: `Release ${current} answers on ${ready} of ${processes(all)}; the others are loading it.${more}` }
}

function memoryWords(loaded: number, all: number): string {
  if (loaded === all) return ''
  return loaded === 0 ? '; it is loaded when it is asked for' : `; it is in memory on ${loaded}, and loaded on the others when it is asked for`
}

function withoutCurrent({ candidate, newest, live }: StateFacts): Pick<Deployment, 'state' | 'reason'> {
  if (candidate !== null) {
    return { state: 'loading', reason: live.length === 0 ? `Release ${candidate} waits for a serve process.` : `Release ${candidate} is being loaded.` }
  }
  if (newest?.state === 'failed') return { state: 'failed', reason: `Release ${newest.number} failed: ${newest.failure?.detail ?? 'no reason is known.'}` }
  return { state: 'empty', reason: 'It has no release yet.' }
}
