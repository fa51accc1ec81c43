import type { Reduce } from '../../form/steps.ts'
import { axisOf, type Call, inputAt, listAt, malformed, type Operators, rowsAt, type Translate, unsupported } from '../call.ts'
import { type Constant, numbers } from '../tensor.ts'
import { ROWS, type Rows, stridesOf, type Value, walk, widthOf } from '../values.ts'
import { roundingOf } from './fold.ts'
import { calculate } from './math.ts'

/** Many columns to one, and what a row's columns are to each other. Not ReduceMin and ReduceMax: what the runtime makes of NaN depends on where it stands. */
export const REDUCE: Operators = {
  ReduceSum: reduction('sum', 13),
  ReduceMean: reduction('mean', 18),
  ReduceL1: reduction('l1', 18),
  ReduceL2: reduction('l2', 18),
  ReduceSumSquare: reduction('sumsquare', 18),
  ReduceProd: reduction('prod', 18),
  ReduceLogSum: logSum,
  ReduceLogSumExp: logSumExp,
  ArgMax: extreme(false),
  ArgMin: extreme(true),
  Softmax: softmax,
  LpNormalization: lpNormalization,
}

function reduction(name: Reduce['function'], since: number): Translate {
  return (call) => {
    const value = inputAt(call, 0)
    const { axes, dims } = axesOf(call, value, since)
    if (axes.length === 0) return [value]
    return [value.kind === 'rows' ? reduceRows(call, value, { name, axes, dims }) : foldReduce(call, value, { name, axes, dims })]
  }
}

/** Axes that go, and the dimensions that are left. */
function axesOf(call: Call, value: Value, since: number): { axes: number[]; dims: number[] } {
  const rank = value.dims.length
  const named = listAt(call, 1, { name: 'axes', since })?.map((axis) => axisOf(call, axis, rank))
  const none = named === undefined || named.length === 0
  if (none && call.version >= since && call.attributes.int('noop_with_empty_axes', 0) !== 0) return { axes: [], dims: [...value.dims] }
  const axes = none ? value.dims.map((_, axis) => axis) : named
  if (new Set(axes).size !== axes.length) throw malformed(call, 'it names an axis twice')
  if (axes.some((axis) => value.dims[axis] === ROWS)) throw unsupported(call, 'it brings rows together')
  const keep = call.attributes.int('keepdims', 1) !== 0
  return { axes, dims: value.dims.flatMap((size, axis) => (axes.includes(axis) ? (keep ? [1] : []) : [size])) }
}

interface Wanted {
  readonly name: Reduce['function']
  readonly axes: readonly number[]
  readonly dims: readonly number[]
}

function reduceRows(call: Call, value: Rows, { name, axes, dims }: Wanted): Rows {
  if (value.type !== 'f32' && value.type !== 'f64') throw unsupported(call, `it is done of ${value.type}`)
  const grouped = groupedBy(call, value, axes)
  const groups = widthOf(dims)
  return call.builder.emit({ op: 'reduce', of: [grouped.value], function: name, ...(groups === 1 ? {} : { groups }) }, { type: value.type, dims })
}

/** The value's columns, those that come together side by side. */
function groupedBy(call: Call, value: Rows, axes: readonly number[]): Rows {
  const strides = stridesOf(value.dims)
  const order = [...value.dims.keys()].sort((a, b) => Number(axes.includes(a)) - Number(axes.includes(b)) || a - b)
  const dims = order.map((axis) => value.dims[axis]!)
  return call.builder.columns(
    value,
    walk(
      dims,
      order.map((axis) => strides[axis]!),
    ),
    dims,
  )
}

/** What some reductions give of constants; the others are not met. */
const FOLDS: { readonly [Name in Reduce['function']]?: (row: readonly number[], round: (x: number) => number) => number } = {
  sum: (row, round) => row.reduce((total, x) => round(total + x), 0),
  prod: (row, round) => row.reduce((total, x) => round(total * x), 1),
}

function foldReduce(call: Call, value: Constant, { name, axes, dims }: Wanted): Constant {
  const of = FOLDS[name]
  if (!of || (value.type !== 'f32' && value.type !== 'f64')) throw unsupported(call, 'it is done of a constant')
  const strides = stridesOf(value.dims)
  const order = [...value.dims.keys()].sort((a, b) => Number(axes.includes(a)) - Number(axes.includes(b)) || a - b)
  const places = walk(
    order.map((axis) => value.dims[axis]!),
    order.map((axis) => strides[axis]!),
  )
  const groups = widthOf(dims)
  const size = places.length / groups
  if (!(size > 0)) throw unsupported(call, 'a value has no elements')
  const round = roundingOf(value.type)
  const data = Float64Array.from({ length: groups }, (_, group) =>
    of(
      Array.from(places.subarray(group * size, (group + 1) * size), (place) => value.data[place]!),
      round,
    ),
  )
  return numbers(value.type, dims, data)
}

function unary(call: Call, value: Value, name: 'exp' | 'log'): Rows {
  if (value.kind !== 'rows') throw unsupported(call, 'it is done of a constant')
  return call.builder.emit({ op: 'unary', of: [value.value], function: name }, { type: value.type, dims: value.dims })
}

function logSum(call: Call): Value[] {
  const value = rowsAt(call, 0)
  const { axes, dims } = axesOf(call, value, 18)
  return [unary(call, reduceRows(call, value, { name: 'sum', axes, dims }), 'log')]
}

/** The largest is taken away before and added after, as the runtime does it. */
function logSumExp(call: Call): Value[] {
  const value = rowsAt(call, 0)
  const { axes, dims } = axesOf(call, value, 18)
  const kept = value.dims.map((size, axis) => (axes.includes(axis) ? 1 : size))
  const largest = reduceRows(call, value, { name: 'max', axes, dims: kept })
  const powers = unary(call, calculate(call, 'sub', [value, largest]), 'exp')
  const sum = unary(call, reduceRows(call, powers, { name: 'sum', axes, dims: kept }), 'log')
  return [{ ...(calculate(call, 'add', [sum, largest]) as Rows), dims }]
}

function extreme(smallest: boolean): Translate {
  return (call) => {
    const value = rowsAt(call, 0)
    const { builder } = call
    const axis = axisOf(call, call.attributes.int('axis', 0), value.dims.length)
    const width = value.dims[axis]!
    if (width === ROWS) throw unsupported(call, 'it compares rows')
    if (width !== widthOf(value.dims)) throw unsupported(call, 'it compares along one of several dimensions')
    if (value.type === 'text' || value.type === 'bool' || (smallest && value.type !== 'f32' && value.type !== 'f64'))
      throw unsupported(call, `it is done of ${value.type}`)
    const of = smallest ? builder.emit({ op: 'unary', of: [value.value], function: 'neg' }, { type: value.type, dims: value.dims }) : value
    const keep = call.attributes.int('keepdims', 1) !== 0
    const dims = keep ? value.dims.with(axis, 1) : value.dims.filter((_, at) => at !== axis)
    const last = call.attributes.int('select_last_index', 0) !== 0
    return [builder.cast(builder.emit({ op: 'argmax', of: [of.value], last }, { type: 'i32', dims, limit: width }), 'i64')]
  }
}

/** Before version 13 all dimensions from the axis on count as one. */
function softmax(call: Call): Value[] {
  const value = rowsAt(call, 0)
  const rank = value.dims.length
  const axis = axisOf(call, call.attributes.int('axis', call.version < 13 ? 1 : -1), rank)
  const together = call.version < 13 ? value.dims.slice(axis) : [value.dims[axis]!]
  if (together.includes(ROWS) || widthOf(together) !== widthOf(value.dims)) throw unsupported(call, 'it is done along one of several dimensions')
  if (value.type !== 'f32' && value.type !== 'f64') throw malformed(call, `it is done of ${value.type}`)
  const meaning = value.meaning?.classes ? { meaning: { role: 'probabilities', classes: value.meaning.classes } as const } : {}
  return [call.builder.emit({ op: 'link', of: [value.value], function: 'softmax', scale: 1 }, { type: value.type, dims: value.dims, ...meaning })]
}

function lpNormalization(call: Call): Value[] {
  const value = rowsAt(call, 0)
  const axis = axisOf(call, call.attributes.int('axis', -1), value.dims.length)
  const p = call.attributes.int('p', 2)
  if (value.dims[axis] !== widthOf(value.dims)) throw unsupported(call, 'it is done along one of several dimensions')
  if ((p !== 1 && p !== 2) || (value.type !== 'f32' && value.type !== 'f64')) throw unsupported(call, `it is done of ${value.type} with p = ${p}`)
  const meaning = value.meaning ? { meaning: value.meaning } : {}
  return [call.builder.emit({ op: 'normalize', of: [value.value], norm: p === 1 ? 'l1' : 'l2' }, { type: value.type, dims: value.dims, ...meaning })]
}
