import type { Unary } from '../../form/steps.ts'
import type { Col, Context } from '../context.ts'
import type { Item } from '../item.ts'
import { arithmetic } from './scale.ts'

const FUNCTIONS: Readonly<Record<string, Unary['function']>> = {
  log: 'log',
  exp: 'exp',
  sqrt: 'sqrt',
  absolute: 'abs',
  abs: 'abs',
  fabs: 'abs',
  negative: 'neg',
  floor: 'floor',
  ceil: 'ceil',
  tanh: 'tanh',
}
const HIGHEST_DEGREE = 8
const MOST_PAIRS = 4_000_000

/** Columns as they are, or by one of NumPy's plain functions. */
export function functionTransformer(item: Item, cols: readonly Col[], context: Context): Col[] {
  const func = item.get('func')
  if (func.isPrimitive() && func.isNone()) return [...cols]
  const target = func.loader === 'PartialNode' ? func.part('func') : func
  if (target.name === 'sklearn.utils.validation.check_array') return [...cols]
  const arguments_ = item.find('kw_args')
  const plain = arguments_ === undefined || arguments_.loader === 'JsonNode' || arguments_.entries().length === 0
  const known = func.loader === 'FunctionNode' && /^numpy(\.|$)/.test(func.name) ? FUNCTIONS[func.className] : undefined
  if (known === undefined || !plain) throw func.unsupported(`the function ${target.name} is not known`)
  return context.map(cols, (value) => ({ op: 'unary', of: [value], function: known }), item)
}

/** Products of columns up to a degree, in scikit-learn's order of columns and of factors. */
export function polynomialFeatures(item: Item, cols: readonly Col[], context: Context): Col[] {
  const degree = item.get('degree')
  const [least, most] = degree.isPrimitive() ? [0, degree.number()] : degree.values().map(Number)
  if (least === undefined || most === undefined || most > HIGHEST_DEGREE || least < 0) throw degree.unsupported('a degree like this is not read')
  context.refuseMissing(cols)
  const singles = context.numbers(cols, item)
  const only = item.get('interaction_only').bool()
  const result: Col[] = item.get('include_bias').bool() ? ones(singles, context) : []
  let level = singles.map((col, i) => ({ col, first: i }))
  for (let at = 1; at <= most; at += 1) {
    if (at > 1) level = nextLevel(level, singles, context, { only, item })
    if (at >= least) result.push(...level.map(({ col }) => col))
  }
  return result
}

interface Product {
  readonly col: Col
  /** Number of its first factor: the next level multiplies it by that one and those before it. */
  readonly first: number
}

function nextLevel(
  level: readonly Product[],
  singles: readonly Col[],
  context: Context,
  { only, item }: { readonly only: boolean; readonly item: Item },
): Product[] {
  if (singles.length * level.length > MOST_PAIRS) throw item.unsupported(`products of ${singles.length} columns to this degree are too many`)
  const pairs = singles.flatMap((single, i) => level.filter(({ first }) => (only ? first > i : first >= i)).map(({ col }) => ({ col, single, i })))
  if (pairs.length === 0) return []
  const { builder } = context
  const left = context.matrix(
    pairs.map(({ col }) => col),
    item,
  )
  const right = context.matrix(
    pairs.map(({ single }) => single),
    item,
  )
  const product = builder.add({ op: 'arithmetic', of: [left, right], operator: 'mul' }, 'f64', pairs.length)
  return context.spread(product).map((col, at) => ({ col, first: pairs[at]?.i ?? 0 }))
}

function ones(cols: readonly Col[], context: Context): Col[] {
  const [first] = cols
  if (first === undefined) return []
  return context.spread(context.builder.add({ op: 'lookup', of: [context.builder.gather([first])], keys: [], values: [], otherwise: 1, to: 'f64' }, 'f64', 1))
}

/** Number of the bin that a value falls in, or a column for each bin. */
export function kBinsDiscretizer(item: Item, cols: readonly Col[], context: Context): Col[] {
  context.refuseMissing(cols)
  const edges = item.get('bin_edges_').items()
  if (edges.length !== cols.length) throw item.malformed(`bins for ${edges.length} columns, and ${cols.length} come in`)
  const encode = item.get('encode').text()
  return context.numbers(cols, item).flatMap((col, i) => {
    const all = (edges[i] ?? item).numbers()
    const bin = binOf(col, all.subarray(1, -1), context)
    if (encode === 'ordinal') return context.spread(bin)
    const categories = Array.from({ length: all.length - 1 }, (_, at) => at)
    return context.spread(context.builder.add({ op: 'onehot', of: [bin], categories, unknown: 'zeros', to: 'f64' }, 'f64', categories.length))
  })
}

function binOf(col: Col, inner: Float64Array, context: Context): number {
  const { builder } = context
  if (inner.length === 0) return builder.add({ op: 'lookup', of: [builder.gather([col])], keys: [], values: [], otherwise: 0, to: 'f64' }, 'f64', 1)
  const repeated = builder.gather(Array.from(inner, () => col))
  const above = builder.add({ op: 'compare', of: [repeated], operator: 'ge', constant: Array.from(inner) }, 'bool', inner.length)
  const counts = builder.add({ op: 'cast', of: [above], to: 'f64' }, 'f64', inner.length)
  return builder.add({ op: 'reduce', of: [counts], function: 'sum' }, 'f64', 1)
}

/** Centred, turned, and divided by the deviations where it whitens. */
export function pca(item: Item, cols: readonly Col[], context: Context): Col[] {
  context.refuseMissing(cols)
  const mean = item.find('mean_')
  const centred = mean === undefined || mean.isNone() ? context.numbers(cols, item) : arithmetic(item, cols, context, ['sub', mean.numbers(cols.length)])
  const components = item.get('components_').numbers()
  const outputs = components.length / cols.length
  if (!Number.isInteger(outputs) || outputs < 1) throw item.malformed('components_ do not fit the columns that come in')
  const weights = Float64Array.from(components, (_, at) => components[(at % outputs) * cols.length + Math.floor(at / outputs)] as number)
  const bias = new Float64Array(outputs)
  const value = context.builder.add(
    { op: 'affine', of: [context.matrix(centred, item)], outputs, weights, bias, biasFirst: false, skipMissing: false },
    'f64',
    outputs,
  )
  if (item.find('whiten')?.bool() !== true) return context.spread(value)
  const scale = item
    .get('explained_variance_')
    .numbers(outputs)
    .map((variance) => Math.max(Math.sqrt(variance), Number.EPSILON))
  return arithmetic(item, context.spread(value), context, ['div', scale])
}
