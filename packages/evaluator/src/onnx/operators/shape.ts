import { axisOf, type Call, constantAt, inputAt, listAt, malformed, type Operators, rowsAt, unsupported } from '../call.ts'
import { type Constant, elementOf, numbers } from '../tensor.ts'
import { ROWS, rowAxis, stridesOf, type Value, walk, widthOf } from '../values.ts'
import { pickElements } from './fold.ts'

/** Plumbing: what moves elements, and leaves them as they are. */
export const SHAPE: Operators = {
  Identity: (call) => [inputAt(call, 0)],
  Dropout: dropout,
  Constant: constant,
  ConstantOfShape: constantOfShape,
  Cast: cast,
  Shape: shape,
  Reshape: reshape,
  Flatten: flatten,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Transpose: transpose,
  Expand: expand,
}

/** A value seen with other dimensions, its elements in the same order. */
function viewed(call: Call, value: Value, dims: readonly number[]): Value {
  if (value.kind === 'constant') {
    if (dims.reduce((product, size) => product * size, 1) !== value.dims.reduce((product, size) => product * size, 1))
      throw malformed(call, 'the numbers of elements differ')
    return { ...value, dims }
  }
  // the order of a row's columns stays only if as many elements stand before the dimension of the rows as did
  const [from, to] = [rowAxis(value.dims), rowAxis(dims)]
  if (to < 0 || before(value.dims, from) !== before(dims, to) || widthOf(value.dims) !== widthOf(dims)) throw unsupported(call, 'it mixes rows with columns')
  return { ...value, dims }
}

function before(dims: readonly number[], axis: number): number {
  return widthOf(dims.slice(0, axis))
}

/** Elements of a value picked by `strides` of its own columns. */
function moved(call: Call, value: Value, { strides, start = 0, dims }: { strides: readonly number[]; start?: number; dims: readonly number[] }): Value {
  if (value.kind === 'constant') return pickElements(call, value, { strides, start, dims })
  call.builder.take(widthOf(dims))
  return call.builder.columns(value, walk(dims, strides, start), dims)
}

/** The mask that it may also give is refused by those who read it. */
function dropout(call: Call): (Value | undefined)[] {
  if (call.outputs > 1) throw unsupported(call, 'its mask is asked for')
  const training = call.inputs[2]
  if (training && (training.kind !== 'constant' || training.data[0] !== 0)) throw unsupported(call, 'it is in training mode')
  return [inputAt(call, 0)]
}

function constant(call: Call): Value[] {
  const { attributes, where } = call
  const tensor = attributes.tensor('value')
  if (tensor) return [tensor]
  if (attributes.has('value_float')) return [numbers('f32', [], Float64Array.of(attributes.float('value_float', 0)))]
  if (attributes.has('value_int')) return [numbers('i64', [], Float64Array.of(attributes.int('value_int', 0)))]
  if (attributes.has('value_floats')) return [list('f32', attributes.floats('value_floats'))]
  if (attributes.has('value_ints')) return [list('i64', attributes.rawInts('value_ints'))]
  const texts = attributes.has('value_string') ? [attributes.string('value_string', '')] : attributes.strings('value_strings')
  if (texts.length === 0) throw unsupported({ ...call, where }, 'its value is of a kind that is not read')
  return [{ kind: 'constant', type: 'text', dims: attributes.has('value_string') ? [] : [texts.length], data: new Float64Array(0), texts }]
}

function list(type: 'f32' | 'i64', data: Float64Array): Constant {
  return numbers(type, [data.length], data)
}

/** A constant of the dimensions given; the dimension of the rows is taken as 1, which stands for all of them. */
function constantOfShape(call: Call): Value[] {
  const dims = Array.from(constantAt(call, 0).data, (size) => (Number.isNaN(size) ? 1 : size))
  for (const size of dims) if (!(size >= 0 && size < 2 ** 31)) throw malformed(call, `a dimension is ${size}`)
  const value = call.attributes.tensor('value') ?? numbers('f32', [1], Float64Array.of(0))
  if (value.data.length !== 1) throw unsupported(call, 'its value is not one number')
  const count = dims.reduce((product, size) => product * size, 1)
  call.builder.take(count)
  return [numbers(value.type, dims, new Float64Array(count).fill(value.data[0]!))]
}

function cast(call: Call): Value[] {
  const value = inputAt(call, 0)
  const to = elementOf(call.attributes.int('to', 0))
  if (to === undefined) throw unsupported(call, `it casts to the ONNX type ${call.attributes.int('to', 0)}`)
  if (to === value.type) return [value]
  if (to === 'text' || value.type === 'text') throw unsupported(call, `it casts ${value.type} to ${to}`)
  if (value.kind === 'rows') return [call.builder.cast(value, to)]
  return [
    numbers(
      to,
      value.dims,
      value.data.map((x) => castNumber(call, x, to)),
    ),
  ]
}

function castNumber(call: Call, x: number, to: Value['type']): number {
  if (to === 'f32') return Math.fround(x)
  if (to === 'f64') return x
  if (to === 'bool') return x === 0 ? 0 : 1
  const cut = Math.trunc(x)
  const most = to === 'i32' ? 2 ** 31 : 2 ** 53
  if (!(cut >= -most && cut < most)) throw unsupported(call, `${x} is cast to ${to}`)
  return cut
}

function shape(call: Call): Value[] {
  const { dims } = inputAt(call, 0)
  const start = bound(call.attributes.int('start', 0), dims.length)
  const end = bound(call.attributes.int('end', dims.length), dims.length)
  const sizes = dims.slice(start, end).map((size) => (size === ROWS ? Number.NaN : size))
  return [list('i64', Float64Array.from(sizes))]
}

/** A position among `size`, counted from the end where negative, and kept within. */
function bound(position: number, size: number): number {
  return Math.max(0, Math.min(size, position < 0 ? position + size : position))
}

/** 0 keeps a dimension, −1 is what is left, NaN the number of rows. */
function reshape(call: Call): Value[] {
  const value = inputAt(call, 0)
  const wanted = constantAt(call, 1).data
  if (call.attributes.int('allowzero', 0) !== 0 && wanted.includes(0)) throw unsupported(call, 'it asks for a dimension of 0')
  const dims = Array.from(wanted, (size, axis) => (Number.isNaN(size) ? ROWS : size === 0 ? (value.dims[axis] ?? 0) : size === -1 ? -2 : size))
  for (const size of dims) if (!(size >= -2 && size < 2 ** 31)) throw malformed(call, `a dimension is ${size}`)
  const open = dims.indexOf(-2)
  if (open >= 0) {
    if (dims.lastIndexOf(-2) !== open) throw malformed(call, 'two dimensions are left open')
    const known = widthOf(dims.with(open, 1))
    const width = widthOf(value.dims)
    const rowsOpen = value.kind === 'rows' && !dims.includes(ROWS)
    if (known === 0 || width % known !== 0) throw unsupported(call, 'it mixes rows with columns')
    if (rowsOpen && known !== width) throw unsupported(call, 'it mixes rows with columns')
    dims[open] = rowsOpen ? ROWS : width / known
  }
  return [viewed(call, value, dims)]
}

/** To two dimensions. */
function flatten(call: Call): Value[] {
  const value = inputAt(call, 0)
  const { dims } = value
  const axis = bound(call.attributes.int('axis', 1), dims.length)
  const sides = [dims.slice(0, axis), dims.slice(axis)].map((side) => {
    if (side.includes(ROWS) && widthOf(side) !== 1) throw unsupported(call, 'it mixes rows with columns')
    return side.includes(ROWS) ? ROWS : widthOf(side)
  })
  return [viewed(call, value, sides)]
}

function squeeze(call: Call): Value[] {
  const value = inputAt(call, 0)
  const { dims } = value
  const axes = listAt(call, 1, { name: 'axes', since: 13 })?.map((axis) => axisOf(call, axis, dims.length))
  if (!axes && dims.length === 1 && value.kind === 'rows') throw unsupported(call, 'it leaves out the dimension of the rows where there is one row')
  const gone = new Set(axes ?? dims.flatMap((size, axis) => (size === 1 ? [axis] : [])))
  for (const axis of gone) if (dims[axis] !== 1) throw unsupported(call, 'it leaves out a dimension that is not 1')
  return [
    viewed(
      call,
      value,
      dims.filter((_, axis) => !gone.has(axis)),
    ),
  ]
}

function unsqueeze(call: Call): Value[] {
  const value = inputAt(call, 0)
  const axes = listAt(call, 1, { name: 'axes', since: 13 })
  if (!axes) throw malformed(call, 'it names no axes')
  const rank = value.dims.length + axes.length
  const added = new Set(axes.map((axis) => axisOf(call, axis, rank)))
  if (added.size !== axes.length || rank > 8) throw malformed(call, 'it names an axis twice, or too many')
  const rest = [...value.dims]
  return [
    viewed(
      call,
      value,
      Array.from({ length: rank }, (_, axis) => (added.has(axis) ? 1 : rest.shift()!)),
    ),
  ]
}

function transpose(call: Call): Value[] {
  const value = inputAt(call, 0)
  const { dims } = value
  const order = call.attributes.has('perm') ? [...call.attributes.ints('perm')] : dims.map((_, axis) => dims.length - 1 - axis)
  if (order.length !== dims.length || new Set(order).size !== dims.length || !order.every((axis) => axis >= 0 && axis < dims.length)) {
    throw malformed(call, 'perm is not an order of the axes')
  }
  const strides = stridesOf(dims)
  return [moved(call, value, { dims: order.map((axis) => dims[axis]!), strides: order.map((axis) => strides[axis]!) })]
}

function expand(call: Call): Value[] {
  const value = rowsAt(call, 0)
  const wanted = Array.from(constantAt(call, 1).data, (size) => (Number.isNaN(size) ? ROWS : size))
  const rank = Math.max(wanted.length, value.dims.length)
  const own = [...new Array<number>(rank - value.dims.length).fill(1), ...value.dims]
  const asked = [...new Array<number>(rank - wanted.length).fill(1), ...wanted]
  const dims = own.map((size, axis) => (asked[axis] === 1 ? size : asked[axis]!))
  const fits = own.every((size, axis) => size === dims[axis] || (size === 1 && dims[axis]! > 0))
  if (!fits || !dims.every((size) => size < 2 ** 31)) throw unsupported(call, 'it does not keep the rows')
  const strides = stridesOf(own)
  return [moved(call, value, { dims, strides: own.map((size, axis) => (size === 1 ? 0 : strides[axis]!)) })]
}
