import type { Check, Execution } from '@fairlead/contract/control'
import type { ServingRelease } from './serving-release.ts'
import { type Entry, isLoadable, notReady, type Slot, type SlotState, wishOf } from './slot.ts'

/** One deployment as this process sees it. */
export interface DeploymentView {
  name: string
  /** The release that should answer. */
  current: number | undefined
  /** The release that does, and is in memory. */
  answering: ServingRelease | undefined
  /** Whether requests are answered, even if the model has to be brought into memory first. */
  ready: boolean
  /** Whether an operator has taken it out of memory: it answers nothing until it is loaded again. */
  unloaded: boolean
  /** One sentence on why it is not ready. */
  reason: string | undefined
  releases: { number: number; state: SlotState['kind']; detail?: string; execution?: Execution; checks?: Check[] }[]
}

/** What is said of a release that is not in memory. */
export function absenceWords(slot: Slot, before: number): string {
  if (slot.state.kind === 'waiting') return before === 1 ? 'One load is before it.' : `${before} loads are before it.`
  if (slot.state.kind === 'loading') return 'Loading the model.'
  if (wishOf(slot.entry) === 'unload' && slot.isCurrent) return 'Unloaded on request; it answers again when it is loaded.'
  return 'Not in memory; it is loaded when it is asked for.'
}

/** One deployment as this process sees it; `before` tells how many loads come before that of a release. */
export function viewOf(entry: Entry, before: (slot: Slot) => number): DeploymentView {
  const { name, current, answering, slots } = entry
  const slot = current === undefined ? undefined : slots.get(current)
  const ready = answering !== undefined || (slot?.lazy === true && isLoadable(slot))
  return {
    name,
    current,
    answering,
    ready,
    unloaded: !answering && wishOf(entry) === 'unload',
    reason: ready ? undefined : notReady(entry),
    releases: [...slots.values()].map((one) => releaseView(one, before(one))).sort((a, b) => a.number - b.number),
  }
}

function releaseView(slot: Slot, before: number): DeploymentView['releases'][number] {
  const { number, state } = slot
  if (state.kind === 'failed') return { number, state: 'failed', detail: state.error.message }
  if (state.kind !== 'ready') return { number, state: state.kind, detail: absenceWords(slot, before) }
  const { execution, checks } = state.serving
  return { number, state: 'ready', detail: execution.reason, execution, checks }
}
