import type { StepOptions } from '@fairlead/contract/control'
import type { Scope } from '../scope.ts'

type CastType = StepOptions<'cast'>[string]

/** The functions of expressions that make a type. */
const FUNCTIONS: Record<CastType, string> = { number: 'number', integer: 'integer', text: 'text', boolean: 'boolean', time: 'to_time' }

/** `cast`: columns to other types, as the functions of expressions do it: what cannot be read as the type becomes null. */
export function compileCast(casts: StepOptions<'cast'>, scope: Scope): void {
  for (const [name, to] of Object.entries(casts)) {
    const { spec } = scope.use(name, name, ['number', 'integer', 'text', 'boolean', 'time'])
    if (spec.type === to) continue
    const { type, nullable, uses, evaluate } = scope.expression(`${FUNCTIONS[to]}(\`${name.replaceAll('`', '``')}\`)`, name)
    scope.put({ name, type, nullable }, { uses, compute: evaluate })
  }
}
