import type { Column, Input } from '../form/form.ts'
import { type Element, readNumber } from './element.ts'
import { codeField, constantOf, type Field, type Scope } from './scope.ts'

/** A field of the data dictionary. */
export interface DataField {
  readonly element: Element
  readonly name: string
  readonly dataType: string
  /** Its texts become codes: it is categorical, or its values are texts. */
  readonly isCategory: boolean
  readonly values: readonly string[]
  /** Values that count as missing. */
  readonly missing: readonly string[]
}

const NUMBERS = new Set(['integer', 'float', 'double'])
const SMALLEST_CODE = -1

/** The fields of a document's data dictionary, by name. */
export function readDictionary(document: Element): Map<string, DataField> {
  const dictionary = document.child('DataDictionary')
  if (dictionary === undefined) throw document.malformed('it has no DataDictionary')
  const fields = new Map<string, DataField>()
  for (const element of dictionary.all('DataField')) {
    const name = element.get('name')
    if (fields.has(name)) throw element.malformed(`the field ${JSON.stringify(name)} stands twice`)
    const values = element.all('Value')
    const of = (property: string) => values.filter((value) => (value.find('property') ?? 'valid') === property).map((value) => value.get('value'))
    const dataType = element.get('dataType')
    const isCategory = dataType === 'string' || (NUMBERS.has(dataType) && element.find('optype') === 'categorical')
    fields.set(name, { element, name, dataType, isCategory, values: of('valid'), missing: of('missing') })
  }
  return fields
}

/** A field that a model takes: what its schema says of it. */
export interface ActiveField {
  readonly data: DataField
  readonly mining: Element
}

/** The fields that a document's model takes, in the order of its schema. Throws UnreadableModel for types that are not read. */
export function activeFields(model: Element, dictionary: ReadonlyMap<string, DataField>): ActiveField[] {
  return miningFields(model)
    .filter((mining) => usage(mining) === 'active')
    .map((mining) => {
      const data = dictionary.get(mining.get('name'))
      if (data === undefined) throw mining.malformed(`the data dictionary has no field ${mining.get('name')}`)
      if (data.dataType !== 'string' && data.dataType !== 'boolean' && !NUMBERS.has(data.dataType))
        throw data.element.unsupported(`fields of type ${data.dataType} are not read`)
      return { data, mining }
    })
}

/** Name of the field that a model predicts. */
export function targetOf(model: Element): string | undefined {
  return miningFields(model)
    .find((mining) => usage(mining) === 'target' || usage(mining) === 'predicted')
    ?.get('name')
}

export function miningFields(model: Element): Element[] {
  const schema = model.child('MiningSchema')
  if (schema === undefined) throw model.malformed('it has no MiningSchema')
  return schema.all('MiningField')
}

function usage(mining: Element): string {
  return mining.find('usageType') ?? 'active'
}

/** Inputs of a form for fields: one matrix where all are numbers, else one for each. */
export function layInputs(fields: readonly ActiveField[]): Input[] {
  const columns = fields.map(({ data }): Column => ({ name: data.name }))
  if (fields.every(({ data }) => data.dataType !== 'string')) return [{ name: 'X', type: 'f64', width: fields.length, columns }]
  return fields.map(({ data }) => ({ name: data.name, type: data.dataType === 'string' ? 'text' : 'f64', width: 1, columns: [{ name: data.name }] }))
}

/** Defines the fields of the input, prepared as the dictionary and the schema say. */
export function defineInputs(scope: Scope, fields: readonly ActiveField[]): void {
  const { builder } = scope
  const isMatrix = builder.inputs.length === 1 && fields.length > 1
  for (const [i, { data, mining }] of fields.entries()) {
    const value = isMatrix ? builder.gather([{ value: 0, index: i }]) : i
    const prepared = prepare(scope, { data, mining }, { value, from: i })
    scope.define(data.name, replaceMissing(scope, mining, prepared))
  }
}

/** Replacements that a model inside another says of its own fields. */
export function defineInner(scope: Scope, model: Element): void {
  for (const mining of miningFields(model)) {
    const name = mining.get('name')
    const field = scope.find(name)
    if (usage(mining) === 'active' && field !== undefined && mining.find('missingValueReplacement') !== undefined)
      scope.define(name, replaceMissing(scope, mining, field))
  }
}

function prepare(scope: Scope, { data, mining }: ActiveField, { value, from }: { readonly value: number; readonly from: number }): Field {
  const invalid = mining.find('invalidValueTreatment') ?? 'returnInvalid'
  if (!['returnInvalid', 'asIs', 'asMissing'].includes(invalid)) throw mining.unsupported(`invalid values by ${invalid} are not read`)
  if ((mining.find('outliers') ?? 'asIs') !== 'asIs') throw mining.unsupported('a treatment of outliers is not read')
  if (data.element.all('Value').some((one) => one.find('property') === 'invalid'))
    throw data.element.unsupported('values that are listed as invalid are not read')
  if (data.isCategory) {
    const { values: texts, missing } = data
    const isListed = texts.length > 0
    const other = !isListed || invalid === 'asIs' ? SMALLEST_CODE : invalid === 'asMissing' ? Number.NaN : undefined
    return codeField(scope, { value, from: [from], texts, missing, other, open: !isListed || invalid === 'asIs' })
  }
  const { builder } = scope
  const type = data.dataType === 'boolean' ? 'bool' : data.dataType === 'float' ? 'float' : 'number'
  let at = value
  for (const text of data.missing) at = builder.add({ op: 'replace', of: [at], what: readNumber(text, data.element), with: [Number.NaN] }, 'f64', 1)
  if (type === 'float') at = roundToFloat(scope, at)
  const field: Field = { value: at, type, from: [from] }
  return invalid === 'asIs' ? field : { ...field, value: insideIntervals(scope, data, field, invalid === 'asMissing') }
}

/** PMML's `float`, as a double that a float32 can hold. */
export function roundToFloat(scope: Scope, value: number): number {
  const { builder } = scope
  return builder.add({ op: 'cast', of: [builder.add({ op: 'cast', of: [value], to: 'f32' }, 'f32', 1)], to: 'f64' }, 'f64', 1)
}

/** A value inside the intervals that the dictionary allows; outside it is missing, or refuses the row. */
function insideIntervals(scope: Scope, data: DataField, field: Field, asMissing: boolean): number {
  const intervals = data.element.all('Interval')
  if (intervals.length === 0) return field.value
  if (intervals.length > 1) throw data.element.unsupported('several intervals of one field are not read')
  const { builder } = scope
  const [interval] = intervals as [Element]
  const closure = interval.get('closure')
  const low = interval.number('leftMargin', Number.NEGATIVE_INFINITY)
  const high = interval.number('rightMargin', Number.POSITIVE_INFINITY)
  const compare = (operator: 'lt' | 'le' | 'gt' | 'ge', constant: number) =>
    builder.add({ op: 'compare', of: [field.value], operator, constant: [constant] }, 'bool', 1)
  const below = compare(closure.startsWith('open') ? 'le' : 'lt', low)
  const above = compare(closure.endsWith('Open') ? 'ge' : 'gt', high)
  const outside = builder.add({ op: 'compare', of: [below, above], operator: 'or' }, 'bool', 1)
  const number = builder.add({ op: 'cast', of: [outside], to: 'f64' }, 'f64', 1)
  if (asMissing) {
    const none = builder.add({ op: 'lookup', of: [number], keys: [], values: [], otherwise: Number.NaN, to: 'f64' }, 'f64', 1)
    return builder.add({ op: 'where', of: [outside, none, field.value] }, 'f64', 1)
  }
  const inside = builder.add({ op: 'onehot', of: [number], categories: [0], unknown: 'error', to: 'f64' }, 'f64', 1)
  return builder.add({ op: 'arithmetic', of: [field.value, inside], operator: 'mul' }, 'f64', 1)
}

function replaceMissing(scope: Scope, mining: Element, field: Field): Field {
  const text = mining.find('missingValueReplacement')
  const treatment = mining.find('missingValueTreatment')
  if (treatment === 'returnInvalid') {
    scope.require([field])
    return field
  }
  if (text === undefined) return field
  const by = constantOf(field, text, mining)
  return { ...field, value: scope.builder.add({ op: 'replace', of: [field.value], what: Number.NaN, with: [by] }, 'f64', 1), from: [] }
}
