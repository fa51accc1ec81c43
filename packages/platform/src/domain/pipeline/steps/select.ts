import type { StepOptions } from '@fairlead/contract/control'
import type { Scope } from '../scope.ts'

/**
 * `select`: the columns that go on, or those that do not. Behind the model it says what the answer has, and in which order; columns from before the model
 * become a part of the answer when they are named.
 */
export function compileSelect(select: StepOptions<'select'>, scope: Scope): void {
  const names = Array.isArray(select) ? select : select.drop
  const at = Array.isArray(select) ? (i: number) => `[${i}]` : (i: number) => `drop[${i}]`
  const seen = new Set<string>()
  for (const [i, name] of names.entries()) {
    if (seen.has(name)) throw scope.error(at(i), `"${name}" is named twice`)
    seen.add(name)
    const binding = scope.find(name)
    if (!binding) scope.use(name, at(i))
    if (binding!.spec.name !== name && !Array.isArray(select))
      throw scope.error(at(i), `"${name}" is one of several values of a column, and cannot be dropped alone`)
  }
  if (!Array.isArray(select)) {
    for (const name of names) scope.remove(name)
    return
  }
  const chosen = names.map((name) => ({ ...scope.find(name)!, spec: { ...scope.find(name)!.spec, name }, answered: scope.afterModel }))
  if (!scope.afterModel) scope.keepOnly(seen)
  // behind the model the others stay usable, and are no part of the answer any more
  else for (const binding of scope.bindings()) if (binding.answered) scope.bind({ ...binding, answered: false })
  for (const binding of chosen) scope.bind(binding)
}
