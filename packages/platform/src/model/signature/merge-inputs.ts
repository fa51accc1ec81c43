import { type DataType, INTEGER_RANGES, type InputColumn, isFloat, isInteger, type Signature, type SignatureFile, type TensorSpec } from '@fairlead/contract'
import { columnTypeFits, takesMissing } from './column-types.ts'
import type { Complaints } from './complaints.ts'
import { hint } from './suggest.ts'

type FileInput = NonNullable<SignatureFile['inputs']>[number]
type WideInput = Extract<FileInput, { columns: string[] }>
type NamedInput = Exclude<FileInput, WideInput>
type Scalar = string | number | boolean

/** The columns with what the signature file says of them. Complains about contradictions. */
export function mergeInputs(derived: Signature, inputs: readonly FileInput[], complaints: Complaints): InputColumn[] {
  let columns = derived.columns.map((column) => ({ ...column }))
  const split = new Set<string>()
  for (const [index, input] of inputs.entries()) {
    if (!('columns' in input)) continue
    const path = `inputs[${index}]`
    if (split.has(input.tensor)) complaints.add(`${path}.tensor`, `the columns of "${input.tensor}" are named twice`)
    else columns = splitTensor(columns, input, { derived, path, complaints })
    split.add(input.tensor)
  }
  const described = new Set<InputColumn>()
  for (const [index, input] of inputs.entries()) {
    if ('columns' in input) continue
    const path = `inputs[${index}]`
    const column = findColumn(columns, input, { derived, path, complaints })
    if (!column) continue
    if (described.has(column)) complaints.add(`${path}.name`, `column "${input.name}" is described twice`)
    else describeColumn(column, input, { derived, path, complaints })
    described.add(column)
  }
  refuseRepeatedNames(columns, complaints)
  return columns
}

interface Context {
  derived: Signature
  path: string
  complaints: Complaints
}

function refuseRepeatedNames(columns: readonly InputColumn[], complaints: Complaints): void {
  const seen = new Set<string>()
  for (const { name } of columns) {
    if (seen.has(name)) complaints.add('inputs', `two columns have the name "${name}"`)
    seen.add(name)
  }
}

function splitTensor(columns: InputColumn[], input: WideInput, { derived, path, complaints }: Context): InputColumn[] {
  const spec = derived.inputs.find((tensor) => tensor.name === input.tensor)
  const position = columns.findIndex((column) => column.tensor === input.tensor)
  const whole = columns[position]
  if (!spec || !whole) {
    const names = derived.inputs.map((tensor) => tensor.name)
    complaints.add(`${path}.tensor`, `the model has no input tensor "${input.tensor}"${hint(input.tensor, names)}`)
    return columns
  }
  const width = whole.shape === undefined ? 1 : whole.shape.length === 1 ? whole.shape[0]! : undefined
  if (width === undefined) {
    complaints.add(`${path}.columns`, `tensor "${input.tensor}" has rows of shape [${whole.shape?.join(', ')}]; columns can be named only along one axis`)
    return columns
  }
  if (width !== -1 && width !== input.columns.length) {
    complaints.add(`${path}.columns`, `tensor "${input.tensor}" has ${width} columns and ${input.columns.length} names are given`)
    return columns
  }
  const parts = input.columns.map((name, index): InputColumn => ({ name, type: spec.type, tensor: spec.name, ...(whole.shape === undefined ? {} : { index }) }))
  return columns.toSpliced(position, 1, ...parts)
}

function findColumn(columns: readonly InputColumn[], input: NamedInput, { derived, path, complaints }: Context): InputColumn | undefined {
  const named = columns.find((column) => column.name === input.name)
  if (input.tensor === undefined) {
    if (!named)
      complaints.add(
        `${path}.name`,
        `the model has no column "${input.name}"${hint(
          input.name,
          columns.map((column) => column.name),
        )}`,
      )
    return named
  }
  if (named?.tensor === input.tensor) return named
  const ofTensor = columns.filter((column) => column.tensor === input.tensor)
  if (ofTensor.length === 1) {
    const [column] = ofTensor
    column!.name = input.name
    return column
  }
  if (ofTensor.length > 1)
    complaints.add(`${path}.tensor`, `tensor "${input.tensor}" has ${ofTensor.length} columns; name them with \`{ tensor: ${input.tensor}, columns: [...] }\``)
  else
    complaints.add(
      `${path}.tensor`,
      `the model has no input tensor "${input.tensor}"${hint(
        input.tensor,
        derived.inputs.map((tensor) => tensor.name),
      )}`,
    )
  return undefined
}

function describeColumn(column: InputColumn, input: NamedInput, { derived, path, complaints }: Context): void {
  const spec = derived.inputs.find((tensor) => tensor.name === column.tensor)!
  if (input.type !== undefined) {
    if (columnTypeFits(input.type, spec.type)) column.type = input.type
    else complaints.add(`${path}.type`, `column "${column.name}" feeds a tensor of ${spec.type}, which cannot hold every ${input.type}`)
  }
  if (input.unit !== undefined) column.unit = input.unit
  if (input.description !== undefined) column.description = input.description
  describeRange(column, input, { path, complaints })
  if (input.values !== undefined) describeValues(column, input.values, { path, complaints })
  if (input.optional !== undefined) describeOptional(column, input.optional, { spec, path, complaints })
}

interface Place {
  path: string
  complaints: Complaints
}

function describeOptional(column: InputColumn, optional: boolean, { spec, path, complaints }: Place & { spec: TensorSpec }): void {
  if (!optional) delete column.optional
  else if (takesMissing(spec.type) && column.shape === undefined) column.optional = true
  else if (column.shape !== undefined) complaints.add(`${path}.optional`, `column "${column.name}" holds a list of values, which cannot be missing`)
  else complaints.add(`${path}.optional`, `column "${column.name}" feeds a tensor of ${spec.type}, which cannot express a missing value`)
}

function describeRange(column: InputColumn, input: NamedInput, { path, complaints }: Place): void {
  for (const key of ['min', 'max'] as const) {
    const bound = input[key]
    if (bound === undefined) continue
    if (!isFloat(column.type) && !isInteger(column.type)) complaints.add(`${path}.${key}`, `column "${column.name}" is ${column.type} and has no range`)
    else if (!holds(column.type, bound)) complaints.add(`${path}.${key}`, `${bound} is not a value of ${column.type}`)
    else column[key] = bound
  }
  if (column.min !== undefined && column.max !== undefined && column.min > column.max)
    complaints.add(`${path}.min`, `the smallest value ${column.min} is above the largest ${column.max}`)
}

function describeValues(column: InputColumn, values: readonly Scalar[], { path, complaints }: Place): void {
  if (values.length === 0) complaints.add(`${path}.values`, 'the list of allowed values is empty')
  const seen = new Set<Scalar>()
  values.forEach((value, index) => {
    const place = `${path}.values[${index}]`
    if (!holds(column.type, value)) complaints.add(place, `${JSON.stringify(value)} is not a value of ${column.type}${quoteHint(column.type, value)}`)
    else if (seen.has(value)) complaints.add(place, `${JSON.stringify(value)} is listed twice`)
    else if (typeof value === 'number' && (value < (column.min ?? value) || value > (column.max ?? value)))
      complaints.add(place, `${value} is outside the column's range`)
    seen.add(value)
  })
  column.values = [...values]
}

function quoteHint(type: DataType, value: Scalar): string {
  return type === 'string' && typeof value !== 'string' ? '; put it in quotes' : ''
}

/** Whether a scalar of the file is a value of the column's type. */
function holds(type: DataType, value: Scalar): boolean {
  if (type === 'string') return typeof value === 'string'
  if (type === 'bool') return typeof value === 'boolean'
  if (typeof value !== 'number' || !Number.isFinite(value)) return false
  if (!isInteger(type)) return true
  const [low, high] = INTEGER_RANGES[type]
  return Number.isSafeInteger(value) && BigInt(value) >= low && BigInt(value) <= high
}
