import type { DataType } from '@fairlead/contract'
import type { Categories, Form, Input } from '@fairlead/evaluator'
import { TRAVELLING } from './element-types.ts'

/** A tensor of the signature, and where its values go in the inputs of a form. */
export interface Feed {
  tensor: string
  type: DataType
  /** Number of the form's input. */
  input: number
  /** The first of the input's columns that it fills, and how many. */
  offset: number
  width: number
  /** Set where values stand for their positions in a list. */
  categories?: Categories
  /** Names of its columns, where the form has them. */
  names?: readonly string[]
  /** Whether every one of its columns takes a missing value. */
  takesMissing: boolean[]
}

/**
 * How the inputs of a form are fed: an input whose columns are all plain numbers by one tensor, row after row; one that has a column of
 * categories by a tensor for each column, since a tensor has one type. Numbers of categories come as float64, which can be missing.
 */
export function feedsOf(form: Form): Feed[] {
  return form.inputs.flatMap((input, at) => (input.columns?.some((column) => column.categories) ? byColumn(input, at) : [whole(input, at)]))
}

function whole(input: Input, at: number): Feed {
  const { name, type, width, columns } = input
  const names = columns?.map((column) => column.name)
  return { tensor: name, type: TRAVELLING[type], input: at, offset: 0, width, takesMissing: missingOf(input), ...(names ? { names } : {}) }
}

function byColumn(input: Input, at: number): Feed[] {
  const takesMissing = missingOf(input)
  return input.columns!.map(({ name, categories }, offset) => {
    const base = { tensor: name, input: at, offset, width: 1, names: [name], takesMissing: [takesMissing[offset]!] }
    if (!categories) return { ...base, type: TRAVELLING[input.type] }
    return { ...base, type: typeof categories.values[0] === 'number' ? 'float64' : 'string', categories }
  })
}

/** Whole numbers and truth values have no way to say that they are missing. */
function missingOf({ type, width, required = [] }: Input): boolean[] {
  const able = type === 'f32' || type === 'f64' || type === 'text'
  return Array.from({ length: width }, (_, column) => able && !required.includes(column))
}
