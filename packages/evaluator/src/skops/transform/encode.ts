import { type Col, type Context, kindOf } from '../context.ts'
import type { Item, Primitive } from '../item.ts'

/** One column's categories, and the code of each where rare ones share one. */
interface Categories {
  readonly col: Col
  readonly values: readonly Primitive[]
  readonly kind: 'number' | 'text'
  readonly keys: readonly number[]
  /** Code of each category; with rare ones together, the last code is theirs. */
  readonly codes: readonly number[]
  readonly count: number
  readonly rare: boolean
}

/** A column for each category, or for each but the dropped ones. */
export function oneHotEncoder(item: Item, cols: readonly Col[], context: Context): Col[] {
  const dropped = item.find('drop_idx_')
  const drops = dropped === undefined || dropped.isNone() ? undefined : dropped.values()
  const unknown = item.get('handle_unknown').text()
  if (!['error', 'ignore', 'infrequent_if_exist', 'warn'].includes(unknown)) throw item.unsupported(`handle_unknown is ${unknown}`)
  return eachColumn(item, cols, context).flatMap((categories, i) => {
    const hot = context.spread(oneHot(context, categories, unknown))
    const drop = drops?.[i]
    return drop === undefined || drop === null ? hot : hot.filter((_, at) => at !== dropPosition(item, categories, Number(drop)))
  })
}

function dropPosition(item: Item, categories: Categories, drop: number): number {
  const code = categories.codes[drop]
  if (code === undefined) throw item.malformed(`drop_idx_ has ${drop} for ${categories.values.length} categories`)
  return code
}

function oneHot(context: Context, categories: Categories, unknown: string): number {
  const { builder } = context
  const { count, keys, rare } = categories
  const refuses = unknown === 'error' ? 'error' : 'zeros'
  const cell = builder.gather([categories.col])
  if (!rare) return builder.add({ op: 'onehot', of: [cell], categories: keys, unknown: refuses, to: 'f64' }, 'f64', count)
  const otherwise = unknown === 'infrequent_if_exist' || unknown === 'warn' ? count - 1 : -1
  const code = builder.add({ op: 'lookup', of: [cell], keys, values: categories.codes, otherwise, to: 'f64' }, 'f64', 1)
  const codes = Array.from({ length: count }, (_, i) => i)
  return builder.add({ op: 'onehot', of: [code], categories: codes, unknown: refuses, to: 'f64' }, 'f64', count)
}

/** Each category to its number; unknown and missing values to the numbers that were set for them. */
export function ordinalEncoder(item: Item, cols: readonly Col[], context: Context): Col[] {
  const known = item.get('handle_unknown').text()
  const unknown = known === 'error' ? undefined : Number(item.get('unknown_value').primitive() ?? Number.NaN)
  const missing = item.find('encoded_missing_value')?.number() ?? Number.NaN
  return eachColumn(item, cols, context).map((categories) => {
    const hasMissing = categories.values.some(isMissing)
    const values = categories.codes.map((code, i) => (isMissing(categories.values[i] as Primitive) ? missing : code))
    const value = lookup(context, categories, { values, unknown })
    const leaks = Number.isNaN(hasMissing ? missing : (unknown ?? 0))
    return { ...(context.spread(value)[0] as Col), from: leaks ? categories.col.from : [] }
  })
}

/** The mean target of each category, as one number; the overall mean for others. */
export function targetEncoder(item: Item, cols: readonly Col[], context: Context): Col[] {
  const type = item.get('target_type_').text()
  if (type === 'multiclass') throw item.unsupported('a TargetEncoder of several classes is not read')
  const encodings = item.get('encodings_').items()
  const otherwise = item.get('target_mean_').number()
  return eachColumn(item, cols, context).map((categories, i) => {
    const values = Array.from((encodings[i] ?? item).numbers(categories.values.length))
    return context.spread(lookup(context, categories, { values, unknown: otherwise }))[0] as Col
  })
}

function lookup(context: Context, { col, keys, count }: Categories, { values, unknown }: { values: readonly number[]; unknown: number | undefined }): number {
  const { builder } = context
  const cell = builder.gather([col])
  if (unknown !== undefined) return builder.add({ op: 'lookup', of: [cell], keys, values, otherwise: unknown, to: 'f64' }, 'f64', 1)
  // Only a one-hot step can refuse a row, so that the category's position goes through one.
  const hot = builder.add({ op: 'onehot', of: [cell], categories: keys, unknown: 'error', to: 'f64' }, 'f64', Math.max(count, keys.length))
  const position = builder.add({ op: 'argmax', of: [hot], last: false }, 'i32', 1)
  const positions = keys.map((_, i) => i)
  return builder.add({ op: 'lookup', of: [position], keys: positions, values, otherwise: Number.NaN, to: 'f64' }, 'f64', 1)
}

function eachColumn(item: Item, cols: readonly Col[], context: Context): Categories[] {
  const lists = item.get('categories_').items()
  if (lists.length !== cols.length) throw item.malformed(`categories for ${lists.length} columns, and ${cols.length} come in`)
  const found = item.find('_default_to_infrequent_mappings')
  const mappings = found === undefined || found.isNone() ? undefined : found.items()
  return lists.map((list, i) => {
    const values = list.values()
    const kind = kindOf(values, list)
    const col = kind === 'text' ? context.texts(cols[i] as Col, item) : (context.numbers([cols[i] as Col], item)[0] as Col)
    const keys = values.map((value) => context.element(value, kind))
    const mapping = mappings?.[i]
    if (mapping === undefined || mapping.isNone()) return { col, values, kind, keys, codes: keys.map((_, at) => at), count: keys.length, rare: false }
    const codes = Array.from(mapping.numbers(keys.length))
    const count = codes.reduce((most, code) => Math.max(most, code), -1) + 1
    if (count > keys.length || codes.some((code) => code < 0 || !Number.isInteger(code))) throw mapping.malformed('a code that no category can have')
    return { col, values, kind, keys, codes, count, rare: true }
  })
}

function isMissing(value: Primitive): boolean {
  return value === null || Number.isNaN(value)
}
