import { FairleadError, INTEGER_RANGES, type InputColumn, isFloat, isInteger } from '@fairlead/contract'

/** Casts one value of JSON as MLflow does before it looks at the signature; throws an Error in NumPy's words. */
type Cast = (value: unknown) => unknown

const NOT_FINITE: Readonly<Record<string, string>> = {
  nan: 'NaN',
  inf: 'Infinity',
  '+inf': 'Infinity',
  infinity: 'Infinity',
  '+infinity': 'Infinity',
  '-inf': '-Infinity',
  '-infinity': '-Infinity',
}

/** NumPy's name of a column's type. */
export function numpyName({ type }: InputColumn): string {
  return type === 'string' ? 'object' : type
}

function quoted(value: unknown): string {
  return typeof value === 'string' ? `'${value.slice(0, 60)}'` : String(value).slice(0, 60)
}

function whole(text: string): bigint {
  const digits = text.trim()
  // longer ones fit no type there is, and take a time that grows with the square of their length
  if (!/^[+-]?\d{1,40}$/.test(digits)) throw new Error(`invalid literal for int() with base 10: ${quoted(text)}`)
  return BigInt(digits.replace('+', ''))
}

/** Whole numbers: fractions are cut off, texts read, truth values are 1 and 0; nothing stands for a missing one. */
function toInteger(value: unknown, column: InputColumn): bigint {
  const [low, high] = INTEGER_RANGES[column.type as keyof typeof INTEGER_RANGES]
  let integer: bigint
  if (typeof value === 'boolean') integer = value ? 1n : 0n
  else if (typeof value === 'bigint') integer = value
  else if (typeof value === 'number' && Number.isFinite(value)) integer = BigInt(Math.trunc(value))
  else if (typeof value === 'string' && !Object.hasOwn(NOT_FINITE, value.toLowerCase())) integer = whole(value)
  else throw new Error(`cannot convert ${value === null ? 'float NaN' : quoted(value)} to integer`)
  if (integer < low || integer > high) throw new Error(`Python integer ${integer} out of bounds for ${column.type}`)
  return integer
}

function toFloat(value: unknown): unknown {
  if (value === null) return 'NaN'
  if (typeof value === 'number' || typeof value === 'bigint') return value
  if (typeof value === 'boolean') return value ? 1 : 0
  if (typeof value === 'string') {
    const text = value.trim()
    const word = NOT_FINITE[text.toLowerCase()]
    if (word !== undefined) return word
    if (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) return Number(text)
  }
  throw new Error(`could not convert string to float: ${quoted(value)}`)
}

/** As Python judges truth, but that null is false as in a column of objects cast to bool by MLflow. */
function toBool(value: unknown): boolean {
  if (typeof value === 'bigint') return value !== 0n
  return Boolean(value)
}

/** Numbers stay what they say, as text, since the model's column holds text alone. */
function toText(value: unknown): unknown {
  if (value === null || typeof value === 'string') return value
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  if (typeof value === 'object') throw new Error('a list or an object is not a string')
  return String(value)
}

/** The cast of a column's single values. */
export function castOf(column: InputColumn): Cast {
  const { type } = column
  const cast: Cast = isInteger(type) ? (value) => toInteger(value, column) : isFloat(type) ? toFloat : type === 'bool' ? toBool : toText
  return (value) => {
    if (typeof value === 'object' && value !== null) throw new Error('setting an array element with a sequence.')
    return cast(value)
  }
}

/** A body that cannot be taken as it is: 400 BAD_REQUEST in MLflow. */
export function unreadable(words: string): FairleadError {
  return new FairleadError('request-invalid', words)
}

/** Values that do not fit the signature: 400 INVALID_PARAMETER_VALUE in MLflow. */
export function unfit(code: 'column-missing' | 'shape-mismatch' | 'rows-empty' | 'value-type', words: string): FairleadError {
  return new FairleadError(code, words)
}
