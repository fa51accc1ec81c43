import type { DataType, OutputField, Signature } from '@fairlead/contract'
import { classesOf } from '../pipeline/index.ts'
import { float16Text, float32Text, float64Text } from './number-text.ts'
import { sizeOf } from './tensors.ts'
import type { Tensor, TensorData, Tensors } from './types.ts'

type WriteValue = (data: TensorData, at: number) => string

const writeWhole: WriteValue = (data, at) => `${data[at]}`
const WRITERS: Partial<Record<DataType, WriteValue>> = {
  string: (data, at) => JSON.stringify(data[at]),
  bool: (data, at) => (data[at] === 0 ? 'false' : 'true'),
  float32: (data, at) => float32Text(data[at] as number),
  float64: (data, at) => float64Text(data[at] as number),
  float16: (data, at) => float16Text(data[at] as number),
}

/** Writes one value of a type as JSON: text quoted, 64-bit integers with all digits, NaN and infinities in quotes. */
export function valueWriter(type: DataType): WriteValue {
  return WRITERS[type] ?? writeWhole
}

type WriteField = (tensor: Tensor, row: number, width: number) => string

function labelWriter(field: OutputField): WriteField {
  const plain = valueWriter(field.type)
  const { classes } = field
  if (!classes || field.type === 'string') return (tensor, row, width) => (tensor.nulls?.[row] ? 'null' : plain(tensor.data, row * width))
  const labels = classes.map((label) => JSON.stringify(label))
  return (tensor, row, width) => labels[Number(tensor.data[row * width])] ?? plain(tensor.data, row * width)
}

function probabilitiesWriter(field: OutputField, signature: Signature): WriteField {
  const write = valueWriter(field.type)
  const keys = classesOf(field, signature).map((label) => JSON.stringify(label))
  const heads = keys.map((key, i) => `${i === 0 ? '{' : ','}${key}:`)
  return (tensor, row, width) => {
    let text = ''
    for (let k = 0; k < width; k++) text += (heads[k] ?? `${k === 0 ? '{' : ','}"${k}":`) + write(tensor.data, row * width + k)
    return text === '' ? '{}' : `${text}}`
  }
}

function nested(write: WriteValue, tensor: Tensor, inner: number[], at: number): string {
  const [size, ...rest] = inner
  if (size === undefined) return write(tensor.data, at)
  const step = sizeOf(rest)
  return `[${Array.from({ length: size }, (_, k) => nested(write, tensor, rest, at + k * step)).join(',')}]`
}

function fieldWriter(field: OutputField, signature: Signature): WriteField {
  if (field.kind === 'label') return labelWriter(field)
  if (field.kind === 'probabilities') return probabilitiesWriter(field, signature)
  const write = valueWriter(field.type)
  if (field.kind === 'value') return (tensor, row, width) => (tensor.nulls?.[row] ? 'null' : write(tensor.data, row * width))
  return (tensor, row, width) => nested(write, tensor, tensor.shape.slice(1), row * width)
}

function isAscii(text: string): boolean {
  return Buffer.byteLength(text) === text.length
}

function isAsciiField(field: OutputField, signature: Signature): boolean {
  return field.type !== 'string' && isAscii(field.name) && (field.classes ?? classesOf(field, signature)).every(isAscii)
}

/** Writes answers as JSON under the signature's names. Compiled once per release. */
export class AnswersPlan {
  /** Whether no answer has other characters than those of ASCII, whatever the values are. */
  readonly ascii: boolean
  readonly #fields: { tensor: string; head: string; write: WriteField }[]

  constructor(signature: Signature) {
    this.#fields = signature.fields.map((field, i) => ({
      tensor: field.tensor,
      head: `${i === 0 ? '{' : ','}${JSON.stringify(field.name)}:`,
      write: fieldWriter(field, signature),
    }))
    this.ascii = signature.fields.every((field) => isAsciiField(field, signature))
  }

  /** The predictions of all rows as the text of a JSON array. */
  write(outputs: Tensors, rows: number): string {
    let text = '['
    for (let row = 0; row < rows; row++) text += (row > 0 ? ',' : '') + this.#row(outputs, row, rows)
    return `${text}]`
  }

  /** The predictions of all rows as NDJSON: an object a line. */
  writeLines(outputs: Tensors, rows: number): string {
    let text = ''
    for (let row = 0; row < rows; row++) text += `${this.#row(outputs, row, rows)}\n`
    return text
  }

  #row(outputs: Tensors, row: number, rows: number): string {
    let text = this.#fields.length === 0 ? '{' : ''
    for (const { tensor: name, head, write } of this.#fields) {
      const tensor = outputs[name]
      text += tensor ? head + write(tensor, row, tensor.data.length / rows) : `${head}null`
    }
    return `${text}}`
  }
}
