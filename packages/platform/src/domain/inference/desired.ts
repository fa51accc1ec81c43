import type { Check, Execution } from '@fairlead/contract/control'
import type { SlotState, WishOutcome } from './slot.ts'
import type { ServableRelease } from './types.ts'

/** What serve processes should converge to. */
export interface DesiredState {
  /** Grows with every change. */
  revision: number
  deployments: {
    name: string
    /** Another one for a deployment that was removed and made anew under its name: nothing of the one before may answer for it. */
    generation?: string | undefined
    /** Another one whenever something was asked for: then this process says again what it holds. Absent: it does so each time. */
    asked?: string | undefined
    /** The release that answers; undefined until the first one is active. */
    current: number | undefined
    /** Releases to have loaded: the current one and a candidate under way. */
    releases: ServableRelease[]
  }[]
}

/** One process's word on one release. */
export interface ObservedReport {
  process: string
  deployment: string
  release: number
  state: SlotState['kind']
  /** The model is not in memory and requests are answered all the same: they bring it there. */
  onDemand?: true | undefined
  /** What became of the last wish of an operator for this release. */
  wish?: WishOutcome | undefined
  detail?: string | undefined
  failure?: { code: string; detail: string } | undefined
  execution?: Execution | undefined
  checks?: Check[] | undefined
}

/** Where a process's reports go. */
export interface ReleaseObserver {
  report(report: ObservedReport): void
  /** Takes back this process's own word on a release; what others say of it stands. */
  forget(what: { process: string; deployment: string; release: number }): void
}
