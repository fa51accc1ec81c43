import type { StepOptions } from '@fairlead/contract/control'
import { numbersFor } from '../column-memory.ts'
import type { Scope } from '../scope.ts'
import { numbersOf } from '../values.ts'
import { unfitted } from './unfitted.ts'

type Scaling = StepOptions<'scale'>[string]

/** What is taken off, and by what the rest is divided; `undefined` where it is not known yet. */
function centreAndSpread(scaling: Scaling): [number, number] | undefined {
  switch (scaling.as) {
    case 'standard':
      return scaling.mean === undefined || scaling.deviation === undefined ? undefined : [scaling.mean, scaling.deviation]
    case 'min-max':
      return scaling.min === undefined || scaling.max === undefined ? undefined : [scaling.min, scaling.max - scaling.min]
    case 'robust':
      return scaling.median === undefined || scaling.range === undefined ? undefined : [scaling.median, scaling.range]
    case 'max-abs':
      return scaling.max === undefined ? undefined : [0, scaling.max]
  }
}

const PARAMETERS = { standard: '`mean` and `deviation`', 'min-max': '`min` and `max`', robust: '`median` and `range`', 'max-abs': '`max`' } as const

/** `scale`: (x − centre) ÷ spread, where a spread of 0 counts as 1 as in scikit-learn. Null stays null, NaN stays NaN. */
export function compileScale(columns: StepOptions<'scale'>, scope: Scope): void {
  for (const [name, scaling] of Object.entries(columns)) {
    const { place, spec } = scope.use(name, name, ['number', 'integer'])
    const found = centreAndSpread(scaling)
    if (!found) throw unfitted(scope, name, PARAMETERS[scaling.as])
    if (scaling.as === 'min-max' && found[1] < 0) throw scope.error(`${name}.min`, 'the smallest value is above the largest')
    const [centre, spread] = [found[0], found[1] === 0 ? 1 : found[1]]
    scope.put(
      { name: scaling.into ?? name, type: 'number', nullable: spec.nullable },
      {
        uses: [place],
        compute(frame, rows) {
          const column = frame[place]!
          const numbers = numbersOf(column)
          const data = numbersFor(rows)
          for (let row = 0; row < rows; row++) data[row] = (numbers[row]! - centre) / spread
          return { type: 'number', data, nulls: column.nulls }
        },
      },
    )
  }
}
