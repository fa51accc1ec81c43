import { nearestWord } from '../../../kernel/suggestion.ts'
import type { ColumnSpec } from '../columns.ts'
import { type ColumnOperand, columnOperand, type Operand } from './operand.ts'

/** The columns that an expression may name, and those that it does. */
export class Scope {
  readonly #specs: readonly ColumnSpec[]
  readonly #places: Map<string, number>
  readonly #used = new Map<number, ColumnOperand>()

  constructor(specs: readonly ColumnSpec[]) {
    this.#specs = specs
    // of two columns of one name the later one is meant
    this.#places = new Map(specs.map((spec, place) => [spec.name, place]))
  }

  /** A column by the parts of its name: `probabilities.bad` is the column of that name, else `probabilities_bad`. Answers why there is none. */
  find(parts: readonly string[]): Operand | string {
    const name = parts.join('.')
    const place = this.#places.get(name) ?? this.#places.get(parts.join('_'))
    if (place === undefined) return this.#missing(name)
    const { type, nullable } = this.#specs[place]!
    if (type === 'vector') return `the column "${name}" has an array per row and cannot be used in an expression`
    const known = this.#used.get(place)
    if (known) return known.operand
    const column = columnOperand(type, nullable, place)
    this.#used.set(place, column)
    return column.operand
  }

  used(): ColumnOperand[] {
    return [...this.#used.values()]
  }

  #missing(name: string): string {
    const names = [...this.#places.keys()]
    const near = nearestWord(name, names)
    if (near !== undefined) return `there is no field "${name}"; did you mean "${near}"?`
    return names.length === 0 ? `there is no field "${name}", and no other` : `there is no field "${name}"; there are ${names.slice(0, 20).join(', ')}`
  }
}
