import type { Arithmetic, Normalize } from '../../form/steps.ts'
import type { Col, Context } from '../context.ts'
import type { Item } from '../item.ts'

/** (x − mean) / scale, each where it is used. */
export function standardScaler(item: Item, cols: readonly Col[], context: Context): Col[] {
  const mean = item.get('with_mean').bool() ? item.get('mean_').numbers(cols.length) : undefined
  const scale = item.get('with_std').bool() ? item.get('scale_').numbers(cols.length) : undefined
  return shiftAndDivide(item, cols, context, { mean, scale })
}

export function robustScaler(item: Item, cols: readonly Col[], context: Context): Col[] {
  const mean = item.get('with_centering').bool() ? item.get('center_').numbers(cols.length) : undefined
  const scale = item.get('with_scaling').bool() ? item.get('scale_').numbers(cols.length) : undefined
  return shiftAndDivide(item, cols, context, { mean, scale })
}

export function maxAbsScaler(item: Item, cols: readonly Col[], context: Context): Col[] {
  const scaled = shiftAndDivide(item, cols, context, { mean: undefined, scale: item.get('scale_').numbers(cols.length) })
  return item.find('clip')?.bool() === true ? clip(item, scaled, context, [-1, 1]) : scaled
}

/** x · scale + min, cut to the range where it is asked for. */
export function minMaxScaler(item: Item, cols: readonly Col[], context: Context): Col[] {
  const scaled = arithmetic(item, cols, context, ['mul', item.get('scale_').numbers(cols.length)])
  const moved = arithmetic(item, scaled, context, ['add', item.get('min_').numbers(cols.length)])
  if (item.find('clip')?.bool() !== true) return moved
  const [low, high] = item.get('feature_range').values()
  return clip(item, moved, context, [Number(low), Number(high)])
}

export function normalizer(item: Item, cols: readonly Col[], context: Context): Col[] {
  const norm = item.get('norm').text()
  if (norm !== 'l1' && norm !== 'l2' && norm !== 'max') throw item.unsupported(`the norm ${norm} is not known`)
  context.refuseMissing(cols)
  return context.map(cols, (value): Normalize => ({ op: 'normalize', of: [value], norm }), item)
}

/** 1 where x is above the threshold, else 0. */
export function binarizer(item: Item, cols: readonly Col[], context: Context): Col[] {
  context.refuseMissing(cols)
  const { builder } = context
  const above = builder.add(
    { op: 'compare', of: [context.matrix(cols, item)], operator: 'gt', constant: [item.get('threshold').number()] },
    'bool',
    cols.length,
  )
  return context.spread(builder.add({ op: 'cast', of: [above], to: 'f64' }, 'f64', cols.length))
}

export function arithmetic(
  item: Item,
  cols: readonly Col[],
  context: Context,
  [operator, constant]: readonly [Arithmetic['operator'], ArrayLike<number>],
): Col[] {
  return context.map(cols, (value) => ({ op: 'arithmetic', of: [value], operator, constant: Array.from(constant) }), item)
}

function shiftAndDivide(
  item: Item,
  cols: readonly Col[],
  context: Context,
  { mean, scale }: { readonly mean: Float64Array | undefined; readonly scale: Float64Array | undefined },
): Col[] {
  if (mean === undefined && scale === undefined) return context.numbers(cols, item)
  const offset = Array.from(mean ?? [0])
  const factor = Array.from(scale ?? [1])
  return context.map(cols, (value) => ({ op: 'scale', of: [value], offset, factor, divide: true }), item)
}

function clip(item: Item, cols: readonly Col[], context: Context, [low, high]: readonly [number, number]): Col[] {
  return arithmetic(item, arithmetic(item, cols, context, ['max', [low]]), context, ['min', [high]])
}
