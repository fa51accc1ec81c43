import type { Affine } from '../form/steps.ts'
import { floating, rounding, type Value, zeros } from './value.ts'

/** `x · weights + bias`, summed column by column from left to right, each operation rounded. */
export function affine({ outputs, weights, bias, biasFirst, skipMissing }: Affine, [of]: readonly Value[], rows: number): Value {
  const round = rounding(floating(of!))
  const result = zeros(of!.type, rows, outputs)
  for (let row = 0; row < rows; row++) {
    for (let output = 0; output < outputs; output++) {
      let sum = biasFirst ? round(bias[output]!) : 0
      for (let column = 0; column < of!.width; column++) {
        const x = of!.data[row * of!.width + column] as number
        if (skipMissing && Number.isNaN(x)) continue
        sum = round(sum + round(x * round(weights[column * outputs + output]!)))
      }
      result.data[row * outputs + output] = biasFirst ? sum : round(sum + round(bias[output]!))
    }
  }
  return result
}
