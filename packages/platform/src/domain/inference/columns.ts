import { type DataType, FairleadError, type InputColumn, isBigInteger, isFloat } from '@fairlead/contract'
import { ByName } from '../../kernel/by-name.ts'
import { checkRoom, fillArray, fillNull, refuseNull, shapeOf, type TensorPlan } from './column-plan.ts'
import type { Refusal } from './column-values.ts'
import { MAX_ITEMS, placeOf, Refusals, unknownColumn } from './refusals.ts'
import type { Table, TableColumn } from './table.ts'
import { allocate, sizeOf } from './tensors.ts'
import type { Tensor, TensorData, Tensors } from './types.ts'

/** Characters of text that one table may have: a small body can name the same long text in every row. */
const MOST_TEXT = 64 * 1024 * 1024

/** What decoding a table needs of a release. */
export interface TablePlan {
  tensors: readonly TensorPlan[]
  names: ReadonlySet<string>
  refuseExtra: boolean
}

/** Where rows with values that are refused are put apart, instead of refusing the whole table for them. */
export interface RowsApart {
  /** Takes a refused value; `row` counts within the table. */
  add(row: number, column: string, refusal: Refusal): void
}

/** One table being decoded. */
interface Decoding {
  table: Table
  columns: ReadonlyMap<string, TableColumn>
  refusals: Refusals
  apart: RowsApart | undefined
  /** Characters of text so far. */
  text: number
}

/**
 * Tensors of a table, column by column: the twin of `RowsPlan.decode` for forms that are not made of rows. It takes and
 * refuses the same values with the same codes and places. Throws `rows-empty`, `request-invalid` for a column that is there
 * twice, `body-too-large` for too much text, or the code of the first offending value. With `apart` no value is refused: rows with such values are
 * told there, and what stands in their place in the tensors means nothing.
 */
export function decodeTable({ tensors: plans, names, refuseExtra }: TablePlan, table: Table, apart?: RowsApart): Tensors {
  if (table.rows === 0) throw new FairleadError('rows-empty', 'the table has no rows')
  const columns = new Map(table.columns.map((column) => [column.name, column]))
  if (columns.size !== table.columns.length) throw twice(table.columns)
  const decoding: Decoding = { table, columns, refusals: new Refusals(), apart, text: 0 }
  const tensors: Tensors = new ByName()
  for (const plan of plans) tensors[plan.spec.name] = plan.array ? decodeArrays(plan, decoding) : decodeValues(plan, decoding)
  if (refuseExtra) findExtra(table, names, decoding.refusals)
  decoding.refusals.check()
  return tensors
}

function twice(columns: readonly TableColumn[]): FairleadError {
  const seen = new Set<string>()
  const name = columns.find((column) => seen.size === seen.add(column.name).size)?.name ?? ''
  return new FairleadError('request-invalid', `the column ${JSON.stringify(name.slice(0, 200))} is there twice`, {
    items: [{ path: name.slice(0, 200), code: 'request-invalid', detail: 'a table may have a column once' }],
  })
}

function findExtra({ columns, rows }: Table, names: ReadonlySet<string>, refusals: Refusals): void {
  const unknown = columns.filter(({ name }) => !names.has(name))
  // looking for the nearest name takes long, and more than these are not listed
  const extra = unknown.slice(0, MAX_ITEMS).map(({ name }) => ({ name, refusal: unknownColumn(name, names) }))
  for (const { name } of unknown.slice(MAX_ITEMS)) extra.push({ name, refusal: extra[0]!.refusal })
  for (let row = 0; row < rows && extra.length > 0 && (row === 0 || !refusals.enough); row++)
    for (const { name, refusal } of extra) if (!refusals.enough || !refusals.namesUnknown) refusals.addUnknown(placeOf(`rows[${row}]`, name), refusal)
}

function refuse({ table, refusals, apart }: Decoding, row: number, name: string, refusal: Refusal): void {
  if (apart) {
    apart.add(row, name, refusal)
    return
  }
  const place = refusals.listing ? table.place?.(row) : undefined
  refusals.add(placeOf(`rows[${row}]`, name), place === undefined ? refusal : { ...refusal, detail: `${refusal.detail} (${place})` })
}

function countText(decoding: Decoding, value: unknown): void {
  if (typeof value !== 'string') return
  decoding.text += value.length
  if (decoding.text > MOST_TEXT) throw new FairleadError('body-too-large', `the table has more than ${MOST_TEXT} characters of text`)
}

function decodeValues(plan: TensorPlan, decoding: Decoding): Tensor {
  const { rows } = decoding.table
  const width = sizeOf(plan.inner)
  const whole = wholeColumn(plan, decoding)
  if (whole) return { type: plan.spec.type, shape: [rows, ...plan.inner], data: whole }
  const data = allocate(plan.spec.type, rows * width)
  const tensor: Tensor = { type: plan.spec.type, shape: [rows, ...plan.inner], data }
  for (const { column, set, check, offset } of plan.columns) {
    const source = decoding.columns.get(column.name)
    if (source?.dense?.type === column.type && check === undefined && column.type !== 'string' && copies(column.type, plan.spec.type))
      copyDense(source.dense, { column, tensor, offset, width }, decoding)
    else {
      for (let row = 0; row < rows && !decoding.refusals.enough; row++) {
        const value = source?.at(row)
        if (value === undefined || value === null) {
          const refusal = refuseNull(column, value)
          if (refusal) refuse(decoding, row, column.name, refusal)
          else fillNull(tensor, row * width + offset)
          continue
        }
        countText(decoding, value)
        const refusal = set(value, data, row * width + offset)
        if (refusal !== undefined) refuse(decoding, row, column.name, refusal)
      }
    }
  }
  return tensor
}

/** The numbers of a column that are a tensor as they are. Those that lie in memory with others are copied: whoever runs a tensor may give its memory away. */
function wholeColumn({ spec, columns }: TensorPlan, decoding: Decoding): TensorData | undefined {
  const [only] = columns
  if (columns.length !== 1 || !only || only.check !== undefined) return undefined
  const { type, data } = decoding.columns.get(only.column.name)?.dense ?? {}
  if (data === undefined || Array.isArray(data) || type !== spec.type || type !== only.column.type || data.length !== decoding.table.rows) return undefined
  return data.byteLength === data.buffer.byteLength ? data : undefined
}

/** Whether numbers of one type become those of another by being written there. */
function copies(column: DataType, tensor: DataType): boolean {
  return column === tensor || (tensor !== 'float16' && isFloat(tensor) && !isBigInteger(column) && column !== 'float16')
}

/** Copies a column in one go; rows that `nulls` marks have no value. */
function copyDense(
  { data, nulls }: NonNullable<TableColumn['dense']>,
  { column, tensor, offset, width }: { column: InputColumn; tensor: Tensor; offset: number; width: number },
  decoding: Decoding,
): void {
  copyColumn(data, tensor.data, offset, width)
  if (!nulls) return
  const refusal = refuseNull(column, null)
  for (let row = 0; row < decoding.table.rows && !decoding.refusals.enough; row++) {
    if (nulls[row] !== 1) continue
    if (refusal) refuse(decoding, row, column.name, refusal)
    else fillNull(tensor, row * width + offset)
  }
}

/** Both are arrays of numbers, or both of 64-bit integers. */
function copyColumn(from: TensorData, to: TensorData, offset: number, width: number): void {
  const [source, target] = [from as Float64Array, to as Float64Array]
  if (width === 1) target.set(source)
  else for (let row = 0, at = offset; row < source.length; row++, at += width) target[at] = source[row]!
}

function firstArray(source: TableColumn | undefined, rows: number): unknown {
  for (let row = 0; source && row < rows; row++) {
    const value = source.at(row)
    if (Array.isArray(value)) return value
  }
  return undefined
}

function decodeArrays(plan: TensorPlan, decoding: Decoding): Tensor {
  const { rows } = decoding.table
  const { column, set } = plan.columns[0]!
  const source = decoding.columns.get(column.name)
  const first = shapeOf(firstArray(source, rows))
  const inner = plan.inner.map((size, i) => (size >= 0 ? size : (first[i] ?? 0)))
  const width = sizeOf(inner)
  checkRoom(column.name, rows * width, (add) => {
    for (let row = 0; row < rows; row++) add(source?.at(row))
  })
  const data = allocate(plan.spec.type, rows * width)
  const tensor: Tensor = { type: plan.spec.type, shape: [rows, ...inner], data }
  const counted: typeof set = (value, into, at) => {
    countText(decoding, value)
    return set(value, into, at)
  }
  for (let row = 0; row < rows && !decoding.refusals.enough; row++) {
    const value = source?.at(row)
    if (value === undefined || value === null) {
      const refusal = refuseNull(column, value)
      if (refusal) refuse(decoding, row, column.name, refusal)
      else for (let k = 0; k < width; k++) fillNull(tensor, row * width + k)
      continue
    }
    const refusals = decoding.apart ? new Refusals() : decoding.refusals
    const place = decoding.apart ? column.name : placeOf(`rows[${row}]`, column.name)
    fillArray({ value, inner, set: counted, data, at: row * width, place, refusals })
    const first = decoding.apart && refusals.first
    if (first) refuse(decoding, row, column.name, { code: first.code, detail: `${first.path}: ${first.detail}` })
  }
  return tensor
}
