import type { Column, ColumnType } from '../columns.ts'
import { numbersOf, textsOf } from '../values.ts'

type Convert = (column: Column) => Column

const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/
const WHOLE = /^[+-]?\d{1,30}$/
const TRUTH: Readonly<Record<string, 0 | 1>> = { true: 1, false: 0, '1': 1, '0': 0, yes: 1, no: 0 }
/** A date, or a date and a time, which is in UTC where it names no offset. */
const TIME = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?$/
const BIG_LIMIT = 2 ** 63
/** Milliseconds that a date can be away from 1970. */
const LAST_TIME = 8.64e15

/** Fills `data` row by row; `undefined` is null. */
function fillEach<T>(column: Column, data: { [row: number]: T; length: number }, read: (row: number) => T | undefined): Uint8Array | undefined {
  const rows = data.length
  let nulls: Uint8Array | undefined
  for (let row = 0; row < rows; row++) {
    const value = column.nulls?.[row] ? undefined : read(row)
    if (value === undefined) {
      nulls ??= new Uint8Array(rows)
      nulls[row] = 1
    } else data[row] = value
  }
  return nulls
}

/** The number that a text is, or none. */
export function numberOfText(text: string): number | undefined {
  const trimmed = text.trim()
  return NUMBER.test(trimmed) ? Number(trimmed) : undefined
}

function wholeOf(value: number): bigint | undefined {
  return value < BIG_LIMIT && value >= -BIG_LIMIT ? BigInt(Math.trunc(value)) : undefined
}

function wholeOfText(text: string): bigint | undefined {
  const trimmed = text.trim()
  if (!WHOLE.test(trimmed)) {
    const value = numberOfText(trimmed)
    return value === undefined ? undefined : wholeOf(value)
  }
  const value = BigInt(trimmed.replace('+', ''))
  return BigInt.asIntN(64, value) === value ? value : undefined
}

function timeOfText(text: string): number | undefined {
  const trimmed = text.trim()
  if (!TIME.test(trimmed)) return undefined
  const iso = trimmed.replace(' ', 'T')
  const millis = Date.parse(iso.length > 10 && !/(?:Z|[+-]\d\d:?\d\d)$/.test(iso) ? `${iso}Z` : iso)
  if (!Number.isFinite(millis)) return undefined
  // a day that its month does not have rolls over in some forms
  const day = Date.parse(iso.slice(0, 10))
  return Number.isFinite(day) && new Date(day).toISOString().startsWith(iso.slice(0, 10)) ? millis : undefined
}

/** An instant as RFC 3339 in UTC. */
export function timeText(millis: number): string | undefined {
  return Math.abs(millis) <= LAST_TIME ? new Date(millis).toISOString() : undefined
}

function toNumber(from: ColumnType): Convert {
  if (from !== 'text') return (column) => ({ type: 'number', data: numbersOf(column), nulls: column.nulls })
  return (column) => {
    const texts = textsOf(column)
    const data = new Float64Array(texts.length)
    return { type: 'number', data, nulls: fillEach(column, data, (row) => numberOfText(texts[row]!)) }
  }
}

function toInteger(from: ColumnType): Convert {
  return (column) => {
    const data = new BigInt64Array(column.data.length)
    if (from === 'text') {
      const texts = textsOf(column)
      return { type: 'integer', data, nulls: fillEach(column, data, (row) => wholeOfText(texts[row]!)) }
    }
    const numbers = numbersOf(column)
    return { type: 'integer', data, nulls: fillEach(column, data, (row) => wholeOf(numbers[row]!)) }
  }
}

function toText(from: ColumnType): Convert {
  return (column) => {
    const data = new Array<string>(column.data.length).fill('')
    if (from !== 'time') return { type: 'text', data: column.type === 'text' ? column.data : [...textsOf(column)], nulls: column.nulls }
    const times = numbersOf(column)
    return { type: 'text', data, nulls: fillEach(column, data, (row) => timeText(times[row]!)) }
  }
}

function toBoolean(from: ColumnType): Convert {
  return (column) => {
    const data = new Uint8Array(column.data.length)
    if (from === 'text') {
      const texts = textsOf(column)
      return { type: 'boolean', data, nulls: fillEach(column, data, (row) => TRUTH[texts[row]!.trim().toLowerCase()]) }
    }
    const numbers = numbersOf(column)
    return { type: 'boolean', data, nulls: fillEach(column, data, (row) => (Number.isNaN(numbers[row]) ? undefined : numbers[row] === 0 ? 0 : 1)) }
  }
}

function toTime(from: ColumnType): Convert {
  return (column) => {
    const data = new Float64Array(column.data.length)
    if (from === 'text') {
      const texts = textsOf(column)
      return { type: 'time', data, nulls: fillEach(column, data, (row) => timeOfText(texts[row]!)) }
    }
    const numbers = numbersOf(column)
    return { type: 'time', data, nulls: fillEach(column, data, (row) => (Math.abs(numbers[row]!) <= LAST_TIME ? numbers[row]! : undefined)) }
  }
}

/** How a column becomes one of another type; `undefined` where that has no meaning. */
export function castColumn(from: ColumnType, to: Exclude<ColumnType, 'vector'>): Convert | undefined {
  if (from === 'vector' || (from === 'boolean' && to === 'time') || (from === 'time' && to === 'boolean')) return undefined
  return { number: toNumber, integer: toInteger, text: toText, boolean: toBoolean, time: toTime }[to](from)
}
