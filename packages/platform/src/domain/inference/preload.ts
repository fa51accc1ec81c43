import { leastMemory } from './model-memory.ts'
import { type Slot, wishOf } from './slot.ts'

/**
 * What is loaded when a process starts, the first first: current releases that an operator wants in memory, then those that were asked last,
 * then those of the newest deployments, as many as `preload` and the memory allow; and every candidate, because it must show that it can be loaded.
 */
export function eagerFirst(
  slots: readonly Slot[],
  { preload, memoryBytes, usedAt = () => 0 }: { preload: number; memoryBytes: number; usedAt?(deployment: string): number },
): Slot[] {
  const ranked = slots
    .filter((slot) => slot.isCurrent && wishOf(slot.entry) !== 'unload')
    .map((slot) => ({ slot, wished: wishOf(slot.entry) === 'load', at: usedAt(slot.entry.name), made: slot.entry.generation ?? '' }))
    .sort((a, b) => Number(b.wished) - Number(a.wished) || b.at - a.at || (a.made < b.made ? 1 : a.made > b.made ? -1 : 0))
  const chosen: Slot[] = []
  let bytes = 0
  for (const { slot, wished } of ranked) {
    const size = leastMemory(slot.release, slot.release.execution?.mode)
    // one that is too large for what is left leaves room for smaller ones
    if (!wished && (chosen.length >= preload || (chosen.length > 0 && bytes + size > memoryBytes))) continue
    bytes += size
    chosen.push(slot)
  }
  return [...chosen, ...slots.filter((slot) => !slot.isCurrent)]
}
