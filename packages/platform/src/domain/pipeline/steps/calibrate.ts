import type { StepOptions } from '@fairlead/contract/control'
import type { Column } from '../columns.ts'
import type { Binding } from '../plan.ts'
import type { Scope } from '../scope.ts'
import { calibrationOf } from './calibration.ts'
import { unfitted } from './unfitted.ts'

/**
 * `calibrate`: probabilities to those that come true. The probability of one class is mapped, and those of the others share what is left in the ratio they
 * had; or, where `of` names a number of the answer, that number is mapped. The label stays the model's.
 */
export function compileCalibrate(options: StepOptions<'calibrate'>, scope: Scope): void {
  if (!scope.afterModel) throw scope.error('', 'it needs the answers of the model, so it comes after the model step')
  const map = calibrationOf(options, (at, reason) => scope.error(at, reason))
  if (!map) throw unfitted(scope, '', 'its parameters')
  const { of } = options
  const field = scope.bindings().find((binding) => binding.answered && binding.keys && (of === undefined || binding.keys.includes(of)))
  if (!field) {
    if (of === undefined) throw scope.error('', 'the model answers no probabilities; name the number to calibrate by `of`')
    const { place, spec } = scope.use(of, 'of', ['number'])
    scope.put({ ...spec, name: of }, { uses: [place], compute: (frame) => mapped(frame[place]!, map) })
    return
  }
  const keys = field.keys!
  if (of === undefined && keys.length !== 2) throw scope.error('of', `the model has ${keys.length} classes; name one of ${keys.slice(0, 20).join(', ')}`)
  putBack(scope, field, spread(map, { at: of === undefined ? 1 : keys.indexOf(of), width: keys.length }))
}

function putBack(scope: Scope, field: Binding, run: (column: Column) => Column): void {
  const place = scope.materialise(field)
  const made = scope.put(field.spec, { uses: [place], compute: (frame) => run(frame[place]!) })
  made.keys = field.keys!
  if (field.field) made.field = { ...field.field, type: 'float64', tensor: field.spec.name, classes: [...field.keys!] }
}

function mapped(column: Column, map: (p: number) => number): Column {
  return { type: 'number', data: (column as Column & { type: 'number' }).data.map(map), nulls: column.nulls }
}

/** Maps one of a row's probabilities, and scales the others so that all come to 1. */
function spread(map: (p: number) => number, { at, width }: { at: number; width: number }) {
  return (column: Column): Column => {
    const data = (column as Column & { type: 'vector' }).data.slice()
    for (let from = 0; from < data.length; from += width) {
      const now = map(data[from + at]!)
      let others = 0
      for (let k = 0; k < width; k++) if (k !== at) others += data[from + k]!
      for (let k = from; k < from + width; k++) data[k] = others === 0 ? (1 - now) / (width - 1) : (data[k]! * (1 - now)) / others
      data[from + at] = now
    }
    return { type: 'vector', data, nulls: column.nulls }
  }
}
