import type { Check, Execution } from '@fairlead/contract/control'
import type { ServableRelease } from '../inference/index.ts'

/** What serve processes should converge to. */
export interface DesiredState {
  /** Grows with every change. */
  revision: number
  deployments: {
    name: string
    /** The release that answers; undefined until the first one is active. */
    current: number | undefined
    /** Releases to have loaded: the current one and a candidate under way. */
    releases: ServableRelease[]
  }[]
}

/** Reads desired state. `revision()` is cheap and may be polled many times a second. */
export interface DesiredSource {
  revision(): number
  read(): Promise<DesiredState>
}

/** One process's word on one release. */
export interface ObservedReport {
  process: string
  deployment: string
  release: number
  state: 'loading' | 'ready' | 'failed'
  detail?: string | undefined
  failure?: { code: string; detail: string } | undefined
  execution?: Execution | undefined
  checks?: Check[] | undefined
}

/**
 * Where serve processes report, and control reads, what is loaded where. Ephemeral: gone with the process.
 * Control forgets reports on releases that are no longer wanted, so a process says its word on every release of desired state
 * again whenever that state has changed, also on those it holds already.
 */
export interface ObservedStore {
  report(report: ObservedReport): void
  /** All reports of the live processes. */
  list(deployment?: string): (ObservedReport & { since: string })[]
  /** Removes a release's reports (or all of a deployment), a process's, or one process's on one release. */
  forget(what: { process: string } | { deployment: string; release?: number } | { process: string; deployment: string; release: number }): void
}
