import type { ElementType } from '../../form/element.ts'
import { type Call, inputAt, malformed, type Operators, rowsAt, unsupported } from '../call.ts'
import type { Constant } from '../tensor.ts'
import { ROWS, type Rows, rowAxis, type Value, widthOf } from '../values.ts'
import { labelled, pickAlong } from './parts.ts'

/** Preparation of columns: encoders, scalers, imputers. */
export const ENCODERS: Operators = {
  ArrayFeatureExtractor: arrayFeatureExtractor,
  Binarizer: binarizer,
  CategoryMapper: categoryMapper,
  FeatureVectorizer: featureVectorizer,
  Imputer: imputer,
  LabelEncoder: labelEncoder,
  Normalizer: normalizer,
  OneHotEncoder: oneHotEncoder,
  Scaler: scaler,
  ZipMap: zipMap,
}

/** Columns along the last dimension; or, of a list of constants, an element for each row. */
function arrayFeatureExtractor(call: Call): Value[] {
  const value = inputAt(call, 0)
  const indices = inputAt(call, 1)
  if (indices.kind === 'rows') {
    if (value.kind !== 'constant' || value.dims.length !== 1 || widthOf(indices.dims) !== 1) throw unsupported(call, 'it picks by row from more than a list')
    return [labelled(call, value, indices, [1, ROWS])]
  }
  const axis = value.dims.length - 1
  const size = value.dims[axis]
  if (size === undefined || size === ROWS) throw unsupported(call, 'it picks rows')
  const picked = [...indices.data]
  if (!picked.every((index) => Number.isInteger(index) && index >= 0 && index < size)) throw malformed(call, `it picks a column that is not one of ${size}`)
  const result = pickAlong(call, value, { axis, picked, shape: [picked.length] })
  return [value.dims.length === 1 ? { ...result, dims: [1, picked.length] } : result]
}

function floats(call: Call, value: Rows): Rows {
  if (value.type === 'text' || value.type === 'bool') throw unsupported(call, `it is done of ${value.type}`)
  return call.builder.cast(value, 'f32')
}

/** A list of an attribute: one element for all columns of the last dimension or one each, as the columns of a row need them. */
function perColumn(call: Call, name: string, dims: readonly number[]): number[] {
  const list = [...call.attributes.floats(name)]
  const size = dims.at(-1)
  if (list.length === 1) return list
  if (size === ROWS || size === undefined || list.length !== size) throw malformed(call, `${name} has ${list.length} numbers for ${size} columns`)
  return Array.from({ length: widthOf(dims) }, (_, column) => list[column % size]!)
}

function binarizer(call: Call): Value[] {
  const value = rowsAt(call, 0)
  if (value.type !== 'f32') throw unsupported(call, `it is done of ${value.type}`)
  // the runtime refuses rows with NaN here
  if (!call.builder.require(value)) throw unsupported(call, 'its rows may hold NaN, which only an input can refuse')
  const constant = [call.attributes.float('threshold', 0)]
  const larger = call.builder.emit({ op: 'compare', of: [value.value], operator: 'gt', constant }, { type: 'bool', dims: value.dims })
  return [call.builder.cast(larger, 'f32')]
}

/** Doubles are scaled as doubles by floats and rounded after; all else as floats. */
function scaler(call: Call): Value[] {
  const given = rowsAt(call, 0)
  const value = given.type === 'f64' ? given : floats(call, given)
  const { type, dims } = value
  const offset = perColumn(call, 'offset', dims)
  const factor = perColumn(call, 'scale', dims)
  const result = call.builder.emit({ op: 'scale', of: [value.value], offset, factor, divide: false }, { type, dims })
  return [call.builder.cast(result, 'f32')]
}

/** Lowest number of a float: where the runtime begins to look for a row's largest. */
const LOWEST = -3.4028234663852886e38

function normalizer(call: Call): Value[] {
  const { builder } = call
  const given = rowsAt(call, 0)
  const value = floats(call, given)
  const { type, dims } = value
  if (dims.length > 2 || rowAxis(dims) !== 0) throw unsupported(call, 'its rows are not along the first dimension')
  const norm = call.attributes.string('norm', 'MAX')
  const meaning = value.meaning ? { meaning: value.meaning } : {}
  if (norm === 'L1' || norm === 'L2')
    return [builder.emit({ op: 'normalize', of: [value.value], norm: norm === 'L1' ? 'l1' : 'l2' }, { type, dims, ...meaning })]
  if (norm !== 'MAX') throw malformed(call, `there is no norm ${norm}`)
  // the runtime divides by the largest number, not by the largest size, and passes over NaN
  const seen = builder.emit({ op: 'replace', of: [value.value], what: Number.NaN, with: [LOWEST] }, { type, dims })
  const largest = builder.emit({ op: 'reduce', of: [seen.value], function: 'max' }, { type, dims: [ROWS, 1] })
  const divisor = builder.emit({ op: 'replace', of: [largest.value], what: 0, with: [1] }, { type, dims: [ROWS, 1] })
  return [builder.emit({ op: 'arithmetic', of: [value.value, divisor.value], operator: 'div' }, { type, dims, ...meaning })]
}

function imputer(call: Call): Value[] {
  const { attributes } = call
  const value = rowsAt(call, 0)
  const { type, dims } = value
  const whole = type === 'i64'
  if (!whole && type !== 'f32') throw unsupported(call, `it is done of ${type}`)
  const list = whole ? [...attributes.ints('imputed_value_int64s')] : [...attributes.floats('imputed_value_floats')]
  const what = whole ? attributes.int('replaced_value_int64', 0) : attributes.float('replaced_value_float', 0)
  if (dims.length > 2 || rowAxis(dims) !== 0) throw unsupported(call, 'its rows are not along the first dimension')
  if (list.length !== 1 && list.length !== widthOf(dims)) throw malformed(call, `it has ${list.length} imputed values for ${widthOf(dims)} columns`)
  return [call.builder.emit({ op: 'replace', of: [value.value], what, with: list }, { type, dims })]
}

/** Numbers are cut to integers before they are looked up. The categories become a dimension of their own. */
function oneHotEncoder(call: Call): Value[] {
  const { attributes, builder } = call
  const value = rowsAt(call, 0)
  const texts = value.type === 'text'
  if (value.type === 'bool' || value.type === 'i32') throw unsupported(call, `it is done of ${value.type}`)
  const categories = texts ? attributes.strings('cats_strings').map((text) => builder.text(text)) : [...attributes.ints('cats_int64s')]
  if (categories.length === 0) throw unsupported(call, `it has no categories of ${value.type}`)
  if (new Set(categories).size !== categories.length) throw unsupported(call, 'a category stands twice')
  const unknown = attributes.int('zeros', 1) !== 0 ? 'zeros' : 'error'
  const whole = texts ? value : builder.cast(value, 'i64')
  const parts = Array.from({ length: widthOf(value.dims) }, (_, column) => {
    const one = builder.columns(whole, Int32Array.of(column), [ROWS])
    return builder.emit({ op: 'onehot', of: [one.value], categories, unknown, to: 'f32' }, { type: 'f32', dims: [ROWS, categories.length] })
  })
  const dims = [...value.dims, categories.length]
  if (parts.length === 1) return [{ ...parts[0]!, dims }]
  return [builder.emit({ op: 'concat', of: parts.map((part) => part.value) }, { type: 'f32', dims })]
}

/** Inputs side by side, each cut or filled up to its number of columns. */
function featureVectorizer(call: Call): Value[] {
  const sizes = call.attributes.ints('inputdimensions')
  if (sizes.length !== call.inputs.length) throw malformed(call, `it has ${call.inputs.length} inputs and ${sizes.length} dimensions`)
  const parts = call.inputs.map((_, index) => {
    const value = floats(call, rowsAt(call, index))
    if (rowAxis(value.dims) !== 0 || widthOf(value.dims) !== sizes[index])
      throw unsupported(call, `its input ${index} has ${widthOf(value.dims)} columns and not ${sizes[index]}`)
    return value
  })
  const width = parts.reduce((sum, part) => sum + widthOf(part.dims), 0)
  return [call.builder.emit({ op: 'concat', of: parts.map((part) => part.value) }, { type: 'f32', dims: [ROWS, width] })]
}

/** Keys and values of a table in both forms that the file may have them: numbers, and texts as their places. */
interface Table {
  readonly from: ElementType
  readonly to: ElementType
  readonly keys: readonly number[]
  readonly values: readonly number[]
  readonly otherwise: number
}

function mapped(call: Call, table: Table): Rows {
  const value = rowsAt(call, 0)
  const { keys, values, otherwise, from, to } = table
  if (value.type !== from) throw malformed(call, `its keys are ${from} and its input is ${value.type}`)
  if (keys.length !== values.length) throw malformed(call, `it has ${keys.length} keys and ${values.length} values`)
  for (const [type, list] of [[from, keys] as const, [to, [...values, otherwise]] as const]) {
    if (type === 'i64' && !list.every(Number.isSafeInteger)) throw unsupported(call, 'it has a number beyond 2^53')
  }
  const distinct = new Map<number, number>()
  keys.forEach((key, at) => {
    const known = distinct.get(key)
    if (known !== undefined && !Object.is(known, values[at])) throw unsupported(call, 'a key stands twice, with different values')
    distinct.set(key, values[at]!)
  })
  return call.builder.emit({ op: 'lookup', of: [value.value], keys, values, otherwise, to }, { type: to, dims: value.dims })
}

/** Version 1 maps texts to their places and back; later ones have keys and values, as lists or (from 4) tensors. */
function labelEncoder(call: Call): Value[] {
  const { builder } = call
  const { type } = rowsAt(call, 0)
  if (call.version < 2) return [oldEncoder(call, type)]
  const keys = side(call, 'keys')
  const values = side(call, 'values')
  const otherwise = defaultOf(call, values.type)
  const nan = keys.elements.some(Number.isNaN)
  if (nan && call.version < 4) throw unsupported(call, 'a key is NaN')
  const numbersOf = ({ type, elements, texts }: Side) => (type === 'text' ? texts.map((text) => builder.text(text)) : elements)
  return [mapped(call, { from: keys.type, to: values.type, keys: numbersOf(keys), values: numbersOf(values), otherwise })]
}

interface Side {
  readonly type: ElementType
  readonly elements: readonly number[]
  readonly texts: readonly string[]
}

function side(call: Call, name: 'keys' | 'values'): Side {
  const { attributes } = call
  const tensor = attributes.tensor(`${name}_tensor`)
  if (tensor) return { type: tensor.type, elements: [...tensor.data], texts: tensor.texts }
  if (attributes.has(`${name}_strings`)) return { type: 'text', elements: [], texts: attributes.strings(`${name}_strings`) }
  if (attributes.has(`${name}_int64s`)) return { type: 'i64', elements: [...attributes.ints(`${name}_int64s`)], texts: [] }
  if (attributes.has(`${name}_floats`)) return { type: 'f32', elements: [...attributes.floats(`${name}_floats`)], texts: [] }
  throw malformed(call, `it has no ${name}`)
}

function defaultOf(call: Call, type: ElementType): number {
  const { attributes, builder } = call
  const tensor: Constant | undefined = attributes.tensor('default_tensor')
  if (tensor && tensor.type !== type) throw malformed(call, `its default is ${tensor.type} and its values are ${type}`)
  if (type === 'text') return builder.text(tensor?.texts[0] ?? attributes.string('default_string', '_Unused'))
  if (tensor) return tensor.data[0] ?? 0
  if (type === 'i64') return attributes.int('default_int64', -1)
  if (type === 'f32') return attributes.float('default_float', -0)
  throw unsupported(call, `it has values of ${type} and no default`)
}

function oldEncoder(call: Call, type: ElementType): Rows {
  const { attributes, builder } = call
  const texts = attributes.strings('classes_strings').map((text) => builder.text(text))
  const places = texts.map((_, at) => at)
  if (type === 'text') return mapped(call, { from: 'text', to: 'i64', keys: texts, values: places, otherwise: attributes.int('default_int64', -1) })
  return mapped(call, { from: 'i64', to: 'text', keys: places, values: texts, otherwise: builder.text(attributes.string('default_string', '_Unused')) })
}

function categoryMapper(call: Call): Value[] {
  const { attributes, builder } = call
  const texts = attributes.strings('cats_strings').map((text) => builder.text(text))
  const whole = [...attributes.ints('cats_int64s')]
  if (texts.length !== whole.length) throw malformed(call, `it has ${texts.length} texts and ${whole.length} numbers`)
  if (rowsAt(call, 0).type === 'text')
    return [mapped(call, { from: 'text', to: 'i64', keys: texts, values: whole, otherwise: attributes.int('default_int64', -1) })]
  return [mapped(call, { from: 'i64', to: 'text', keys: whole, values: texts, otherwise: builder.text(attributes.string('default_string', '_Unused')) })]
}

/** Columns with the keys that the maps of each row would have. */
function zipMap(call: Call): Value[] {
  const value = rowsAt(call, 0)
  const { attributes } = call
  const texts = attributes.strings('classlabels_strings')
  const whole = [...attributes.rawInts('classlabels_int64s')]
  if (!whole.every(Number.isFinite)) throw unsupported(call, 'a key is beyond 2^53')
  const classes = texts.length > 0 ? texts : whole
  if (value.type !== 'f32') throw malformed(call, `it is done of ${value.type}`)
  if (value.dims.length > 2 || rowAxis(value.dims) !== 0 || classes.length !== widthOf(value.dims))
    throw unsupported(call, `it has ${classes.length} keys for ${widthOf(value.dims)} columns`)
  return [{ ...value, dims: [ROWS, classes.length], meaning: { role: 'probabilities', classes } }]
}
