import type { StepOptions } from '@fairlead/contract/control'
import type { ColumnType } from '../columns.ts'
import type { Scope } from '../scope.ts'
import { castColumn } from './cast-column.ts'

const TYPES: readonly ColumnType[] = ['number', 'integer', 'text', 'boolean', 'time']

/** `cast`: columns to other types. What cannot be read as the type becomes null: text that is no number, a number that no 64-bit integer holds. */
export function compileCast(casts: StepOptions<'cast'>, scope: Scope): void {
  for (const [name, to] of Object.entries(casts)) {
    const { place, spec } = scope.use(name, name, TYPES)
    if (spec.type === to) continue
    const convert = castColumn(spec.type, to)
    if (!convert) throw scope.error(name, `a ${spec.type} has no meaning as a ${to}`)
    scope.put({ name, type: to, nullable: true }, { uses: [place], compute: (frame) => convert(frame[place]!) })
  }
}
