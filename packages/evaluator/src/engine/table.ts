import type { Elements } from '../form/element.ts'
import type { Column, Input } from '../form/form.ts'
import { WrongInput } from './cannot-run.ts'
import { elementsOf } from './elements.ts'

/** A column of a table: numbers or texts, `null` or `undefined` where one is missing. */
export type TableColumn = ArrayLike<number | bigint | boolean | string | null | undefined>

/** The inputs of a model from the columns of a table. @throws WrongInput that names row and column */
export function encodeTable(
  inputs: readonly Input[],
  columns: Readonly<Record<string, TableColumn>>,
): { inputs: Record<string, Elements | (string | null)[]>; rows: number } {
  const first = columnsOf(inputs[0])[0]
  const rows = (first && columns[first.name]?.length) ?? 0
  return { inputs: Object.fromEntries(inputs.map((input) => [input.name, encode(input, columns, rows)])), rows }
}

function columnsOf(input: Input | undefined): readonly Column[] {
  if (!input) return []
  if (input.columns) return input.columns
  if (input.width !== 1) throw new WrongInput(`its ${input.width} columns have no names`, { input: input.name })
  return [{ name: input.name }]
}

function encode(input: Input, table: Readonly<Record<string, TableColumn>>, rows: number): Elements | (string | null)[] {
  const columns = columnsOf(input)
  const elements: Elements | (string | null)[] =
    input.type === 'text' ? new Array<string | null>(rows * columns.length) : elementsOf(input.type, rows * columns.length)
  columns.forEach((column, at) => {
    const values = Object.hasOwn(table, column.name) ? table[column.name] : undefined
    if (!values) throw new WrongInput('the table has no such column', { input: input.name, column: column.name })
    if (values.length !== rows) throw new WrongInput(`${values.length} rows where others have ${rows}`, { input: input.name, column: column.name })
    const read = readerOf(input, column)
    for (let row = 0; row < rows; row++) elements[row * columns.length + at] = read(values[row], row) as never
  })
  return elements
}

/** How a column's values become elements of its input. */
function readerOf(input: Input, column: Column): (value: TableColumn[number], row: number) => number | bigint | string | null {
  const refuse = (what: string, row: number): never => {
    throw new WrongInput(what, { input: input.name, row, column: column.name })
  }
  const floating = input.type === 'f32' || input.type === 'f64'
  const missing = (row: number): number => (floating ? Number.NaN : refuse('a value is missing', row))
  if (column.categories) {
    const { values, unseen } = column.categories
    const positions = new Map<string | number, number>(Array.from<string | number, [string | number, number]>(values, (value, at) => [value, at]))
    return (value, row) => {
      if (value === null || value === undefined || Number.isNaN(value)) return missing(row)
      const position = positions.get(typeof value === 'bigint' || typeof value === 'boolean' ? Number(value) : value)
      return position ?? (unseen === 'missing' ? missing(row) : refuse(`${JSON.stringify(String(value))} is none of the values that the model knows`, row))
    }
  }
  if (input.type === 'text')
    return (value, row) => (value === null || value === undefined ? null : typeof value === 'string' ? value : refuse('takes a text', row))
  const convert = input.type === 'i64' ? whole : Number
  return (value, row) => {
    if (value === null || value === undefined) return missing(row)
    const number = typeof value === 'string' ? undefined : convert(value)
    return number ?? refuse(`takes a number, not ${JSON.stringify(String(value))}`, row)
  }
}

/** A whole number as i64; undefined for any other. */
function whole(value: number | bigint | boolean): bigint | undefined {
  return typeof value === 'number' && !Number.isInteger(value) ? undefined : BigInt(value)
}
