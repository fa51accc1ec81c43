import type { Deployment, HealthState, Observed, ProcessStatus, Release } from '@fairlead/contract/control'

/** A state as the reader sees it: one of four tones, and a word. */
export interface StateWord {
  tone: HealthState
  word: string
}

const HEALTH: Record<HealthState, string> = { ok: 'Healthy', warn: 'Needs a look', alert: 'Failing', unknown: 'No data' }

const DEPLOYMENT: Record<Deployment['state'], StateWord> = {
  ready: { tone: 'ok', word: 'Ready' },
  loading: { tone: 'unknown', word: 'Loading' },
  degraded: { tone: 'warn', word: 'Degraded' },
  failed: { tone: 'alert', word: 'Failed' },
  empty: { tone: 'unknown', word: 'No release' },
  unloaded: { tone: 'warn', word: 'Unloaded' },
}

const RELEASE: Record<Release['state'], StateWord> = {
  pending: { tone: 'unknown', word: 'Waiting' },
  loading: { tone: 'unknown', word: 'Loading' },
  active: { tone: 'ok', word: 'Current' },
  superseded: { tone: 'unknown', word: 'Replaced' },
  failed: { tone: 'alert', word: 'Failed' },
}

const PROCESS: Record<ProcessStatus['state'], StateWord> = {
  starting: { tone: 'unknown', word: 'Starting' },
  ready: { tone: 'ok', word: 'Ready' },
  draining: { tone: 'warn', word: 'Draining' },
  dead: { tone: 'alert', word: 'Stopped' },
}

const OBSERVED: Record<Observed['state'], StateWord> = {
  loading: { tone: 'unknown', word: 'Loading' },
  ready: { tone: 'ok', word: 'Ready' },
  failed: { tone: 'alert', word: 'Failed' },
  unloaded: { tone: 'unknown', word: 'Not in memory' },
  waiting: { tone: 'unknown', word: 'Waiting to load' },
}

export const healthWord = (state: HealthState): StateWord => ({ tone: state, word: HEALTH[state] })
export const deploymentWord = (state: Deployment['state']): StateWord => DEPLOYMENT[state]
export const releaseWord = (state: Release['state']): StateWord => RELEASE[state]
export const processWord = (state: ProcessStatus['state']): StateWord => PROCESS[state]
export const observedWord = (state: Observed['state']): StateWord => OBSERVED[state]

const RANK: Record<HealthState, number> = { alert: 0, warn: 1, unknown: 2, ok: 3 }

/** Order of a list in which what needs attention stands first and names break ties. */
export function byAttention(a: { health: HealthState; name: string }, b: { health: HealthState; name: string }): number {
  return RANK[a.health] - RANK[b.health] || a.name.localeCompare(b.name)
}
