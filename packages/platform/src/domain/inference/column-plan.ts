import { FairleadError, type InputColumn, isFloat, type TensorSpec } from '@fairlead/contract'
import { type CheckValue, limitsOf, type SetValue, setterOf, shown } from './column-values.ts'
import { numberToHalf } from './number-text.ts'
import type { Refusals } from './refusals.ts'
import { sizeOf } from './tensors.ts'
import type { Tensor, TensorData } from './types.ts'

/** How the values of one column are put into a tensor. */
export interface ColumnPlan {
  column: InputColumn
  set: SetValue
  check: CheckValue | undefined
  /** Place of the value among the values of one row of the tensor. */
  offset: number
}

/** How the columns of one tensor are decoded; compiled once per release. */
export interface TensorPlan {
  spec: TensorSpec
  columns: ColumnPlan[]
  /** Shape of one row; -1 where the rows decide. */
  inner: number[]
  /** Whether each row has one array instead of plain values. */
  array: boolean
}

/** Compiles how one tensor is filled from the columns that belong to it. */
export function planTensor(spec: TensorSpec, all: InputColumn[], unknownValues: 'refuse' | 'pass'): TensorPlan {
  const columns = all.filter((column) => column.tensor === spec.name)
  const array = columns.length === 1 && (columns[0]!.shape ?? []).length > 0
  const inner = spec.shape.slice(1)
  return {
    spec,
    array,
    inner: array ? inner : inner.map((size, i) => (size > 0 ? size : i === inner.length - 1 ? Math.max(1, columns.length) : 1)),
    columns: columns.map((column) => ({
      column,
      set: setterOf(column, unknownValues, spec.type),
      check: limitsOf(column, unknownValues),
      offset: column.index ?? 0,
    })),
  }
}

const ABSENT = { code: 'column-missing' as const }

/** Why a value that is null or not there cannot be taken; `undefined` when the column is optional. */
export function refuseNull(column: InputColumn, value: unknown): { code: 'column-missing' | 'value-missing'; detail: string } | undefined {
  if (column.optional) return undefined
  if (value === null) return { code: 'value-missing', detail: `null, and the column "${column.name}" is required` }
  return { ...ABSENT, detail: `the required column "${column.name}" is missing` }
}

/** What a model sees in place of a null. */
export function fillNull(tensor: Tensor, at: number): void {
  if (isFloat(tensor.type)) (tensor.data as Float64Array)[at] = tensor.type === 'float16' ? numberToHalf(Number.NaN) : Number.NaN
  tensor.nulls ??= new Uint8Array(tensor.data.length)
  tensor.nulls[at] = 1
}

/** Shape of a nested array, read along its first elements. */
export function shapeOf(value: unknown): number[] {
  const shape: number[] = []
  for (let inner = value; Array.isArray(inner) && shape.length < 100; inner = inner[0]) shape.push(inner.length)
  return shape
}

/** Values that a tensor may have room for whatever was sent. */
const FREE_VALUES = 2 ** 24
/** Values that no tensor may have, whatever was sent: parts of a compressed body may stand for many of them. */
const MOST_VALUES = 2 ** 27

function countValues(value: unknown): number {
  return Array.isArray(value) ? value.reduce<number>((sum, inner) => sum + countValues(inner), 0) : 1
}

/**
 * Refuses arrays whose first one promises far more values than all of them hold, before room is made: a short body could
 * ask for any amount of memory. Throws `shape-mismatch` and `body-too-large`.
 */
export function checkRoom(name: string, needed: number, values: (add: (value: unknown) => void) => void): void {
  if (needed <= FREE_VALUES) return
  if (needed > MOST_VALUES) throw new FairleadError('body-too-large', `${name}: ${needed} values, at most ${MOST_VALUES} are taken`)
  let count = 0
  values((value) => {
    count += countValues(value)
  })
  if (count >= needed) return
  const detail = `all arrays must have the shape of the first one: ${needed} values are needed, and there are ${count}`
  throw new FairleadError('shape-mismatch', `${name}: ${detail}`, { items: [{ path: name, code: 'shape-mismatch', detail }] })
}

interface ArrayFill {
  value: unknown
  inner: number[]
  set: SetValue
  data: TensorData
  at: number
  place: string
  refusals: Refusals
}

function nullInside(data: TensorData): string {
  return data instanceof Float32Array || data instanceof Float64Array ? 'null inside an array; a missing number is written "NaN" there' : 'null inside an array'
}

/** Fills one row of an array-valued column; gathers what does not fit. */
export function fillArray({ value, inner, set, data, at, place, refusals }: ArrayFill): void {
  const [size, ...rest] = inner
  if (size === undefined) {
    const refusal = value === null ? { code: 'value-missing' as const, detail: nullInside(data) } : set(value, data, at)
    if (refusal) refusals.add(place, refusal)
    return
  }
  if (!Array.isArray(value) || value.length !== size) {
    const got = Array.isArray(value) ? `${value.length}` : shown(value)
    refusals.add(place, { code: 'shape-mismatch', detail: `an array of ${size} is needed, got ${got}` })
    return
  }
  const step = sizeOf(rest)
  for (let k = 0; k < size && !refusals.enough; k++) {
    fillArray({ value: value[k], inner: rest, set, data, at: at + k * step, place: `${place}[${k}]`, refusals })
  }
}
