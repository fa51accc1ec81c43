import type { StepOptions } from '@fairlead/contract/control'
import type { Scope } from '../scope.ts'

/** `rename`: other names for columns. All at once, so that two columns can take each other's name. */
export function compileRename(names: StepOptions<'rename'>, scope: Scope): void {
  const pairs = Object.entries(names)
  const found = pairs.map(([from]) => {
    // known by name, but not put into the frame: a name costs nothing
    const binding = scope.find(from)
    if (!binding) scope.use(from, from)
    if (binding!.spec.name !== from) throw scope.error(from, `"${from}" is one of several values of a column; derive a column from it, and it has a name`)
    return binding!
  })
  for (const [from] of pairs) scope.remove(from)
  const taken = new Set<string>()
  for (const [i, [from, to]] of pairs.entries()) {
    if (taken.has(to) || scope.has(to)) throw scope.error(from, `there is a column "${to}" already`)
    taken.add(to)
    const binding = found[i]!
    scope.bind({ ...binding, spec: { ...binding.spec, name: to } })
  }
}
