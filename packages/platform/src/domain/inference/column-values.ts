import { type DataType, type ErrorCode, INTEGER_RANGES, type InputColumn, isBigInteger, isFloat, isInteger, writeJson } from '@fairlead/contract'
import { numberToHalf } from './number-text.ts'
import type { TensorData } from './types.ts'

/** Why a value was refused. */
export interface Refusal {
  code: ErrorCode
  detail: string
}

/** Puts a JSON value into `data[at]`; answers why not. Nothing is allocated when all is well. */
export type SetValue = (value: unknown, data: TensorData, at: number) => Refusal | undefined

const NOT_FINITE: Record<string, number> = { NaN: Number.NaN, Infinity: Number.POSITIVE_INFINITY, '-Infinity': Number.NEGATIVE_INFINITY }
const FLOAT32_LIMIT = 3.4028235677973366e38
const FLOAT16_LIMIT = 65520

/** A value for a message: short, and quoted like JSON. */
export function shown(value: unknown): string {
  // JSON has no number that is not finite, and says null for it
  const text = typeof value === 'number' ? String(value) : (writeJson(value) ?? String(value))
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}

function wrongType(column: InputColumn, value: unknown): Refusal {
  const hint =
    typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value)) && column.type !== 'string' ? '; write the number without quotes' : ''
  return { code: 'value-type', detail: `${shown(value)} is not ${WANTED[column.type]}${hint}` }
}

const WANTED: Record<InputColumn['type'], string> = {
  bool: 'true or false',
  int8: 'a whole number',
  int16: 'a whole number',
  int32: 'a whole number',
  int64: 'a whole number',
  uint8: 'a whole number',
  uint16: 'a whole number',
  uint32: 'a whole number',
  uint64: 'a whole number',
  float16: 'a number',
  float32: 'a number',
  float64: 'a number',
  string: 'text',
}

/** `18 to 120`, `at least 18`, `at most 120`. */
export function rangeWords({ min, max }: { min?: number | bigint | undefined; max?: number | bigint | undefined }): string {
  if (min === undefined) return `at most ${max}`
  return max === undefined ? `at least ${min}` : `${min} to ${max}`
}

/** Checks a value that already has the column's type against its range and allowed values. */
export type CheckValue = (value: number | bigint | string | boolean) => Refusal | undefined

/** The declared limits of a column; `undefined` where it has none. With `unknownValues: pass`, `values` is not a limit. */
export function limitsOf(column: InputColumn, unknownValues: 'refuse' | 'pass'): CheckValue | undefined {
  const { min, max, unit } = column
  const values = unknownValues === 'refuse' && column.values ? new Set<unknown>(column.values) : undefined
  if (min === undefined && max === undefined && !values) return undefined
  const low = min ?? Number.NEGATIVE_INFINITY
  const high = max ?? Number.POSITIVE_INFINITY
  const ranged = column.type !== 'string' && column.type !== 'bool' && (min !== undefined || max !== undefined)
  return (value) => {
    // written so that NaN is outside of every range
    if (ranged && !((value as number) >= low && (value as number) <= high)) {
      return { code: 'value-range', detail: `${shown(value)} is outside its range, ${rangeWords({ min, max })}${unit === undefined ? '' : ` ${unit}`}` }
    }
    if (values && !values.has(typeof value === 'bigint' ? Number(value) : value)) {
      const some = (column.values ?? []).slice(0, 20).map(shown).join(', ')
      return { code: 'value-unknown', detail: `${shown(value)} is not one of ${some}${(column.values ?? []).length > 20 ? ', …' : ''}` }
    }
    return undefined
  }
}

/** Every number below it in size is one of a type of floats, rounded; 0 for other types, and for half floats, which are kept as their bits. */
export function floatLimit(type: DataType): number {
  return type === 'float32' ? FLOAT32_LIMIT : type === 'float64' ? Number.POSITIVE_INFINITY : 0
}

function floatSetter(column: InputColumn, check: CheckValue | undefined, tensor: DataType): SetValue {
  const limit = column.type === 'float32' ? FLOAT32_LIMIT : column.type === 'float16' ? FLOAT16_LIMIT : Number.POSITIVE_INFINITY
  const half = tensor === 'float16'
  return (value, data, at) => {
    let x: number
    if (typeof value === 'number') x = value
    else if (typeof value === 'bigint') x = Number(value)
    else if (typeof value === 'string' && Object.hasOwn(NOT_FINITE, value)) x = NOT_FINITE[value]!
    else return wrongType(column, value)
    if (typeof value !== 'string' && (x >= limit || x <= -limit)) return { code: 'value-range', detail: `${shown(value)} does not fit into ${column.type}` }
    const refusal = check?.(x)
    if (refusal) return refusal
    ;(data as Float64Array)[at] = half ? numberToHalf(x) : x
    return undefined
  }
}

function integerSetter(column: InputColumn & { type: keyof typeof INTEGER_RANGES }, check: CheckValue | undefined, tensor: DataType): SetValue {
  const [low, high] = INTEGER_RANGES[column.type]
  const big = isBigInteger(column.type)
  const [from, to] = [Number(low), Number(high)]
  const keepsDigits = isBigInteger(tensor)
  const half = tensor === 'float16'
  return (value, data, at) => {
    if (typeof value !== 'bigint' && (typeof value !== 'number' || !Number.isInteger(value))) return wrongType(column, value)
    if (value < from || value > to || (big && (BigInt(value) < low || BigInt(value) > high))) {
      return { code: 'value-range', detail: `${shown(value)} does not fit into ${column.type}, ${rangeWords({ min: low, max: high })}` }
    }
    const refusal = check?.(value)
    if (refusal) return refusal
    if (keepsDigits) (data as BigInt64Array)[at] = BigInt(value)
    else (data as Int32Array)[at] = half ? numberToHalf(Number(value)) : Number(value)
    return undefined
  }
}

/**
 * Makes the setter of a column, for a tensor of the column's own type unless another is named that holds its values.
 * Numbers as text, truth values as numbers and the like are refused.
 */
export function setterOf(column: InputColumn, unknownValues: 'refuse' | 'pass', tensor: DataType = column.type): SetValue {
  const check = limitsOf(column, unknownValues)
  const { type } = column
  if (isFloat(type)) return floatSetter(column, check, tensor)
  if (isInteger(type)) return integerSetter({ ...column, type }, check, tensor)
  const wanted = type === 'bool' ? 'boolean' : 'string'
  const truth = truthOf(tensor)
  return (value, data, at) => {
    if (typeof value !== wanted) return wrongType(column, value)
    const refusal = check?.(value as string | boolean)
    if (refusal) return refusal
    if (wanted === 'boolean') (data as unknown as (number | bigint)[])[at] = truth(value === true)
    else (data as string[])[at] = value as string
    return undefined
  }
}

/** What stands for a truth value in a tensor. */
function truthOf(tensor: DataType): (value: boolean) => number | bigint {
  if (isBigInteger(tensor)) return (value) => (value ? 1n : 0n)
  const one = tensor === 'float16' ? numberToHalf(1) : 1
  return (value) => (value ? one : 0)
}
