import type { StepOptions } from '@fairlead/contract/control'
import type { Scope } from '../scope.ts'
import { constantFault, filled, isMissing } from './fill-nulls.ts'
import { unfitted } from './unfitted.ts'

/**
 * `impute`: what stands for null and NaN: a constant, or the mean, median or most frequent value of the data that it was fitted on. `missing` adds a column
 * that says where the value was missing.
 */
export function compileImpute(columns: StepOptions<'impute'>, scope: Scope): void {
  for (const [name, { with: how, value, missing }] of Object.entries(columns)) {
    const { place, spec } = scope.use(name, name)
    if (value === undefined) throw how === 'constant' ? scope.error(`${name}.value`, 'a constant needs its `value`') : unfitted(scope, name, '`value`')
    if ((how === 'mean' || how === 'median') && spec.type !== 'number' && spec.type !== 'integer') throw scope.error(name, `only numbers have a ${how}`)
    const own = spec.type === 'integer' && typeof value === 'number' ? Math.round(value) : value
    const fault = constantFault(spec.type, own)
    if (fault !== undefined) throw scope.error(`${name}.value`, fault)
    if (missing !== undefined) {
      if (missing === name) throw scope.error(`${name}.missing`, 'the mark needs another name than the column')
      scope.put(
        { name: missing, type: 'boolean', nullable: false },
        {
          uses: [place],
          compute(frame, rows) {
            const data = new Uint8Array(rows)
            for (let row = 0; row < rows; row++) if (isMissing(frame[place]!, row)) data[row] = 1
            return { type: 'boolean', data }
          },
        },
      )
    }
    const { column } = scope.find(name)!
    const made = scope.put({ ...spec, name, nullable: false }, { uses: [place], compute: (frame, rows) => filled(frame[place]!, own, rows) })
    if (column) made.column = column
  }
}
