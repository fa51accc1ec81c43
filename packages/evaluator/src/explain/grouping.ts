import type { Form } from '../form/form.ts'
import { inputColumns, origins } from './origins.ts'

/** What contributions are given for, and to which of these each column of the model adds. */
export interface Grouping {
  readonly columns: readonly string[]
  /** Whether they are the model's own columns. */
  readonly derived: boolean
  readonly to: readonly number[]
}

/** The form's input columns where each column that the model reads follows from one of them; else the model's own columns. */
export function grouping(form: Form, value: number): Grouping {
  const inputs = inputColumns(form)
  const from = origins(form, value)
  if (from.every((column) => column >= 0)) return { columns: inputs, derived: false, to: from }
  const step = form.steps[value - form.inputs.length]!.op
  return { columns: from.map((column, at) => own(inputs, from, column) ?? `${step}[${at}]`), derived: true, to: from.map((_, at) => at) }
}

/** The name of an input column that leads to one column of the model alone. */
function own(inputs: readonly string[], from: readonly number[], column: number): string | undefined {
  return column >= 0 && from.indexOf(column) === from.lastIndexOf(column) ? inputs[column] : undefined
}

/** Whether the model reads just the columns that are explained, in their order. */
export function isDirect({ columns, to }: Grouping): boolean {
  return columns.length === to.length && to.every((column, at) => column === at)
}

/** Contributions of the model's columns summed up for those that are explained; lines of columns and a bias. */
export function grouped(own: Float64Array, { columns, to }: Grouping): Float64Array {
  const lines = own.length / (to.length + 1)
  const sums = new Float64Array(lines * (columns.length + 1))
  for (let line = 0; line < lines; line++) {
    const from = line * (to.length + 1)
    const base = line * (columns.length + 1)
    for (let at = 0; at < to.length; at++) sums[base + to[at]!]! += own[from + at]!
    sums[base + columns.length] = own[from + to.length]!
  }
  return sums
}
