import type { Col, Context, Transform } from '../context.ts'
import type { Item } from '../item.ts'

/** Each transformer over its own columns, side by side; what is dropped is left out. */
export function columnTransformer(item: Item, cols: readonly Col[], context: Context, transform: Transform): Col[] {
  const indices = item.find('_transformer_to_input_indices')
  return context.join(item.get('transformers_').items(), (entry) => {
    const [name, transformer, columns] = entry.items()
    if (name === undefined || transformer === undefined || columns === undefined) throw entry.malformed('a name, a transformer and its columns are expected')
    const known = indices?.find(name.text())
    const positions = known === undefined ? readColumns(columns, cols, context) : readPositions(known)
    const chosen = positions.map((position) => {
      const col = cols[position < 0 ? position + cols.length : position]
      if (col === undefined) throw columns.malformed(`column ${position} of ${cols.length}`)
      return col
    })
    return chosen.length === 0 ? [] : transform(transformer, chosen, context)
  })
}

/** Each transformer over all columns, side by side. */
export function featureUnion(item: Item, cols: readonly Col[], context: Context, transform: Transform): Col[] {
  const weights = item.find('transformer_weights')
  if (weights !== undefined && !weights.isNone()) throw item.unsupported('a FeatureUnion with weights is not read')
  return context.join(item.get('transformer_list').items(), (entry) => transform(entry.items()[1] ?? entry, cols, context))
}

function readPositions(item: Item): number[] {
  return item.isArray() ? Array.from(item.numbers()) : item.items().map((one) => one.number())
}

/** Columns by name, number, mask or slice, of a file that does not say their positions. */
function readColumns(item: Item, cols: readonly Col[], context: Context): number[] {
  if (item.loader === 'SliceNode') {
    const [start, stop, step] = ['start', 'stop', 'step'].map((key) => item.raw(key))
    const all = cols.map((_, i) => i)
    if (step !== null && step !== 1) throw item.unsupported('a slice with steps is not read')
    if (typeof start === 'string' || typeof stop === 'string') throw item.unsupported('a slice by names is not read')
    return all.slice(typeof start === 'number' ? start : 0, typeof stop === 'number' ? stop : cols.length)
  }
  const values = item.isPrimitive() ? [item.primitive()] : item.values()
  if (values.length > 0 && values.every((value) => typeof value === 'boolean')) return values.flatMap((chosen, i) => (chosen ? [i] : []))
  return values.map((value) => {
    if (typeof value === 'number') return value
    const position = cols.findIndex((col) => col.raw !== undefined && context.plan.names?.[col.raw] === value)
    if (position < 0) throw item.unsupported(`column ${String(value)} is not one of the input`)
    return position
  })
}
