import { ChecksFailed } from './checks.ts'
import { absenceWords } from './deployment-view.ts'
import type { ObservedReport } from './desired.ts'
import { isLoadable, type Slot } from './slot.ts'

/** A process's word on one release; `before` tells how many loads come before that of a release that waits. */
export function reportOf(slot: Slot, before: number): Omit<ObservedReport, 'process'> {
  const { entry, number, state } = slot
  const of = { deployment: entry.name, release: number, ...(slot.isCurrent && entry.outcome ? { wish: entry.outcome } : {}) }
  if (state.kind === 'ready') {
    const { execution, checks } = state.serving
    return { ...of, state: 'ready', detail: execution.reason, execution, checks }
  }
  if (state.kind === 'failed') {
    const { code, message } = state.error
    const checks = state.error instanceof ChecksFailed ? { checks: state.error.checks } : {}
    return { ...of, state: 'failed', detail: message, failure: { code, detail: message }, ...checks }
  }
  return { ...of, state: state.kind, detail: absenceWords(slot, before), ...(slot.lazy && isLoadable(slot) ? { onDemand: true as const } : {}) }
}
