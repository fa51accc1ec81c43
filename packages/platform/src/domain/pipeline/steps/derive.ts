import type { StepOptions } from '@fairlead/contract/control'
import type { Scope } from '../scope.ts'

/** `derive`: columns from expressions. One sees those before it, of the same step too; a column may take the place of an old one. */
export function compileDerive(columns: StepOptions<'derive'>, scope: Scope): void {
  for (const [name, text] of Object.entries(columns)) {
    const { type, nullable, uses, evaluate } = scope.expression(text, name)
    scope.put({ name, type, nullable }, { uses, compute: evaluate })
  }
}
