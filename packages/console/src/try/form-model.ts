import { type InputColumn, type Row, type Signature, writeJson } from '@fairlead/contract'
import { formatLimit } from '../format/number.ts'

/** The control that suits a column. `json` takes arrays. */
export type ControlKind = 'integer' | 'number' | 'choice' | 'switch' | 'text' | 'json'

/** A field of the form, made from one column of the signature. */
export interface FormField {
  name: string
  control: ControlKind
  type: InputColumn['type']
  optional: boolean
  min: number | undefined
  max: number | undefined
  /** Values of a choice as text, in the signature's order. */
  options: string[]
  /** The values behind `options`, at the same positions. */
  values: (string | number | boolean)[]
  unit: string | undefined
  description: string | undefined
  shape: number[]
}

const WIDTHS: Partial<Record<InputColumn['type'], readonly [number, number]>> = {
  int8: [-128, 127],
  int16: [-32_768, 32_767],
  int32: [-2_147_483_648, 2_147_483_647],
  uint8: [0, 255],
  uint16: [0, 65_535],
  uint32: [0, 4_294_967_295],
  uint64: [0, Number.POSITIVE_INFINITY],
}

const isFloat = (type: InputColumn['type']) => type.startsWith('float')

function controlOf(column: InputColumn): ControlKind {
  if ((column.shape ?? []).length > 0) return 'json'
  if (column.values !== undefined && column.values.length > 0) return 'choice'
  if (column.type === 'bool') return column.optional ? 'choice' : 'switch'
  if (column.type === 'string') return 'text'
  return isFloat(column.type) ? 'number' : 'integer'
}

/** The form of a signature: one field a column, in its order. */
export function fieldsOf(signature: Pick<Signature, 'columns'>): FormField[] {
  return signature.columns.map((column) => {
    const control = controlOf(column)
    const values = column.values ?? (control === 'choice' ? [true, false] : [])
    const [low, high] = WIDTHS[column.type] ?? []
    const finite = (value: number | undefined) => (value !== undefined && Number.isFinite(value) ? value : undefined)
    return {
      name: column.name,
      control,
      type: column.type,
      optional: column.optional ?? false,
      min: column.min ?? finite(low),
      max: column.max ?? finite(high),
      options: values.map(String),
      values,
      unit: column.unit,
      description: column.description,
      shape: column.shape ?? [],
    }
  })
}

/** What stands in the form: a text per field; switches hold `true` or `false`. */
export type FormValues = Record<string, string>

/** An empty form: switches stand at off. */
export function emptyForm(fields: readonly FormField[]): FormValues {
  return Object.fromEntries(fields.map((field) => [field.name, field.control === 'switch' ? 'false' : '']))
}

/** The form filled with a row, such as the example of the signature. */
export function fillForm(fields: readonly FormField[], row: Row): FormValues {
  const text = (value: unknown) => (value === null || value === undefined ? '' : typeof value === 'object' ? writeJson(value) : String(value))
  return {
    ...emptyForm(fields),
    ...Object.fromEntries(fields.filter((field) => Object.hasOwn(row, field.name)).map((field) => [field.name, text(row[field.name])])),
  }
}

/** The allowed range in words: `18 to 120 years`, `at least 0`; empty when everything goes. */
export function rangeWords(field: Pick<FormField, 'min' | 'max' | 'unit'>): string {
  const unit = field.unit ? ` ${field.unit}` : ''
  if (field.min !== undefined && field.max !== undefined) return `${formatLimit(field.min)} to ${formatLimit(field.max)}${unit}`
  if (field.min !== undefined) return `at least ${formatLimit(field.min)}${unit}`
  if (field.max !== undefined) return `at most ${formatLimit(field.max)}${unit}`
  return field.unit ?? ''
}

type Parsed = { value: unknown } | { error: string }

function parseNumber(field: FormField, text: string): Parsed {
  const spoken = /^[+-]?(nan|inf(inity)?)$/i.exec(text)
  if (spoken && field.control === 'number') return { value: /nan/i.test(text) ? 'NaN' : text.startsWith('-') ? '-Infinity' : 'Infinity' }
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return { error: 'Write a number, with a point before decimals.' }
  const value = Number(text)
  if (field.control === 'integer' && !Number.isInteger(value)) return { error: 'Write a whole number.' }
  if (field.control === 'integer' && !Number.isSafeInteger(value))
    return { error: 'This form is exact up to 9007199254740991; send larger numbers by the API.' }
  if ((field.min !== undefined && value < field.min) || (field.max !== undefined && value > field.max)) return { error: `Allowed: ${rangeWords(field)}.` }
  return { value }
}

function parseJson(text: string): Parsed {
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) ? { value } : { error: 'Write a list, such as [1, 2, 3].' }
  } catch {
    return { error: 'Write a list as JSON, such as [1, 2, 3].' }
  }
}

function parseField(field: FormField, text: string): Parsed {
  if (field.control === 'switch') return { value: text === 'true' }
  if (text === '' && field.control !== 'text') return field.optional ? { value: undefined } : { error: 'A value is needed.' }
  if (field.control === 'text') return { value: text === '' && field.optional ? undefined : text }
  if (field.control === 'json') return parseJson(text)
  if (field.control === 'choice') {
    const index = field.options.indexOf(text)
    return index < 0 ? { error: 'Choose one of the values.' } : { value: field.values[index] }
  }
  return parseNumber(field, text.trim())
}

/** Reads the form into a row. `errors` has a sentence per field that cannot be sent; empty optional fields are left out. */
export function readForm(fields: readonly FormField[], values: FormValues): { row: Row; errors: Record<string, string> } {
  const row: [name: string, value: unknown][] = []
  const errors: [name: string, error: string][] = []
  for (const field of fields) {
    const parsed = parseField(field, values[field.name] ?? '')
    if ('error' in parsed) errors.push([field.name, parsed.error])
    else if (parsed.value !== undefined) row.push([field.name, parsed.value])
  }
  // not set one by one: a column may be called __proto__
  return { row: Object.fromEntries(row), errors: Object.fromEntries(errors) }
}

/** The field that an error path of the platform names: `rows[0].age` and `rows[0]["loan amount"]` both work. */
export function fieldOfPath(path: string): string | undefined {
  return /^rows\[0\](?:\.(.+)|\[["'](.+)["']\])$/.exec(path)?.slice(1).find(Boolean)
}
