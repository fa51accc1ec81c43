import { type Col, type Context, kindOf } from '../context.ts'
import type { Item, Primitive } from '../item.ts'

/** Missing values by each column's statistic; columns that had none when it was fitted are left out, indicators come after. */
export function simpleImputer(item: Item, cols: readonly Col[], context: Context): Col[] {
  const statistics = item.get('statistics_').values()
  if (statistics.length !== cols.length) throw item.malformed(`statistics for ${statistics.length} columns, and ${cols.length} come in`)
  const missing = item.get('missing_values').primitive()
  const keepsEmpty = item.find('keep_empty_features')?.bool() === true
  const texts =
    kindOf(
      [...statistics.filter((value) => !isNone(value)), missing].filter((value) => !isNone(value)),
      item,
    ) === 'text'
  const taken = texts ? cols.map((col) => context.texts(col, item)) : context.numbers(cols, item)
  if (!texts && !isNone(missing)) context.refuseMissing(taken)
  const kept = taken.map((col, i) => ({ col, by: statistics[i] as Primitive })).filter(({ by }) => keepsEmpty || !isNone(by))
  const imputed = kept.length === 0 ? [] : replace(context, kept, { missing, kind: texts ? 'text' : 'number' })
  return [...imputed, ...indicators(item, taken, context, missing)]
}

function replace(
  context: Context,
  kept: readonly { readonly col: Col; readonly by: Primitive }[],
  { missing, kind }: { readonly missing: Primitive; readonly kind: 'number' | 'text' },
): Col[] {
  const { builder } = context
  const value = builder.gather(kept.map(({ col }) => col))
  const by = kept.map(({ by }) => context.element(by, kind))
  const imputed = builder.add({ op: 'replace', of: [value], what: context.element(missing, kind), with: by }, builder.type(value), kept.length)
  return builder.cells(imputed).map((cell, i) => ({ ...cell, kind, from: isNone(missing) ? [] : (kept[i]?.col.from ?? []) }))
}

/** 1 where a value was missing, for the columns that had missing values when it was fitted. */
function indicators(item: Item, cols: readonly Col[], context: Context, missing: Primitive): Col[] {
  const indicator = item.find('indicator_')
  if (indicator === undefined || indicator.isNone()) return []
  const features = Array.from(indicator.get('features_').numbers())
  if (features.length === 0) return []
  const { builder } = context
  const value = builder.gather(
    features.map((feature) => {
      const col = cols[feature]
      if (col === undefined) throw indicator.malformed(`it looks at column ${feature} of ${cols.length}`)
      return col
    }),
  )
  const what = context.element(missing, builder.type(value) === 'text' ? 'text' : 'number')
  return context.spread(builder.add({ op: 'lookup', of: [value], keys: [what], values: [1], otherwise: 0, to: 'f64' }, 'f64', features.length))
}

function isNone(value: Primitive): boolean {
  return value === null || Number.isNaN(value)
}
