import type { Arithmetic, Compare, Unary } from '../../form/steps.ts'
import { ARITHMETIC, COMPARE, unaryOf } from '../../plain/scalar.ts'
import { type Call, constantAt, inputAt, malformed, type Operators, type Translate, unsupported } from '../call.ts'
import type { Constant } from '../tensor.ts'
import { type Rows, type Value, widthOf } from '../values.ts'
import { elementsFor, fit, meet } from './broadcast.ts'
import { foldOne, foldTwo, roundingOf } from './fold.ts'

/** Element by element: arithmetic, comparisons, functions, choices. */
export const MATH: Operators = {
  Add: arithmetic('add'),
  Sub: arithmetic('sub'),
  Mul: arithmetic('mul'),
  Div: arithmetic('div'),
  Pow: power,
  Sum: chain('add'),
  Min: chain('min'),
  Max: chain('max'),
  Mean: mean,
  Clip: clip,
  Less: comparison('lt'),
  LessOrEqual: comparison('le'),
  Greater: comparison('gt'),
  GreaterOrEqual: comparison('ge'),
  Equal: comparison('eq'),
  And: comparison('and'),
  Or: comparison('or'),
  Xor: comparison('xor'),
  Neg: unary('neg'),
  Abs: unary('abs'),
  Sign: unary('sign'),
  Floor: unary('floor'),
  Ceil: unary('ceil'),
  Round: unary('round'),
  Reciprocal: unary('reciprocal'),
  Sqrt: unary('sqrt'),
  Exp: unary('exp'),
  Log: unary('log'),
  Tanh: unary('tanh'),
  Sigmoid: unary('sigmoid'),
  Erf: unary('erf'),
  Relu: unary('relu'),
  Not: unary('not'),
  IsNaN: unary('isnan'),
  Where: where,
}

function arithmetic(operator: Arithmetic['operator']): Translate {
  return (call) => [calculate(call, operator, [inputAt(call, 0), inputAt(call, 1)])]
}

/** Two values, element by element. */
export function calculate(call: Call, operator: Arithmetic['operator'], [a, b]: readonly [Value, Value]): Value {
  const type = sameType(call, [a, b])
  const whole = type === 'i64' || type === 'i32'
  if (type === 'text' || type === 'bool') throw malformed(call, `there is no ${operator} of ${type}`)
  if (whole && (operator === 'div' || operator === 'pow' || operator === 'mod')) throw unsupported(call, `${operator} of whole numbers is not done`)
  if (a.kind === 'constant' && b.kind === 'constant') {
    const round = roundingOf(type)
    const of = ARITHMETIC[operator]
    return foldTwo(call, [a, b], { type, of: (x, y) => round(of(x, y)) })
  }
  const dims = meet(call, [a, b])
  const step = { op: 'arithmetic', operator } as const
  if (a.kind === 'rows' && b.kind === 'rows') return call.builder.emit({ ...step, of: [fit(call, a, dims).value, fit(call, b, dims).value] }, { type, dims })
  const { of, constant, left } = withConstant(call, [a, b], dims)
  return scaled(call, { ...step, of, constant, ...left }, { type, dims }) ?? call.builder.emit({ ...step, of, constant, ...left }, { type, dims })
}

/** A constant taken away and then a product with another, or a quotient, are one step. */
function scaled(call: Call, { of, operator, constant = [], left }: Arithmetic, shape: Pick<Rows, 'type' | 'dims'>): Rows | undefined {
  const before = call.builder.stepOf(of[0])
  if ((operator !== 'mul' && operator !== 'div') || (left && operator === 'div') || (shape.type !== 'f32' && shape.type !== 'f64')) return undefined
  if (before?.op !== 'arithmetic' || before.operator !== 'sub' || !before.constant || before.left) return undefined
  const width = widthOf(shape.dims)
  const fits = (list: readonly number[]) => list.length === 1 || list.length === width
  if (!fits(constant) || !fits(before.constant) || call.builder.widthOf(before.of[0]) !== width) return undefined
  return call.builder.emit({ op: 'scale', of: [before.of[0]], offset: before.constant, factor: constant, divide: operator === 'div' }, shape)
}

/** The operands of a step when one is a constant. */
function withConstant(call: Call, [a, b]: readonly [Value, Value], dims: readonly number[]) {
  const rows = a.kind === 'rows' ? a : b
  if (rows.kind !== 'rows') throw malformed(call, 'both operands are constants')
  const constant = elementsFor((a.kind === 'rows' ? b : a) as Constant, dims, widthOf(rows.dims) === widthOf(dims))
  if (rows.type !== 'f32' && rows.type !== 'f64' && !constant.every(Number.isFinite))
    throw unsupported(call, 'it meets the number of rows, or numbers beyond 2^53')
  return { of: [fit(call, rows, dims).value] as const, constant, left: a.kind === 'rows' ? {} : { left: true } }
}

function sameType(call: Call, values: readonly Value[]): Value['type'] {
  const { type } = values[0]!
  for (const value of values) if (value.type !== type) throw malformed(call, `${type} and ${value.type} meet`)
  return type
}

/** The exponent may be of another type; the result has the type of the base. */
function power(call: Call): Value[] {
  const base = inputAt(call, 0)
  const exponent = inputAt(call, 1)
  if (exponent.type === base.type) return [calculate(call, 'pow', [base, exponent])]
  if (exponent.kind !== 'constant') throw unsupported(call, `it raises ${base.type} to the power of ${exponent.type}`)
  return [calculate(call, 'pow', [base, foldOne(call, exponent, { type: base.type, of: roundingOf(base.type) })])]
}

function chain(operator: Arithmetic['operator']): Translate {
  return (call) => [chained(call, operator)]
}

function chained(call: Call, operator: Arithmetic['operator']): Value {
  let result = inputAt(call, 0)
  for (let index = 1; index < call.inputs.length; index += 1) result = calculate(call, operator, [result, inputAt(call, index)])
  return result
}

function mean(call: Call): Value[] {
  const sum = chained(call, 'add')
  return [calculate(call, 'div', [sum, scalar(sum, call.inputs.length)])]
}

function scalar({ type }: Value, x: number): Constant {
  return { kind: 'constant', type, dims: [], data: Float64Array.of(x), texts: [] }
}

/** Bounds are attributes before version 11, inputs from then on. */
function clip(call: Call): Value[] {
  const { attributes, inputs, version } = call
  let value = inputAt(call, 0)
  const low = version < 11 && attributes.has('min') ? scalar(value, attributes.float('min', 0)) : version < 11 ? undefined : inputs[1]
  const high = version < 11 && attributes.has('max') ? scalar(value, attributes.float('max', 0)) : version < 11 ? undefined : inputs[2]
  if (low) value = calculate(call, 'max', [value, low])
  if (high) value = calculate(call, 'min', [value, high])
  return [value]
}

function comparison(operator: Compare['operator']): Translate {
  return (call) => {
    const [a, b] = [inputAt(call, 0), inputAt(call, 1)]
    const type = sameType(call, [a, b])
    const logical = operator === 'and' || operator === 'or' || operator === 'xor'
    if (logical !== (type === 'bool') && operator !== 'eq') throw malformed(call, `there is no ${operator} of ${type}`)
    if (type === 'text') return [textEqual(call, [a, b])]
    if (a.kind === 'constant' && b.kind === 'constant') return [foldTwo(call, [a, b], { type: 'bool', of: (x, y) => (COMPARE[operator](x, y) ? 1 : 0) })]
    const dims = meet(call, [a, b])
    const step = { op: 'compare', operator } as const
    if (a.kind === 'rows' && b.kind === 'rows')
      return [call.builder.emit({ ...step, of: [fit(call, a, dims).value, fit(call, b, dims).value] }, { type: 'bool', dims })]
    const { of, constant, left } = withConstant(call, [a, b], dims)
    return [call.builder.emit({ ...step, of, constant, ...left }, { type: 'bool', dims })]
  }
}

/** Texts are known by their places, and all that the model does not speak of have the same one: they are only compared with one constant. */
function textEqual(call: Call, [a, b]: readonly [Value, Value]): Value {
  const rows = a.kind === 'rows' ? a : b
  const constant = a.kind === 'rows' ? b : a
  if (rows.kind !== 'rows' || constant.kind !== 'constant' || constant.texts.length !== 1)
    throw unsupported(call, 'texts are compared with others than one constant')
  const keys = [call.builder.text(constant.texts[0]!)]
  return call.builder.emit({ op: 'lookup', of: [rows.value], keys, values: [1], otherwise: 0, to: 'bool' }, { type: 'bool', dims: meet(call, [a, b]) })
}

function unary(name: Unary['function']): Translate {
  return (call) => {
    const value = inputAt(call, 0)
    const { type } = value
    const floating = type === 'f32' || type === 'f64'
    const whole = (type === 'i64' || type === 'i32') && (name === 'neg' || name === 'abs' || name === 'sign' || name === 'relu')
    if (name === 'not' ? type !== 'bool' : !floating && !whole) throw unsupported(call, `it is done of ${type}`)
    const to = name === 'isnan' ? 'bool' : type
    if (value.kind === 'rows') return [call.builder.emit({ op: 'unary', of: [value.value], function: name }, { type: to, dims: value.dims })]
    const of = name === 'not' ? (x: number) => 1 - x : name === 'isnan' ? (x: number) => (Number.isNaN(x) ? 1 : 0) : unaryOf(name, roundingOf(type))
    return [foldOne(call, value, { type: to, of })]
  }
}

function where(call: Call): Value[] {
  const [test, yes, no] = [inputAt(call, 0), inputAt(call, 1), inputAt(call, 2)]
  const type = sameType(call, [yes, no])
  if (test.type !== 'bool') throw malformed(call, `its condition is ${test.type}`)
  if (test.kind !== 'rows') return [chosen(call, constantAt(call, 0), [yes, no])]
  const dims = meet(call, [test, yes, no])
  const single = [test, yes, no].some((value) => value.kind === 'rows' && widthOf(value.dims) === widthOf(dims))
  const [one, other] = [yes, no].map((value) =>
    value.kind === 'rows' ? fit(call, value, dims) : call.builder.spread(stretched(call, value, { dims, single }), test, dims),
  )
  return [call.builder.emit({ op: 'where', of: [fit(call, test, dims).value, one!.value, other!.value] }, { type, dims })]
}

/** A constant as it meets the rows: one element for all columns, or one each. */
function stretched(call: Call, constant: Constant, { dims, single }: { dims: readonly number[]; single: boolean }): Constant {
  if (constant.type !== 'text') return { ...constant, data: Float64Array.from(elementsFor(constant, dims, single)) }
  if (constant.texts.length !== 1 || !single) throw unsupported(call, 'it chooses between several texts')
  return constant
}

/** A condition that is the same for all rows. */
function chosen(call: Call, test: Constant, [yes, no]: readonly [Value, Value]): Value {
  const first = test.data[0]
  if (test.data.length > 0 && test.data.every((x) => x === first)) {
    const value = first === 0 ? no : yes
    const dims = meet(call, [test, yes, no])
    if (value.dims.length === dims.length && value.dims.every((size, axis) => size === dims[axis])) return value
  }
  throw unsupported(call, 'its condition is a constant')
}
