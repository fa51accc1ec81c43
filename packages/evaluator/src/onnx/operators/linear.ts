import { type Call, constantAt, inputAt, malformed, type Operators, rowsAt, unsupported } from '../call.ts'
import { type Constant, numbers } from '../tensor.ts'
import { ROWS, type Rows, rowAxis, type Value, widthOf } from '../values.ts'
import { calculate } from './math.ts'

/** Products with constant matrices. */
export const MATRICES: Operators = { MatMul: matmul, Gemm: gemm }

/** Linear models. */
export const LINEAR: Operators = { LinearRegressor: linearRegressor }

/** A matrix of `columns × outputs`. */
export interface Matrix {
  readonly weights: Float64Array
  readonly outputs: number
}

/** `x · weights + bias` of each row, which has as many columns as the matrix. */
export function product(call: Call, value: Rows, { weights, outputs }: Matrix, bias: Float64Array): Rows {
  const width = widthOf(value.dims)
  if (value.type !== 'f32' && value.type !== 'f64') throw unsupported(call, `it is done of ${value.type}`)
  if (weights.length !== width * outputs || bias.length !== outputs)
    throw malformed(call, `it has ${weights.length} coefficients and ${bias.length} intercepts for ${width} columns and ${outputs} outputs`)
  const dims = outputs === 1 && value.dims.length === 1 ? [ROWS, 1] : [ROWS, outputs]
  return call.builder.emit({ op: 'affine', of: [value.value], outputs, weights, bias, biasFirst: false, skipMissing: false }, { type: value.type, dims })
}

/** Turns a matrix of `outputs × columns` over. */
export function transposed(coefficients: Float64Array, outputs: number): Float64Array {
  const columns = coefficients.length / outputs
  return Float64Array.from({ length: coefficients.length }, (_, at) => coefficients[(at % outputs) * columns + Math.floor(at / outputs)]!)
}

function matmul(call: Call): Value[] {
  const value = rowsAt(call, 0)
  const matrix = constantAt(call, 1)
  const [columns, outputs] = matrix.dims
  if (matrix.type !== value.type) throw malformed(call, `${value.type} and ${matrix.type} meet`)
  if (value.dims.length !== 2 || rowAxis(value.dims) !== 0 || columns !== value.dims[1] || matrix.dims.length > 2)
    throw unsupported(call, 'it is not a row times a matrix')
  const result = product(call, value, { weights: matrix.data, outputs: outputs ?? 1 }, new Float64Array(outputs ?? 1))
  return [outputs === undefined ? { ...result, dims: [ROWS] } : result]
}

/** `alpha · x · B + beta · C`. */
function gemm(call: Call): Value[] {
  const { attributes } = call
  const value = rowsAt(call, 0)
  const matrix = constantAt(call, 1)
  const turned = attributes.int('transB', 0) !== 0
  const [columns, outputs] = turned ? [matrix.dims[1], matrix.dims[0]] : matrix.dims
  const alpha = attributes.float('alpha', 1)
  const beta = attributes.float('beta', 1)
  if (attributes.int('transA', 0) !== 0) throw unsupported(call, 'it turns its rows over')
  if (
    matrix.dims.length !== 2 ||
    value.dims.length !== 2 ||
    rowAxis(value.dims) !== 0 ||
    columns !== value.dims[1] ||
    outputs === undefined ||
    matrix.type !== value.type
  ) {
    throw malformed(call, 'its matrix does not fit its rows')
  }
  const weights = turned ? transposed(matrix.data, outputs) : matrix.data
  const added = beta === 0 ? undefined : call.inputs[2]
  const bias = added?.kind === 'constant' && alpha === 1 && beta === 1 && fitsBias(added, outputs) ? spreadBias(added, outputs) : undefined
  let result: Value = product(call, value, { weights, outputs }, bias ?? new Float64Array(outputs))
  if (bias || !added) return [scaled(call, result, alpha)]
  result = scaled(call, result, alpha)
  return [calculate(call, 'add', [result, scaled(call, inputAt(call, 2), beta)])]
}

function scaled(call: Call, value: Value, by: number): Value {
  return by === 1 ? value : calculate(call, 'mul', [value, numbers(value.type, [], Float64Array.of(by))])
}

function fitsBias({ dims }: Constant, outputs: number): boolean {
  return dims.length <= 2 && (dims.length < 2 || dims[0] === 1) && (dims.length === 0 || dims.at(-1) === outputs || dims.at(-1) === 1)
}

function spreadBias({ data }: Constant, outputs: number): Float64Array {
  return data.length === outputs ? data : new Float64Array(outputs).fill(data[0]!)
}

function linearRegressor(call: Call): Value[] {
  const { attributes } = call
  const value = rowsAt(call, 0)
  if (value.type !== 'f32') throw unsupported(call, `it is done of ${value.type}`)
  if (value.dims.length > 2 || rowAxis(value.dims) !== 0) throw unsupported(call, 'its rows are not along the first dimension')
  const outputs = attributes.int('targets', 1)
  const coefficients = attributes.floats('coefficients')
  const intercepts = attributes.has('intercepts') ? attributes.floats('intercepts') : new Float64Array(Math.max(0, Math.min(outputs, coefficients.length)))
  const transform = attributes.string('post_transform', 'NONE')
  if (!(outputs > 0 && coefficients.length % outputs === 0)) throw malformed(call, `it has ${coefficients.length} coefficients for ${outputs} targets`)
  const sums = product(call, value, { weights: transposed(coefficients, outputs), outputs }, intercepts)
  return [{ ...postTransformAll(call, sums, transform), meaning: { role: 'prediction' } }]
}

/** The post transform of a regression: of a single output the runtime does PROBIT alone. */
export function postTransformAll(call: Call, sums: Rows, transform: string): Rows {
  const linked = postTransform(call, sums, transform)
  return widthOf(sums.dims) === 1 && transform !== 'PROBIT' ? sums : linked
}

const LINKS = { LOGISTIC: 'sigmoid', SOFTMAX: 'softmax', SOFTMAX_ZERO: 'softmax-zero', PROBIT: 'probit' } as const

/** A post transform of ai.onnx.ml, by its name. */
export function postTransform(call: Call, value: Rows, transform: string): Rows {
  if (transform === 'NONE') return value
  const link = LINKS[transform as keyof typeof LINKS]
  if (!Object.hasOwn(LINKS, transform)) throw malformed(call, `there is no post_transform ${transform}`)
  const { type, dims } = value
  return call.builder.emit({ op: 'link', of: [value.value], function: link, scale: 1 }, { type, dims })
}
