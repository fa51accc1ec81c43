// the platform's exp and log have the evaluator's bits, which no library of an engine promises
import { exp as plainExp, log as plainLog } from '../../../../../../evaluator/src/plain/math.ts'
import { as, commonOf, type OracleType, type OracleValue, order, type Typed } from './oracle-values.ts'

type Plain = (...values: never[]) => OracleValue

const finite = (value: number): number | null => (Number.isNaN(value) ? null : value)

function rounded(x: number, places = 0): number {
  const scale = 10 ** Math.abs(places)
  const scaled = places >= 0 ? x * scale : x / scale
  const whole = Math.abs(scaled - Math.trunc(scaled)) >= 0.5 ? Math.trunc(scaled) + Math.sign(scaled) : Math.trunc(scaled)
  const back = places >= 0 ? whole / scale : whole * scale
  return Number.isFinite(back) ? back : x
}

function week(date: Date): [year: number, week: number] {
  const thursday = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()))
  while (thursday.getUTCDay() !== 4) thursday.setUTCDate(thursday.getUTCDate() + (thursday.getUTCDay() === 0 || thursday.getUTCDay() > 4 ? -1 : 1))
  const first = Date.UTC(thursday.getUTCFullYear(), 0, 1)
  return [thursday.getUTCFullYear(), Math.floor((thursday.getTime() - first) / 86_400_000 / 7) + 1]
}

function truncated(unit: string, date: Date): Date {
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()]
  const units: Record<string, () => number> = {
    second: () => date.getTime() - date.getUTCMilliseconds(),
    minute: () => Date.UTC(year, month, day, date.getUTCHours(), date.getUTCMinutes()),
    hour: () => Date.UTC(year, month, day, date.getUTCHours()),
    day: () => Date.UTC(year, month, day),
    week: () => Date.UTC(year, month, day - ((date.getUTCDay() + 6) % 7)),
    month: () => Date.UTC(year, month),
    quarter: () => Date.UTC(year, month - (month % 3)),
    year: () => Date.UTC(year, 0),
  }
  return new Date(units[unit]!())
}

function later(unit: string, n: number, date: Date): Date {
  const months: Record<string, number> = { month: 1, quarter: 3, year: 12 }
  const lengths: Record<string, number> = { millisecond: 1, second: 1000, minute: 60_000, hour: 3_600_000, day: 86_400_000, week: 604_800_000 }
  if (lengths[unit] !== undefined) return new Date(date.getTime() + Math.trunc(n * lengths[unit]))
  const moved = new Date(date)
  moved.setUTCDate(1)
  moved.setUTCMonth(moved.getUTCMonth() + Math.trunc(n) * months[unit]!)
  const last = new Date(Date.UTC(moved.getUTCFullYear(), moved.getUTCMonth() + 1, 0)).getUTCDate()
  moved.setUTCDate(Math.min(date.getUTCDate(), last))
  return moved
}

/** Functions that are null where an argument is, by the type of their answer; `same` is that of their arguments. */
const STRICT: Record<string, [type: OracleType | 'same', of: Plain]> = {
  abs: ['same', (x: number | bigint) => (x < 0 ? -x : x)],
  ceil: ['same', (x: number | bigint) => (typeof x === 'bigint' ? x : Math.ceil(x))],
  floor: ['same', (x: number | bigint) => (typeof x === 'bigint' ? x : Math.floor(x))],
  trunc: ['same', (x: number | bigint) => (typeof x === 'bigint' ? x : Math.trunc(x))],
  round: ['same', (x: number | bigint, places?: bigint) => (typeof x === 'bigint' ? x : rounded(x, Number(places ?? 0)))],
  sqrt: ['number', (x: number) => (x < 0 ? null : Math.sqrt(x))],
  ln: ['number', (x: number) => (x <= 0 ? null : plainLog(x))],
  log10: ['number', (x: number) => (x <= 0 ? null : Math.log10(x))],
  exp: ['number', (x: number) => plainExp(x)],
  sign: ['number', (x: number) => Math.sign(Number(x))],
  sin: ['number', (x: number) => (Number.isNaN(x) ? x : finite(Math.sin(x)))],
  atan: ['number', (x: number) => Math.atan(x)],
  is_nan: ['boolean', (x: number) => Number.isNaN(x)],
  is_finite: ['boolean', (x: number) => Number.isFinite(x)],
  concat: ['text', (...texts: string[]) => texts.join('')],
  contains: ['boolean', (a: string, b: string) => a.includes(b)],
  starts_with: ['boolean', (a: string, b: string) => a.startsWith(b)],
  ends_with: ['boolean', (a: string, b: string) => a.endsWith(b)],
  lower: ['text', (a: string) => a.toLowerCase()],
  upper: ['text', (a: string) => a.toUpperCase()],
  trim: ['text', (a: string) => a.trim()],
  length: ['number', (a: string) => [...a].length],
  left: ['text', (a: string, n: number) => (Number.isNaN(n) ? null : [...a].slice(0, Math.max(0, Math.trunc(Number(n)))).join(''))],
  right: ['text', (a: string, n: number) => (Number.isNaN(n) ? null : [...a].slice(Math.max(0, [...a].length - Math.max(0, Math.trunc(Number(n))))).join(''))],
  replace: ['text', (a: string, b: string, c: string) => (b === '' ? a : a.split(b).join(c))],
  split_part: ['text', (a: string, b: string, n: bigint) => (b === '' ? [a] : a.split(b)).at(n > 0n ? Number(n) - 1 : Number(n)) ?? ''],
  text: ['text', (a: OracleValue) => (a instanceof Date ? a.toISOString() : String(a))],
  to_time: ['time', timeOf],
  year: ['number', (a: Date) => a.getUTCFullYear()],
  quarter: ['number', (a: Date) => Math.floor(a.getUTCMonth() / 3) + 1],
  month: ['number', (a: Date) => a.getUTCMonth() + 1],
  day: ['number', (a: Date) => a.getUTCDate()],
  hour: ['number', (a: Date) => a.getUTCHours()],
  minute: ['number', (a: Date) => a.getUTCMinutes()],
  second: ['number', (a: Date) => a.getUTCSeconds()],
  millisecond: ['number', (a: Date) => a.getUTCMilliseconds()],
  day_of_week: ['number', (a: Date) => (a.getUTCDay() === 0 ? 7 : a.getUTCDay())],
  day_of_year: ['number', (a: Date) => Math.round((truncated('day', a).getTime() - truncated('year', a).getTime()) / 86_400_000) + 1],
  week: ['number', (a: Date) => week(a)[1]],
  week_year: ['number', (a: Date) => week(a)[0]],
  truncate: ['time', truncated],
  time_add: ['time', (unit: string, n: number | bigint, a: Date) => (Number.isNaN(later(unit, Number(n), a).getTime()) ? null : later(unit, Number(n), a))],
  days_between: ['number', (a: Date, b: Date) => (b.getTime() - a.getTime()) / 86_400_000],
  epoch: ['number', (a: Date) => a.getTime() / 1000],
  number: ['number', (a: OracleValue) => numberOf(a)],
  integer: ['integer', (a: OracleValue) => integerOf(a)],
}

function timeOf(raw: string): Date | null {
  const text = raw.trim().toUpperCase()
  const isTime = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?Z?)?$/.test(text)
  const date = new Date(isTime ? (text.length > 10 && !text.endsWith('Z') ? `${text}Z` : text) : Number.NaN)
  // Date takes the 30th of February for the 2nd of March
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text.slice(0, 10)) ? date : null
}

function numberOf(value: OracleValue): number | null {
  if (typeof value !== 'string') return Number(value)
  if (value.trim() === 'NaN') return Number.NaN
  return /^\s*([+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?|-?Infinity)\s*$/i.test(value) && !/infinity/.test(value) ? Number(value) : null
}

function integerOf(value: OracleValue): bigint | null {
  if (typeof value === 'string') return /^\s*-?\d+\s*$/.test(value) ? BigInt(value.trim()) : null
  if (typeof value !== 'number') return BigInt(value as bigint)
  const whole = Number.isFinite(value) ? BigInt(Math.trunc(value)) : null
  return whole !== null && whole === BigInt.asIntN(64, whole) ? whole : null
}

/** Functions that look at nulls themselves. */
function withNulls(name: string, values: readonly OracleValue[]): OracleValue {
  if (name === 'coalesce') return values.find((value) => value !== null) ?? null
  if (name === 'nullif') return values[0] !== null && values[1] !== null && order(values[0]!, values[1]!) === 0 ? null : values[0]!
  const sorted = values.filter((value) => value !== null)
  const nan = sorted.find((value) => Number.isNaN(value))
  if (nan !== undefined) return nan
  return sorted.reduce<OracleValue>((a, b) => (a === null || (name === 'least' ? order(b, a) < 0 : order(b, a) > 0) ? b : a), null)
}

/** Calls a function by its name. */
export function oracleFunction(name: string, values: readonly Typed[]): Typed {
  if (['coalesce', 'nullif', 'least', 'greatest'].includes(name)) {
    const type = commonOf(values.map((value) => value.type))
    return {
      type,
      value: withNulls(
        name,
        values.map((value) => as(value, type)),
      ),
    }
  }
  const [result, of] = STRICT[name]!
  const type = result === 'same' ? (values[0]!.type === 'integer' ? 'integer' : 'number') : result
  if (values.some(({ value }) => value === null)) return { type, value: null }
  const first = values[0]!
  const wantsNumber = type === 'number' || (type === 'boolean' && name.startsWith('is_'))
  const converted = values.map((value, i) => (i === 0 && (first.type === 'literal' || (wantsNumber && result !== 'same')) ? plain(value) : value.value))
  const value = of(...(converted as never[]))
  return { type, value: type === 'integer' && typeof value === 'bigint' && value !== BigInt.asIntN(64, value) ? null : value }
}

/** A whole number as a double. */
function plain({ value }: Typed): OracleValue {
  return typeof value === 'bigint' ? Number(value) : value
}
