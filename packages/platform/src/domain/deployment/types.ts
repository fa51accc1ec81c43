import type { DesiredState, ObservedReport, ReleaseObserver } from '../inference/index.ts'

export type { DesiredState, ObservedReport }

/** Reads desired state. `revision()` is cheap and may be polled many times a second. */
export interface DesiredSource {
  revision(): number
  read(): Promise<DesiredState>
}

/**
 * Where serve processes report, and control reads, what is loaded where. Ephemeral: gone with the process.
 * Control forgets reports on releases that are no longer wanted, so a process says its word on every release of desired state
 * again whenever something was asked of its deployment, also on those it holds already.
 */
export interface ObservedStore extends ReleaseObserver {
  /** All reports of the live processes. */
  list(deployment?: string): (ObservedReport & { since: string })[]
  /** Removes a release's reports (or all of a deployment), a process's, or one process's on one release. */
  forget(what: { process: string } | { deployment: string; release?: number } | { process: string; deployment: string; release: number }): void
}
