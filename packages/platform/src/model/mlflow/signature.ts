import { type DataType, FairleadError, type InputColumn, type Signature } from '@fairlead/contract'
import { columnTypeFits, takesMissing } from '../signature/column-types.ts'
import { hint } from '../signature/suggest.ts'
import type { Called } from './flavour.ts'
import { type ColumnSpec, type Mlmodel, signatureInputs, type TensorSpec } from './mlmodel.ts'

/** MLflow's column types that a row may carry; the others leave the model's own type. */
const COLUMN_TYPES: Readonly<Record<string, DataType>> = {
  boolean: 'bool',
  integer: 'int32',
  long: 'int64',
  float: 'float32',
  double: 'float64',
  string: 'string',
}

/**
 * Lays the signature of an `MLmodel` file over the derived one: names for the columns of one wide tensor, their types and whether
 * they are required. A `double` column that feeds a float32 tensor takes doubles and is rounded; a type that the tensor cannot hold
 * leaves the tensor's own. A column may be missing where its tensor can express that (NaN, empty text).
 * `byPosition`: where names differ, columns go by their order, as the library goes by it.
 * Throws FairleadError `signature-invalid` when names or counts contradict the model file.
 */
export function applyMlflowSignature(derived: Signature, model: Mlmodel, { path, byPosition = false }: { path: string; byPosition?: boolean }): Signature {
  const inputs = signatureInputs(model, path)
  if (!inputs) return derived
  if ('tensors' in inputs) {
    checkTensors(derived, inputs.tensors, path)
    return derived
  }
  return { ...derived, columns: mergeColumns(renamed(derived, byPosition ? inputs.columns : []), inputs.columns, path) }
}

/** The derived signature with the names that the specs give to its columns, one by one; as it is where they cannot. */
function renamed(derived: Signature, specs: readonly ColumnSpec[]): Signature {
  const names = specs.map((spec) => spec.name)
  if (names.length !== derived.columns.length || !names.every((name) => typeof name === 'string') || new Set(names).size !== names.length) return derived
  if (derived.columns.some(({ shape }) => shape !== undefined)) return derived
  return { ...derived, columns: derived.columns.map((column, at) => ({ ...column, name: names[at]! })) }
}

/** The signature with the output first that MLflow's wrapper answers. */
export function calledFirst(signature: Signature, called: Called): Signature {
  if (called === 'predict') return signature
  const wanted = signature.fields.find(({ kind }) => kind === 'probabilities')?.tensor
  const first = signature.outputs.filter(({ name }) => name === wanted)
  return { ...signature, outputs: [...first, ...signature.outputs.filter(({ name }) => name !== wanted)] }
}

function checkTensors(derived: Signature, tensors: readonly TensorSpec[], path: string): void {
  const names = derived.inputs.map((spec) => spec.name)
  const unknown = tensors.find((spec) => typeof spec.name === 'string' && !names.includes(spec.name))
  if (unknown)
    throw new FairleadError('signature-invalid', `${path} declares the tensor "${unknown.name}", which the model file lacks${hint(unknown.name!, names)}`)
  if (tensors.length > names.length)
    throw new FairleadError('signature-invalid', `${path} declares ${tensors.length} input tensors and the model file has ${names.length}`)
}

function mergeColumns(derived: Signature, specs: readonly ColumnSpec[], path: string): InputColumn[] {
  const [only, ...others] = derived.columns
  const known = new Set(derived.columns.map((column) => column.name))
  if (only && others.length === 0 && !specs.every((spec) => known.has(spec.name ?? ''))) return splitOnly(derived, only, { specs, path })
  const columns = new Map(derived.columns.map((column) => [column.name, { ...column }]))
  specs.forEach((spec, index) => {
    const column = typeof spec.name === 'string' ? columns.get(spec.name) : [...columns.values()][index]
    if (!column) {
      const name = spec.name ?? `number ${index + 1}`
      throw new FairleadError('signature-invalid', `${path} declares the column "${name}", which the model file lacks${hint(name, [...columns.keys()])}`)
    }
    describe(column, spec, derived)
  })
  return [...columns.values()]
}

function splitOnly(derived: Signature, only: InputColumn, { specs, path }: { specs: readonly ColumnSpec[]; path: string }): InputColumn[] {
  const width = only.shape === undefined ? 1 : only.shape.length === 1 ? only.shape[0]! : undefined
  if (width === undefined || (width !== -1 && width !== specs.length)) {
    const shape = only.shape === undefined ? 'one value' : `values of shape [${only.shape.join(', ')}]`
    throw new FairleadError('signature-invalid', `${path} declares ${specs.length} columns and the tensor "${only.tensor}" takes ${shape} per row`)
  }
  if (specs.some((spec) => typeof spec.name !== 'string')) return [{ ...only }]
  const names = specs.map((spec) => spec.name!)
  const repeated = names.find((name, index) => names.indexOf(name) !== index)
  if (repeated !== undefined) throw new FairleadError('signature-invalid', `${path} declares the column "${repeated}" twice`)
  return specs.map((spec, index) => {
    const column: InputColumn = { name: spec.name!, type: only.type, tensor: only.tensor, ...(only.shape === undefined ? {} : { index }) }
    describe(column, spec, derived)
    return column
  })
}

function describe(column: InputColumn, spec: ColumnSpec, derived: Signature): void {
  const tensor = derived.inputs.find((one) => one.name === column.tensor)!
  const type = COLUMN_TYPES[spec.type]
  if (type !== undefined && columnTypeFits(type, tensor.type)) column.type = type
  if (spec.required !== false) delete column.optional
  else if (takesMissing(tensor.type) && column.shape === undefined) column.optional = true
}
