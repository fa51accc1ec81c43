import { type DataType, FairleadError, type InputColumn, isFloat, type Signature, type TensorSpec } from '@fairlead/contract'
import type { OnnxModel, OnnxType, OnnxValue } from '../onnx/model.ts'
import { describeType } from '../onnx/rewrite.ts'
import { deriveFields } from './fields.ts'

/** Element types by TensorProto.DataType of onnx/onnx.proto. */
const ELEMENT_TYPES: Readonly<Record<number, DataType>> = {
  1: 'float32',
  2: 'uint8',
  3: 'int8',
  4: 'uint16',
  5: 'int16',
  6: 'int32',
  7: 'int64',
  8: 'string',
  9: 'bool',
  10: 'float16',
  11: 'float64',
  12: 'uint32',
  13: 'uint64',
}

const UNSERVED_TYPES: Readonly<Record<number, string>> = { 14: 'complex64', 15: 'complex128', 16: 'bfloat16', 21: 'uint4', 22: 'int4' }

/**
 * Derives the signature of an ONNX model whose outputs are tensors (after `rewriteOnnx`).
 * `classes` are the labels that the rewriting took from ZipMap nodes.
 *
 * One column per input tensor: a plain value where the tensor is `[N]` or `[N,1]`, else a value of the row's shape.
 * Where no input has a variable first dimension the model takes exactly one run's worth of rows.
 * Throws FairleadError `model-input-unsupported` or `model-output-unsupported` for types that cannot travel.
 */
export function deriveSignature(model: OnnxModel, classes: ReadonlyMap<string, string[]> = new Map()): Signature {
  const inputs = model.graph.inputs.map((value) => tensorSpecOf(value, 'input'))
  const batch = batchOf(inputs)
  const outputs = model.graph.outputs.map((value) => {
    const keys = classes.get(value.name)
    return { ...withRows(tensorSpecOf(value, 'output'), batch), ...(keys ? { keys } : {}) }
  })
  const columns = inputs.map((spec): InputColumn => {
    const shape = rowShape(spec, batch)
    return { name: spec.name, type: spec.type, tensor: spec.name, ...(shape.length > 0 ? { shape } : {}) }
  })
  return { inputs, outputs, columns, ...deriveFields(model, outputs, classes) }
}

function tensorSpecOf(value: OnnxValue, side: 'input' | 'output'): TensorSpec {
  const code = side === 'input' ? 'model-input-unsupported' : 'model-output-unsupported'
  if (value.type.kind !== 'tensor') throw new FairleadError(code, `${side} "${value.name}" is ${describeType(value.type)}; only tensors are served`)
  const type = ELEMENT_TYPES[value.type.elementType]
  if (type === undefined) {
    const found = UNSERVED_TYPES[value.type.elementType] ?? `number ${value.type.elementType}`
    throw new FairleadError(
      code,
      `${side} "${value.name}" has element type ${found}; export it as float32 or another type of ${Object.values(ELEMENT_TYPES).join(', ')}`,
    )
  }
  return { name: value.name, type, ...shapeOf(value.type, side === 'output' && !isFloat(type)) }
}

/** A tensor without a shape is taken as a list of values per row; whole numbers and texts that come out, as one per row, for they are labels. */
function shapeOf(type: OnnxType & { kind: 'tensor' | 'sparse tensor' }, single: boolean): Pick<TensorSpec, 'shape' | 'dimensions'> {
  const dimensions = type.dimensions ?? (single ? [null] : [null, null])
  const names = dimensions.map((dimension) => (typeof dimension === 'string' ? dimension : null))
  return {
    shape: dimensions.map((dimension) => (typeof dimension === 'number' ? dimension : -1)),
    ...(names.some((name) => name !== null) ? { dimensions: names } : {}),
  }
}

/** Rows of one run: any number, or exactly `count`. */
type Batch = 'any' | number

function batchOf(inputs: readonly TensorSpec[]): Batch {
  const first = inputs.map((spec) => spec.shape[0])
  if (first.length > 0 && first.every((size) => size === -1)) return 'any'
  const fixed = first.filter((size) => size !== undefined)
  const [size] = fixed
  return size !== undefined && size !== -1 && fixed.length === inputs.length && fixed.every((other) => other === size) ? size : 1
}

/** Shape of one row's value. `[N,1]` counts as a plain value, like `[N]`. */
function rowShape(spec: TensorSpec, batch: Batch): number[] {
  const [first, ...rest] = spec.shape
  const rows = batch === 'any' || first === batch
  const shape = rows ? rest : first === -1 ? rest : [...spec.shape]
  return shape.length === 1 && shape[0] === 1 ? [] : shape
}

/** Some converters write 1 for the rows of an output of a model that takes any number of them. */
function withRows(spec: TensorSpec, batch: Batch): TensorSpec {
  return batch === 'any' && spec.shape[0] === 1 ? { ...spec, shape: [-1, ...spec.shape.slice(1)] } : spec
}
