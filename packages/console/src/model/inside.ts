import type { ModelVersion } from '@fairlead/contract/control'

/** Whether there is anything to show of what a version is made of. */
export function hasInside({ facts }: ModelVersion): boolean {
  return Boolean(facts.trees || facts.importance || facts.runtimes)
}
