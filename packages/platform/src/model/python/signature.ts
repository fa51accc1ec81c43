import type { DataType, InputColumn, Signature, TensorSpec } from '@fairlead/contract'
import type { ColumnSpec, TensorSpec as MlflowTensor } from '../mlflow/mlmodel.ts'
import { BODY, type PythonInput, type PythonRows } from './spec.ts'

/** Types of MLflow's columns, as tensors have them. */
const TYPES: Readonly<Record<string, Pick<PythonInput, 'type' | 'of'>>> = {
  boolean: { type: 'bool' },
  integer: { type: 'int32' },
  long: { type: 'int64' },
  float: { type: 'float32' },
  double: { type: 'float64' },
  string: { type: 'string' },
  datetime: { type: 'string', of: 'datetime' },
  binary: { type: 'string', of: 'binary' },
}

const DTYPES: Readonly<Record<string, DataType>> = {
  bool: 'bool',
  int8: 'int8',
  int16: 'int16',
  int32: 'int32',
  int64: 'int64',
  uint8: 'uint8',
  uint16: 'uint16',
  uint32: 'uint32',
  uint64: 'uint64',
  float32: 'float32',
  float64: 'float64',
  str: 'string',
}

/** A parameter of predictions, as MLflow declares it. */
export interface ParamSpec {
  name: string
  type: string
  default: unknown
  list: boolean
}

/** The rows of a model: their columns, and the tensors in which they lie. */
export interface PythonInterface {
  kind: PythonRows
  inputs: PythonInput[]
  columns: InputColumn[]
}

/** The form in which a model takes rows that have no types: each is the body of an MLflow scoring request. */
export function bodyInterface(): PythonInterface {
  const description = 'The JSON of an MLflow scoring request, such as {"dataframe_records": [...]}'
  return {
    kind: 'body',
    inputs: [
      { name: BODY.input, type: 'string' },
      { name: BODY.type, type: 'string' },
    ],
    columns: [
      { name: BODY.input, type: 'string', tensor: BODY.input, description },
      {
        name: BODY.type,
        type: 'string',
        tensor: BODY.type,
        optional: true,
        description: 'The content type of the body; application/json where it is not given',
      },
    ],
  }
}

/** The rows that an MLflow signature describes; undefined where it has types that no column of a row can have. */
export function interfaceOf(
  inputs: { columns: ColumnSpec[] } | { tensors: MlflowTensor[] } | undefined,
  params: readonly ParamSpec[],
): PythonInterface | undefined {
  const own = inputs === undefined ? undefined : 'columns' in inputs ? columnsInterface(inputs.columns) : tensorsInterface(inputs.tensors)
  const more = params.map(paramColumn)
  const names = new Set([...(own?.columns ?? []), ...more.map((one) => one?.column)].map((column) => column?.name))
  if (!own || more.includes(undefined) || names.size !== own.columns.length + more.length) return undefined
  return {
    kind: own.kind,
    inputs: [...own.inputs, ...more.map((one) => one!.input)],
    columns: [...own.columns, ...more.map((one) => one!.column)],
  }
}

function columnsInterface(specs: readonly ColumnSpec[]): PythonInterface | undefined {
  if (specs.length === 0 || specs.some(({ type }) => TYPES[type] === undefined)) return undefined
  const named = specs.every(({ name }) => typeof name === 'string')
  const inputs = specs.map((spec, at): PythonInput => ({ name: named ? spec.name! : `column_${at}`, ...TYPES[spec.type]! }))
  const columns = inputs.map((input, at): InputColumn => {
    const optional = specs[at]!.required === false ? { optional: true } : {}
    return { name: input.name, type: input.type, tensor: input.name, ...optional, ...describe(input) }
  })
  return { kind: named ? 'columns' : 'positions', inputs, columns }
}

function describe({ of }: Pick<PythonInput, 'of'>): { description?: string } {
  if (of === 'datetime') return { description: 'A moment as ISO 8601, without a zone' }
  return of === 'binary' ? { description: 'Bytes as base64' } : {}
}

function tensorsInterface(specs: readonly MlflowTensor[]): PythonInterface | undefined {
  const inputs: PythonInput[] = []
  for (const { name, 'tensor-spec': tensor } of specs) {
    const type = DTYPES[tensor.dtype]
    const [rows, ...shape] = tensor.shape
    // a first dimension of a fixed size is no number of rows
    if (type === undefined || rows !== -1) return undefined
    inputs.push({ name: name ?? 'input', type, ...(shape.length > 0 ? { shape } : {}) })
  }
  const columns = inputs.map(({ name, type, shape }): InputColumn => ({ name, type, tensor: name, ...(shape ? { shape } : {}) }))
  return { kind: specs.length === 1 && typeof specs[0]!.name !== 'string' ? 'tensor' : 'tensors', inputs, columns }
}

function paramColumn({ name, type, default: fallback, list }: ParamSpec): { input: PythonInput; column: InputColumn } | undefined {
  const found = TYPES[type]
  if (!found || found.of === 'binary') return undefined
  const shape = list ? { shape: [-1] } : {}
  const description = `A parameter of the prediction; ${JSON.stringify(fallback)} where it is not given`
  return {
    // what a parameter is given as is left to the model: MLflow reads moments in them itself
    input: { name, type: found.type, ...shape, param: true },
    column: { name, type: found.type, tensor: name, ...shape, optional: true, parameter: true, description },
  }
}

/** The signature of such rows; its outputs are those that `MLmodel` declares, until the model has been seen to answer. */
export function pythonSignature({ kind, inputs, columns }: PythonInterface): Signature {
  const tensors = inputs.map(({ name, type, shape = [] }): TensorSpec => ({ name, type, shape: [-1, ...shape] }))
  if (kind !== 'body') return { task: 'other', inputs: tensors, outputs: [], columns, fields: [] }
  return {
    task: 'other',
    inputs: tensors,
    columns,
    outputs: [
      { name: BODY.answer, type: 'string', shape: [-1] },
      { name: BODY.status, type: 'int32', shape: [-1] },
    ],
    fields: [
      { name: BODY.answer, kind: 'value', type: 'string', tensor: BODY.answer },
      { name: BODY.status, kind: 'value', type: 'int32', tensor: BODY.status },
    ],
    answer: 'body',
  }
}
