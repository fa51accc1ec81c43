import { FairleadError, type InputColumn, type Signature, type TensorSpec } from '@fairlead/contract'
import type { ReleaseSettings } from '@fairlead/contract/control'
import { ByName } from '../../kernel/by-name.ts'
import { type ColumnPlan, checkRoom, fillArray, fillNull, planTensor, refuseNull, shapeOf, type TensorPlan } from './column-plan.ts'
import { shown } from './column-values.ts'
import { decodeTable, type RowsApart } from './columns.ts'
import { placeOf, Refusals, unknownColumn } from './refusals.ts'
import type { Table } from './table.ts'
import { allocate, sizeOf } from './tensors.ts'
import type { Tensor, Tensors } from './types.ts'

type JsonRow = Record<string, unknown>
export type RowSettings = Pick<ReleaseSettings, 'extraColumns' | 'unknownValues'>

/** How the columns of rows lie in one of the model's tensors. */
export interface RowLayout {
  name: string
  type: TensorSpec['type']
  /** Shape and number of the values of one row. */
  inner: number[]
  width: number
  /** Whether each row has one array instead of plain values. */
  array: boolean
  columns: Pick<ColumnPlan, 'column' | 'set' | 'offset'>[]
}

/**
 * Turns rows by column name into the model's tensors. Compiled once per release.
 *
 * A null or absent optional column becomes NaN, 0, false or empty text, marked in the tensor's `nulls`.
 */
export class RowsPlan {
  readonly #tensors: TensorPlan[]
  readonly #columns: InputColumn[]
  readonly #names: Set<string>
  readonly #refuseExtra: boolean
  /** Tensors with a column whose values have declared limits. */
  readonly #limited: TensorPlan[]
  /** Whether any column holds 64-bit integers, so that their digits must be read exactly. */
  readonly exactIntegers: boolean

  constructor(signature: Signature, settings: RowSettings) {
    this.#columns = signature.columns
    this.#names = new Set(signature.columns.map((column) => column.name))
    this.#refuseExtra = settings.extraColumns === 'refuse'
    this.exactIntegers = signature.columns.some((column) => column.type === 'int64' || column.type === 'uint64')
    this.#tensors = signature.inputs.map((spec) => planTensor(spec, signature.columns, settings.unknownValues))
    this.#limited = this.#tensors.filter(({ columns }) => columns.some(({ check }) => check))
  }

  /** How rows lie in the tensors, for those who read them from elsewhere than JSON values. */
  get layouts(): RowLayout[] {
    return this.#tensors.map(({ spec: { name, type }, columns, inner, array }) => ({ name, type, inner, width: sizeOf(inner), array, columns }))
  }

  /**
   * Tensors of `rows`, an array of objects as JSON has them (64-bit integers may be bigint). Throws `request-invalid`,
   * `rows-empty`, or the code of the first offending value; the items carry paths like `rows[3].age`, at most 20.
   */
  decode(rows: unknown): Tensors {
    if (!Array.isArray(rows)) {
      throw new FairleadError('request-invalid', rows === undefined ? 'the body has no "rows"' : `"rows" must be an array of objects, not ${shown(rows)}`, {
        items: [{ path: 'rows', code: 'request-invalid', detail: 'an array of objects is needed' }],
      })
    }
    if (rows.length === 0) throw new FairleadError('rows-empty', '"rows" is empty')
    const full = checkObjects(rows, this.#columns.length)
    const refusals = new Refusals()
    let absent = 0
    const tensors: Tensors = new ByName()
    for (const plan of this.#tensors) {
      const { tensor, missing } = plan.array ? decodeArrays(plan, rows, refusals) : decodeValues(plan, rows, refusals)
      tensors[plan.spec.name] = tensor
      absent += missing
    }
    if (this.#refuseExtra && (absent > 0 || !full)) this.#findExtra(rows, refusals)
    refusals.check()
    return tensors
  }

  /** Tensors of a table: what `decode` gives for the same rows, and the same errors, or rows put apart. Throws also as `decodeTable`. */
  decodeTable(table: Table, apart?: RowsApart): Tensors {
    return decodeTable({ tensors: this.#tensors, names: this.#names, refuseExtra: this.#refuseExtra }, table, apart)
  }

  /**
   * Checks the model's own tensors against the declared limits of their columns; shapes and types are the caller's.
   * Throws like `decode`, with paths like `age[3]`.
   */
  check(tensors: Tensors): void {
    if (this.#limited.length === 0) return
    const refusals = new Refusals()
    for (const { spec, columns, inner } of this.#limited) {
      const tensor = tensors[spec.name]
      const width = Math.max(1, sizeOf(inner))
      for (const { column, check, offset } of columns) {
        if (!check || !tensor || tensor.nulls) continue
        for (let at = offset; at < tensor.data.length && !refusals.enough; at += width) {
          const value = tensor.data[at]!
          const refusal = check(column.type === 'bool' ? value === 1 : value)
          if (refusal) refusals.add(`${placeOf('inputs', column.name)}[${(at - offset) / width}]`, refusal)
        }
      }
    }
    refusals.check()
  }

  #findExtra(rows: JsonRow[], refusals: Refusals): void {
    for (let i = 0; i < rows.length && (i === 0 || !refusals.enough); i++) {
      for (const name of Object.keys(rows[i]!)) {
        if (this.#names.has(name)) continue
        if (refusals.enough && refusals.namesUnknown) return
        refusals.addUnknown(placeOf(`rows[${i}]`, name), unknownColumn(name, this.#names))
      }
    }
  }
}

/** Throws unless every row is an object; answers whether each has exactly as many keys as there are columns. */
function checkObjects(rows: unknown[], columns: number): boolean {
  let full = true
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]
    if (typeof row !== 'object' || row === null || Array.isArray(row)) {
      throw new FairleadError('request-invalid', `rows[${i}] must be an object with a value per column, not ${shown(row)}`, {
        items: [{ path: `rows[${i}]`, code: 'request-invalid', detail: 'an object is needed' }],
      })
    }
    let keys = 0
    for (const _ in row) if (++keys > columns) break
    if (keys !== columns) full = false
  }
  return full
}

const EVERY_OBJECT = Object.prototype

/** Whether a row says nothing of a column: what is inherited stands under names such as `constructor` and `__proto__`, and is no value. */
function isAbsent(value: unknown): boolean {
  return value === undefined || value === null || typeof value === 'function' || value === EVERY_OBJECT
}

function decodeValues(plan: TensorPlan, rows: JsonRow[], refusals: Refusals): { tensor: Tensor; missing: number } {
  const width = sizeOf(plan.inner)
  const data = allocate(plan.spec.type, rows.length * width)
  const tensor: Tensor = { type: plan.spec.type, shape: [rows.length, ...plan.inner], data }
  let missing = 0
  for (const { column, set, offset } of plan.columns) {
    const { name } = column
    for (let i = 0; i < rows.length && !refusals.enough; i++) {
      const value = rows[i]![name]
      if (isAbsent(value)) {
        const refusal = refuseNull(column, value)
        if (refusal) refusals.add(placeOf(`rows[${i}]`, name), refusal)
        else fillNull(tensor, i * width + offset)
        if (value !== null) missing++
        continue
      }
      const refusal = set(value, data, i * width + offset)
      if (refusal !== undefined) refusals.add(placeOf(`rows[${i}]`, name), refusal)
    }
  }
  return { tensor, missing }
}

function decodeArrays(plan: TensorPlan, rows: JsonRow[], refusals: Refusals): { tensor: Tensor; missing: number } {
  const { column, set } = plan.columns[0]!
  const first = shapeOf(rows.find((row) => Array.isArray(row[column.name]))?.[column.name])
  const inner = plan.inner.map((size, i) => (size >= 0 ? size : (first[i] ?? 0)))
  const width = sizeOf(inner)
  checkRoom(column.name, rows.length * width, (add) => rows.forEach((row) => void add(row[column.name])))
  const data = allocate(plan.spec.type, rows.length * width)
  const tensor: Tensor = { type: plan.spec.type, shape: [rows.length, ...inner], data }
  let missing = 0
  for (let i = 0; i < rows.length && !refusals.enough; i++) {
    const value = rows[i]![column.name]
    const place = placeOf(`rows[${i}]`, column.name)
    if (isAbsent(value)) {
      const refusal = refuseNull(column, value)
      if (refusal) refusals.add(place, refusal)
      else for (let k = 0; k < width; k++) fillNull(tensor, i * width + k)
      if (value !== null) missing++
    } else fillArray({ value, inner, set, data, at: i * width, place, refusals })
  }
  return { tensor, missing }
}
