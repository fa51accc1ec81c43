import type { InputColumn } from '@fairlead/contract'
import type { Table, TableColumn } from '../../../domain/inference/index.ts'
import { castOf, numpyName, unfit, unreadable } from './cast.ts'
import type { Frame, NamedFrame } from './frame.ts'

/** Sizes of a nested array along its first elements. */
function shapeOf(value: unknown): number[] {
  const shape: number[] = []
  for (let inner = value; Array.isArray(inner) && shape.length < 100; inner = inner[0]) shape.push(inner.length)
  return shape
}

/** Whether every part of a nested array has the sizes of the first one. */
function isRegular(value: unknown, [size, ...rest]: readonly number[]): boolean {
  if (size === undefined) return !Array.isArray(value)
  return Array.isArray(value) && value.length === size && value.every((inner) => isRegular(inner, rest))
}

function shapeWords(shape: readonly number[]): string {
  return shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`
}

/** Casts the leaves of a regular nested array in place of copies: a parsed body belongs to nobody else. */
function castLeaves(values: unknown[], cast: (value: unknown) => unknown): void {
  for (let i = 0; i < values.length; i++) {
    const value = values[i]
    if (Array.isArray(value)) castLeaves(value, cast)
    else values[i] = cast(value)
  }
}

function isSingle(value: unknown): value is [unknown] {
  return Array.isArray(value) && value.length === 1
}

/**
 * Casts one column as MLflow does while it reads a body. Throws `request-invalid` for what cannot be cast or is ragged, and
 * `shape-mismatch` for regular arrays of another shape than the column's.
 */
function castColumn(column: InputColumn, values: unknown[], table: boolean): TableColumn {
  const { name, shape = [] } = column
  const cast = castOf(column)
  if (shape.length > 0) {
    const sizes = shapeOf(values)
    if (!isRegular(values, sizes)) throw unreadable('Invalid input. setting an array element with a sequence. The requested array has an inhomogeneous shape.')
    const expected = [-1, ...shape]
    if (sizes.length !== expected.length || expected.some((size, i) => size >= 0 && size !== sizes[i]))
      throw unfit('shape-mismatch', `Shape of input ${shapeWords(sizes)} does not match expected shape ${shapeWords(expected)}.`)
  }
  try {
    if (shape.length > 0) castLeaves(values, cast)
    // a tensor of shape [N, 1] is a column of plain values here
    else for (const [i, value] of values.entries()) values[i] = cast(!table && isSingle(value) ? value[0] : value)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw unreadable(
      table
        ? `Invalid input. Data is not compatible with model signature. Failed to convert column ${name} to type '${numpyName(column)}'. Error: '${why}'`
        : `Invalid input. ${why}`,
    )
  }
  return { name, at: (row) => values[row] }
}

/** Names in the form of a Python list. */
function listed(names: readonly string[]): string {
  return `[${names
    .slice(0, 20)
    .map((name) => `'${name.slice(0, 60)}'`)
    .join(', ')}]`
}

function checkMissing(columns: readonly InputColumn[], given: ReadonlySet<string>, extra: readonly string[]): void {
  const missing = columns.filter((column) => !column.optional && !given.has(column.name)).map((column) => column.name)
  if (missing.length === 0) return
  const others = extra.length === 0 ? '' : ` Note that there were extra inputs: ${listed(extra)}.`
  throw unfit('column-missing', `Model is missing inputs ${listed(missing)}.${others}`)
}

/** A frame as columns of the signature: an array without names can only be the one column that takes arrays. */
function named(frame: Frame, columns: readonly InputColumn[]): NamedFrame {
  const [only] = columns
  const takesArray = columns.length === 1 && only!.shape !== undefined && only!.shape.length > 0
  if (frame.kind === 'columns') {
    if (!takesArray || frame.columns.has(only!.name)) return frame
    if (!frame.matrix) {
      if (frame.extra.length > 0)
        throw unreadable(
          'Invalid input. Failed to parse input data. This model contains an un-named  model signature which expects a single n-dimensional array or a single value as input, however, an input of type dictionary was found.',
        )
      return frame
    }
    return { ...frame, columns: new Map([[only!.name, frame.matrix()]]), extra: [], table: false }
  }
  const value = Array.isArray(frame.value) ? frame.value : [frame.value]
  if (columns.length === 1) return { kind: 'columns', columns: new Map([[only!.name, value]]), extra: [], rows: value.length, table: frame.table }
  const width = Array.isArray(value[0]) ? value[0].length : 1
  return {
    kind: 'columns',
    columns: new Map(),
    extra: Array.from({ length: Math.min(width, 20) }, (_, i) => String(i)),
    rows: value.length,
    table: frame.table,
  }
}

/** A frame as a table that the release can decode, cast as MLflow casts. Throws also `column-missing`. */
export function castFrame(frame: Frame, columns: readonly InputColumn[]): Table {
  const { columns: given, extra, rows, table } = named(frame, columns)
  const cast = columns.flatMap((column) => {
    const values = given.get(column.name)
    return values ? [castColumn(column, values, table)] : []
  })
  checkMissing(columns, new Set(given.keys()), extra)
  if (rows === 0 && columns.some((column) => (column.shape ?? []).length > 0)) throw unfit('rows-empty', 'the inputs have no rows')
  return { rows, columns: cast }
}

/** The rows of a table that came as CSV or Parquet, where types are strict but a missing number is NaN. Columns that nobody knows are dropped. */
export function castTable(table: Table, columns: readonly InputColumn[], refuse: (why: string) => Error): Table {
  const known = new Map(columns.map((column) => [column.name, column]))
  const kept = table.columns.filter(({ name }) => known.has(name))
  checkMissing(
    columns,
    new Set(kept.map(({ name }) => name)),
    table.columns
      .filter(({ name }) => !known.has(name))
      .map(({ name }) => name)
      .slice(0, 20),
  )
  return {
    rows: table.rows,
    columns: kept.map((source) => strictColumn(source, known.get(source.name)!, refuse)),
    ...(table.place ? { place: (row: number) => table.place!(row) } : {}),
  }
}

function strictColumn(source: TableColumn, { name, type, shape = [] }: InputColumn, refuse: (why: string) => Error): TableColumn {
  if (type === 'string' || shape.length > 0) return source
  const float = type.startsWith('float')
  return {
    name,
    at(row) {
      const value = source.at(row)
      if (value === null) {
        if (float) return 'NaN'
        throw refuse(`Integer column has NA values in column ${name}`)
      }
      const number = float ? typeof value === 'number' : Number.isInteger(value)
      const fits = type === 'bool' ? typeof value === 'boolean' : number || typeof value === 'bigint'
      const notFinite = float && (value === 'NaN' || value === 'Infinity' || value === '-Infinity')
      if (!fits && !notFinite) throw refuse(`invalid value ${JSON.stringify(String(value).slice(0, 60))} for column ${name}`)
      return value
    },
  }
}
