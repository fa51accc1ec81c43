import type { StepOptions } from '@fairlead/contract/control'
import type { Scope } from '../scope.ts'

/** `inputs`: declares columns of callers, with what a signature file says of a column. Only as the first step. */
export function compileInputs(inputs: StepOptions<'inputs'>, scope: Scope): void {
  if (scope.step.index !== 0) throw scope.error('', 'columns of callers are declared by the first step')
  const taken = new Set<string>()
  for (const [i, column] of inputs.entries()) {
    if (taken.has(column.name)) throw scope.error(`[${i}].name`, `the column "${column.name}" is declared twice`)
    taken.add(column.name)
    const { min, max, values, type } = column
    if (min !== undefined && max !== undefined && min > max) throw scope.error(`[${i}].min`, `the smallest value ${min} is above the largest, ${max}`)
    const wanted = type === 'string' ? 'string' : type === 'bool' ? 'boolean' : 'number'
    const odd = values?.findIndex((value) => typeof value !== wanted) ?? -1
    if (odd >= 0) throw scope.error(`[${i}].values[${odd}]`, `${JSON.stringify(values![odd])} is no value of type ${type}`)
    if ((min !== undefined || max !== undefined) && wanted !== 'number')
      throw scope.error(`[${i}]`, `a range is for numbers, and "${column.name}" is of type ${type}`)
    scope.declare({ ...column, tensor: column.name })
  }
}
