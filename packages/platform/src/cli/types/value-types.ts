import { type DataType, type InputColumn, isBigInteger, isFloat, type OutputField, type Signature } from '@fairlead/contract'
import type { ReleaseSettings } from '@fairlead/contract/control'
import { literal } from './source-text.ts'

/** A property of a row or a prediction. */
export interface Property {
  name: string
  type: string
  optional?: boolean
  doc: string[]
}

const safe = (bound: number | undefined) => bound !== undefined && Number.isSafeInteger(bound)

function plainType(type: DataType, { min, max }: { min?: number | undefined; max?: number | undefined } = {}): string {
  if (type === 'string') return 'string'
  if (type === 'bool') return 'boolean'
  return isBigInteger(type) && !(safe(min) && safe(max)) ? 'number | bigint' : 'number'
}

function union(types: readonly string[]): string {
  return [...new Set(types)].join(' | ')
}

/** Whether a type needs parentheses before something binds to it. */
function nested(type: string, shape: readonly number[]): string {
  return shape.reduce((inner) => `readonly ${inner.includes(' ') ? `(${inner})` : inner}[]`, type)
}

function range({ min, max }: InputColumn): string {
  if (min !== undefined && max !== undefined) return `From ${min} to ${max}.`
  if (min !== undefined) return `At least ${min}.`
  return max === undefined ? '' : `At most ${max}.`
}

function columnType(column: InputColumn, unknownValues: ReleaseSettings['unknownValues']): string {
  const { values, type, shape = [] } = column
  let plain = plainType(type, column)
  if (values && values.length > 0) {
    const known = union(values.map(literal))
    // the empty intersection keeps the known values in what an editor offers
    plain = unknownValues === 'refuse' ? known : `${known} | (${plain} & {})`
  }
  return nested(plain, shape) + (column.optional ? ' | null' : '')
}

function facts({ type, shape = [], unit }: Pick<InputColumn, 'type' | 'shape' | 'unit'>, more = ''): string {
  const size = shape.length === 0 ? '' : ` [${shape.map((one) => (one < 0 ? 'any' : one)).join(', ')}]`
  return [unit === undefined ? '' : `Unit: ${unit}.`, more, `${type}${size}.`].filter((part) => part !== '').join(' ')
}

/** A description as a sentence: editors join the lines of a comment. */
function words(description: string | undefined): string {
  const text = description?.trim() ?? ''
  return text === '' || /[.!?]$/.test(text) ? text : `${text}.`
}

/** The columns of a row. */
export function rowProperties({ columns }: Signature, settings: ReleaseSettings): Property[] {
  return columns.map((column) => ({
    name: column.name,
    type: columnType(column, settings.unknownValues),
    optional: column.optional ?? false,
    doc: [words(column.description), facts(column, range(column))],
  }))
}

/** Names of the classes; those of a model without any are their numbers. */
function classesOf({ classes, tensor }: OutputField, { outputs }: Signature): string[] {
  const width = outputs.find(({ name }) => name === tensor)?.shape.at(-1) ?? -1
  return classes ?? Array.from({ length: Math.max(0, width) }, (_, at) => String(at))
}

function fieldType(field: OutputField, signature: Signature): string {
  const { kind, type, classes, shape = [] } = field
  if (kind === 'label') return classes && classes.length > 0 ? union(classes.map(literal)) : plainType(type)
  if (kind === 'probabilities') {
    const names = classesOf(field, signature)
    return `Record<${names.length > 0 ? union(names.map(literal)) : 'string'}, number>`
  }
  const plain = isFloat(type) ? 'number | NonFinite' : plainType(type)
  if (kind === 'value') return plain
  return nested(plain, shape.length > 0 ? shape : [-1])
}

/** The fields of a prediction: the model's, and those that steps add or replace. */
export function predictionProperties(signature: Signature): Property[] {
  return signature.fields.map((field) => ({
    name: field.name,
    type: fieldType(field, signature) + (field.optional ? ' | null' : ''),
    doc: [words(field.description), field.kind === 'label' && field.classes ? '' : facts(field)],
  }))
}
