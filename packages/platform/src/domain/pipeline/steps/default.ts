import type { StepOptions } from '@fairlead/contract/control'
import type { Scope } from '../scope.ts'
import { constantFault, filled } from './fill-nulls.ts'

/** `default`: a constant where a column is null or NaN. Columns of callers that have a default need not be sent. */
export function compileDefault(defaults: StepOptions<'default'>, scope: Scope): void {
  for (const [name, value] of Object.entries(defaults)) {
    const { place, spec } = scope.use(name, name)
    const fault = constantFault(spec.type, value)
    if (fault !== undefined) throw scope.error(name, fault)
    const { column } = scope.find(name)!
    const made = scope.put({ ...spec, name, nullable: false }, { uses: [place], compute: (frame, rows) => filled(frame[place]!, value, rows) })
    if (column) made.column = column
  }
}
