import type { Form, Input } from '../form/form.ts'
import type { Step } from '../form/steps.ts'

/** For each column of a value the column of the form's inputs that it follows from; −1 where it follows from several. */
type Origins = readonly number[]

/** Columns of all inputs, one after the other: their names as the file has them, else the input's with a position. */
export function inputColumns(form: Form): string[] {
  return form.inputs.flatMap((input) => Array.from({ length: input.width }, (_, at) => columnName(input, at)))
}

function columnName({ name, width, columns }: Input, at: number): string {
  return columns?.[at]?.name ?? (width === 1 ? name : `${name}[${at}]`)
}

/** What each column of a value follows from: through steps that work column by column, put columns together or encode them. */
export function origins(form: Form, value: number): Origins {
  const known: Origins[] = []
  let first = 0
  for (const { width } of form.inputs) {
    known.push(Array.from({ length: width }, (_, at) => first + at))
    first += width
  }
  for (const step of form.steps.slice(0, Math.max(0, value + 1 - form.inputs.length))) known.push(through(step, known))
  return known[value]!
}

function through(step: Step, known: readonly Origins[]): Origins {
  const of = step.of.map((at) => known[at]!)
  switch (step.op) {
    case 'concat':
      return of.flat()
    case 'columns':
      return step.indices.map((at) => of[0]![at]!)
    case 'onehot':
      return step.categories.map(() => of[0]![0]!)
    case 'scale':
      return together(of, Math.max(step.offset.length, step.factor.length))
    case 'replace':
      return together(of, step.with.length)
    case 'arithmetic':
    case 'compare':
      return together(of, step.constant?.length ?? 1)
    case 'cast':
    case 'lookup':
    case 'unary':
    case 'where':
    case 'choose':
      return together(of, 1)
    case 'affine':
      return mixed(of[0]!, step.outputs)
    case 'trees':
      return mixed(of[0]!, step.trees.outputs)
    case 'normalize':
    case 'link':
      return mixed(of[0]!, of[0]!.length)
    case 'reduce':
    case 'argmax':
      return mixed(of[0]!, 1)
  }
}

/** Column by column; a value of width 1 stands for all columns, and so do constants. */
function together(of: readonly Origins[], least: number): Origins {
  const width = Math.max(least, ...of.map(({ length }) => length))
  return Array.from({ length: width }, (_, at) => one(of.map((value) => value[value.length === 1 ? 0 : at]!)))
}

/** Every column from all columns: what they follow from is known where that is only one. */
function mixed(of: Origins, width: number): Origins {
  return new Array<number>(width).fill(one(of))
}

function one(from: readonly number[]): number {
  return from.every((column) => column === from[0]) ? (from[0] ?? -1) : -1
}
