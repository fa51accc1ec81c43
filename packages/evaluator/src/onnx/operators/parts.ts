import { axisOf, type Call, constantAt, inputAt, listAt, malformed, type Operators, unsupported } from '../call.ts'
import { type Constant, numbers } from '../tensor.ts'
import { ROWS, type Rows, rowAxis, stridesOf, type Value, widthOf } from '../values.ts'

/** Values side by side, and parts of them. */
export const PARTS: Operators = { Concat: concat, Gather: gather, Slice: slice, Split: split }

function concat(call: Call): Value[] {
  const values = call.inputs.map((_, index) => inputAt(call, index))
  const first = values[0]
  if (!first) throw malformed(call, 'it has no inputs')
  const axis = axisOf(call, call.attributes.int('axis', 1), first.dims.length)
  for (const { type, dims } of values) {
    if (type !== first.type || dims.length !== first.dims.length) throw malformed(call, 'its inputs differ in type or dimensions')
  }
  if (values.every((value) => value.kind === 'constant')) return [joinConstants(call, values, axis)]
  const like = values.find((value): value is Rows => value.kind === 'rows')!
  if (axis === rowAxis(like.dims)) throw unsupported(call, 'it puts rows below each other')
  return [
    joinRows(
      call,
      values.map((value) => asRows(call, value, like)),
      axis,
    ),
  ]
}

/** A constant beside rows: its dimension of the rows must be 1, which stands for all of them. */
function asRows(call: Call, value: Value, like: Rows): Rows {
  if (value.kind === 'rows') return value
  const axis = rowAxis(like.dims)
  if (value.dims[axis] !== 1) throw unsupported(call, 'it puts constants beside rows')
  return call.builder.spread(value, like, value.dims.with(axis, ROWS))
}

function joinRows(call: Call, values: readonly Rows[], axis: number): Rows {
  const first = values[0]!
  const size = values.reduce((sum, value) => sum + value.dims[axis]!, 0)
  for (const { dims } of values) {
    if (!dims.every((one, at) => at === axis || one === first.dims[at])) throw unsupported(call, 'its inputs differ in a dimension')
  }
  const dims = first.dims.with(axis, size)
  if (values.length === 1) return first
  const joined = call.builder.emit({ op: 'concat', of: values.map((value) => value.value) }, { type: first.type, dims })
  const outer = widthOf(dims.slice(0, axis))
  if (outer === 1) return joined
  // side by side the values come one after the other; each run of their columns moves to its place
  const order: number[] = []
  for (let run = 0; run < outer; run += 1) {
    let start = 0
    for (const value of values) {
      const width = widthOf(value.dims)
      for (let column = 0; column < width / outer; column += 1) order.push(start + run * (width / outer) + column)
      start += width
    }
  }
  return call.builder.columns(joined, Int32Array.from(order), dims)
}

function joinConstants(call: Call, values: readonly Constant[], axis: number): Constant {
  const first = values[0]!
  const outer = first.dims.slice(0, axis).reduce((product, size) => product * size, 1)
  const dims = first.dims.with(
    axis,
    values.reduce((sum, value) => sum + value.dims[axis]!, 0),
  )
  for (const value of values)
    if (!value.dims.every((size, at) => at === axis || size === first.dims[at])) throw malformed(call, 'its inputs differ in a dimension')
  call.builder.take(widthOf(dims))
  const data: number[] = []
  const texts: string[] = []
  for (let run = 0; run < outer; run += 1) {
    for (const value of values) {
      const width = (first.type === 'text' ? value.texts.length : value.data.length) / outer
      for (let at = run * width; at < (run + 1) * width; at += 1) {
        if (first.type === 'text') texts.push(value.texts[at]!)
        else data.push(value.data[at]!)
      }
    }
  }
  return { ...first, dims, data: Float64Array.from(data), texts }
}

/** Positions along one axis, of a value or of the rows' numbers themselves. */
function gather(call: Call): Value[] {
  const value = inputAt(call, 0)
  const { dims } = value
  const axis = axisOf(call, call.attributes.int('axis', 0), dims.length)
  const indices = inputAt(call, 1)
  if (indices.kind === 'rows') return [pickByRow(call, constantAt(call, 0), indices)]
  if (dims[axis] === ROWS) throw unsupported(call, 'it picks rows')
  const size = dims[axis]!
  const picked = Array.from(indices.data, (index) => axisOf(call, index, size))
  return [pickAlong(call, value, { axis, picked, shape: indices.dims })]
}

/** Elements of a list of constants, by each row's number. */
function pickByRow(call: Call, table: Constant, indices: Rows): Rows {
  if (table.dims.length !== 1) throw unsupported(call, 'it picks by row from more than a list')
  return labelled(call, table, indices, indices.dims)
}

/** The element of a list of constants that each position counts to. */
export function labelled(call: Call, table: Constant, positions: Rows, dims: readonly number[]): Rows {
  const { type } = table
  const { builder } = call
  const labels = type === 'text' ? table.texts.map((text) => builder.text(text)) : [...table.data]
  if ((type === 'i64' || type === 'i32') && !labels.every(Number.isSafeInteger)) throw unsupported(call, 'a label is beyond 2^53')
  if (positions.limit === undefined || positions.limit > labels.length) throw unsupported(call, 'it counts to elements that may not be there')
  const to = type === 'i32' || type === 'bool' ? 'i64' : type
  const classes = type === 'text' ? table.texts : labels
  const meaning = classes.every((label) => typeof label === 'string' || Number.isSafeInteger(label)) ? { meaning: { role: 'label', classes } as const } : {}
  const chosen = builder.emit({ op: 'choose', of: [builder.cast(positions, 'i32').value], labels, to }, { type: to, dims, ...meaning })
  return type === 'text' ? chosen : builder.cast(chosen, type)
}

/** Some positions along one axis, which becomes the dimensions `shape`. */
export function pickAlong(call: Call, value: Value, { axis, picked, shape }: { axis: number; picked: readonly number[]; shape: readonly number[] }): Value {
  const { dims } = value
  const after = dims.slice(axis + 1)
  const stride = stridesOf(dims)[axis]!
  const size = dims[axis]!
  const outer = widthOf(dims.slice(0, axis))
  const inner = widthOf(after)
  call.builder.take(outer * picked.length * inner)
  const order = new Int32Array(outer * picked.length * inner)
  let at = 0
  for (let run = 0; run < outer; run += 1) {
    for (const index of picked) {
      for (let column = 0; column < inner; column += 1) {
        order[at] = (run * size + index) * stride + column
        at += 1
      }
    }
  }
  const to = [...dims.slice(0, axis), ...shape, ...after]
  if (value.kind === 'rows') return call.builder.columns(value, order, to)
  if (value.type === 'text') return { ...value, dims: to, texts: Array.from(order, (index) => value.texts[index]!) }
  return numbers(
    value.type,
    to,
    Float64Array.from(order, (index) => value.data[index]!),
  )
}

function slice(call: Call): Value[] {
  let value = inputAt(call, 0)
  const { dims } = value
  const starts = listAt(call, 1, { name: 'starts', since: 10 })
  const ends = listAt(call, 2, { name: 'ends', since: 10 })
  if (!starts || !ends || starts.length !== ends.length) throw malformed(call, 'its starts and ends are not as many')
  const axes = listAt(call, 3, { name: 'axes', since: 10 }) ?? starts.map((_, axis) => axis)
  const steps = (call.version >= 10 ? listAt(call, 4, { name: '', since: 10 }) : undefined) ?? starts.map(() => 1)
  if (axes.length !== starts.length || steps.length !== starts.length) throw malformed(call, 'its starts, axes and steps are not as many')
  for (const [at, one] of axes.entries()) {
    const axis = axisOf(call, one, dims.length)
    const size = value.dims[axis]!
    if (size === ROWS) {
      if (starts[at] === 0 && steps[at] === 1 && ends[at] === Number.POSITIVE_INFINITY) continue
      throw unsupported(call, 'it picks rows')
    }
    const picked = positions(call, { start: starts[at]!, end: ends[at]!, step: steps[at]! }, size)
    value = pickAlong(call, value, { axis, picked, shape: [picked.length] })
  }
  return [value]
}

function positions(call: Call, { start, end, step }: { start: number; end: number; step: number }, size: number): number[] {
  if (!Number.isInteger(step) || step === 0 || Number.isNaN(start) || Number.isNaN(end)) throw unsupported(call, 'its bounds are not numbers that are known')
  const from = start < 0 ? start + size : start
  const to = end < 0 ? end + size : end
  const picked: number[] = []
  if (step > 0) for (let at = Math.max(0, from); at < Math.min(size, to); at += step) picked.push(at)
  else for (let at = Math.min(size - 1, from); at > Math.max(-1, to); at += step) picked.push(at)
  if (picked.length === 0) throw unsupported(call, 'nothing is left')
  return picked
}

function split(call: Call): Value[] {
  const value = inputAt(call, 0)
  const axis = axisOf(call, call.attributes.int('axis', 0), value.dims.length)
  const size = value.dims[axis]!
  if (size === ROWS) throw unsupported(call, 'it splits rows')
  const parts = call.attributes.int('num_outputs', call.outputs)
  const even = Array.from({ length: parts }, (_, part) => Math.min(Math.ceil(size / parts), size - part * Math.ceil(size / parts)))
  const sizes = listAt(call, 1, { name: 'split', since: 13 }) ?? even
  if (parts > size || sizes.reduce((sum, one) => sum + one, 0) !== size || !sizes.every((one) => one > 0))
    throw malformed(call, `its parts do not make up ${size}`)
  let start = 0
  return sizes.map((length) => {
    const picked = Array.from({ length }, (_, at) => start + at)
    start += length
    return pickAlong(call, value, { axis, picked, shape: [length] })
  })
}
