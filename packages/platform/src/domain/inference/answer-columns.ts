import type { DataType, OutputField, Signature } from '@fairlead/contract'
import { classesOf } from '../pipeline/index.ts'
import { halfToNumber } from './number-text.ts'
import type { AnswerColumn } from './table.ts'
import { allocate, sizeOf } from './tensors.ts'
import type { Tensor, TensorData, Tensors } from './types.ts'

type MakeColumns = (tensor: Tensor | undefined, rows: number) => AnswerColumn[]

/** A column without any value, for an output that a model left out. */
function nothing(name: string, type: DataType, rows: number): AnswerColumn {
  return { name, type, data: allocate(type, rows), nulls: new Uint8Array(rows).fill(1) }
}

/** Every `width`-th value from `offset` on. */
function stride(data: TensorData, { type, offset, width }: { type: DataType; offset: number; width: number }): TensorData {
  if (width === 1) return data
  const rows = data.length / width
  const picked = allocate(type, rows) as Float64Array
  for (let row = 0; row < rows; row++) picked[row] = (data as Float64Array)[row * width + offset]!
  return picked
}

function plainColumn({ name, type }: OutputField): MakeColumns {
  return (tensor, rows) => {
    if (!tensor) return [nothing(name, type, rows)]
    const data = stride(tensor.data, { type, offset: 0, width: tensor.data.length / rows })
    return [{ name, type, data, ...(tensor.nulls ? { nulls: tensor.nulls } : {}) }]
  }
}

function labelColumn(field: OutputField): MakeColumns {
  const { name, classes } = field
  if (!classes || field.type === 'string') return plainColumn(field)
  return (tensor, rows) => {
    if (!tensor) return [nothing(name, 'string', rows)]
    const width = tensor.data.length / rows
    return [
      { name, type: 'string', data: Array.from({ length: rows }, (_, row) => classes[Number(tensor.data[row * width])] ?? `${tensor.data[row * width]}`) },
    ]
  }
}

function probabilityColumns({ name, type, ...field }: OutputField, signature: Signature): MakeColumns {
  const keys = classesOf({ name, type, ...field }, signature)
  return (tensor, rows) => {
    if (!tensor) return keys.map((key) => nothing(`${name}_${key}`, type, rows))
    const width = tensor.data.length / rows
    return Array.from({ length: width }, (_, offset) => ({
      name: `${name}_${keys[offset] ?? offset}`,
      type,
      data: stride(tensor.data, { type, offset, width }),
    }))
  }
}

function listColumn({ name, type }: OutputField): MakeColumns {
  return (tensor, rows) => [tensor ? { name, type, data: tensor.data, width: sizeOf(tensor.shape.slice(1)) } : nothing(name, type, rows)]
}

function columnsOf(field: OutputField, signature: Signature): MakeColumns {
  if (field.kind === 'label') return labelColumn(field)
  if (field.kind === 'probabilities') return probabilityColumns(field, signature)
  return field.kind === 'values' ? listColumn(field) : plainColumn(field)
}

/** Gives every column a name of its own, also where case is ignored, because readers of tables ignore it. */
function named(columns: AnswerColumn[]): AnswerColumn[] {
  const taken = new Set<string>()
  return columns.map((column) => {
    let { name } = column
    for (let n = 2; taken.has(name.toLowerCase()); n++) name = `${column.name}_${n}`
    taken.add(name.toLowerCase())
    return name === column.name ? column : { ...column, name }
  })
}

/** Answers as flat columns, for tables: `label`, `probabilities_good`, the fields that steps add; lists for several values a row. */
export class AnswerColumns {
  readonly #fields: { tensor: string; make: MakeColumns }[]

  constructor(signature: Signature) {
    this.#fields = signature.fields.map((field) => ({ tensor: field.tensor, make: columnsOf(field, signature) }))
  }

  /** The columns of an answer of `rows` rows. They may share the memory of `outputs`. */
  of(outputs: Tensors, rows: number): AnswerColumn[] {
    return named(this.#fields.flatMap(({ tensor, make }) => make(outputs[tensor], rows)))
  }
}

/** The values of a column, one a row, as writers of tables take them: null where there is none, an array of `width` values in columns of lists. */
export function answerCells(column: AnswerColumn, rows: number): unknown[] {
  const { type, data, nulls, width } = column
  const cell = (at: number): unknown => {
    if (nulls?.[at] === 1) return null
    if (type === 'bool') return data[at] === 1
    return type === 'float16' ? halfToNumber(data[at] as number) : data[at]
  }
  if (width === undefined) return Array.from({ length: rows }, (_, row) => cell(row))
  return Array.from({ length: rows }, (_, row) => Array.from({ length: width }, (_, k) => cell(row * width + k)))
}
