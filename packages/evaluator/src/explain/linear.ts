import type { Elements } from '../form/element.ts'
import type { Affine } from '../form/steps.ts'
import type { Matrix, Method } from './method.ts'

/**
 * A linear model: a column contributes its weight times its distance from the background's mean, or without a background
 * its weight times its value, as XGBoost's gblinear has it. A missing value counts as 0 where the model leaves it out.
 */
export class LinearMethod implements Method {
  readonly bias: Float64Array
  readonly #model: Affine
  readonly #width: number
  readonly #mean: Float64Array

  constructor(model: Affine, background?: Matrix) {
    this.#model = model
    this.#width = model.weights.length / model.outputs
    this.#mean = new Float64Array(this.#width)
    if (background) {
      for (let at = 0; at < background.count * this.#width; at++) this.#mean[at % this.#width]! += this.#number(background.data, at) / background.count
    }
    this.bias = model.bias.map((bias, output) => this.#mean.reduce((sum, mean, column) => sum + mean * this.#weight(column, output), bias))
  }

  explain(data: Elements, count: number, contributions: Float64Array): void {
    let to = 0
    for (let row = 0; row < count; row++) {
      for (let output = 0; output < this.#model.outputs; output++, to++) {
        for (let column = 0; column < this.#width; column++, to++) {
          contributions[to] = (this.#number(data, row * this.#width + column) - this.#mean[column]!) * this.#weight(column, output)
        }
      }
    }
  }

  #number(data: Elements, at: number): number {
    const x = Number(data[at])
    return this.#model.skipMissing && Number.isNaN(x) ? 0 : x
  }

  #weight(column: number, output: number): number {
    return this.#model.weights[column * this.#model.outputs + output]!
  }
}
