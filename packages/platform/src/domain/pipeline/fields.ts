import { isInteger, type OutputField, type Signature } from '@fairlead/contract'
import { nearestWord } from '../../kernel/suggestion.ts'
import type { Field, Reader, Value } from './expression/index.ts'

/** A tensor as far as expressions look at it: row-major, first dimension the rows, `nulls` 1 where a value is missing. */
export interface ColumnData {
  shape: number[]
  data: ArrayLike<number | bigint | string>
  nulls?: Uint8Array | undefined
}

/** What a `decide` step sees of a batch: the model's inputs and everything answered so far, by tensor name. */
export interface PipelineBatch {
  inputs: Record<string, ColumnData>
  outputs: Record<string, ColumnData>
}

export type PipelineField = Field<PipelineBatch>

/** Class labels of a `probabilities` field as text: its own, else the indices along the tensor's last axis. */
export function classesOf(field: OutputField, signature: Signature): string[] {
  if (field.classes) return field.classes
  const width = signature.outputs.find((output) => output.name === field.tensor)?.shape.at(-1) ?? -1
  return width > 0 ? Array.from({ length: width }, (_, i) => String(i)) : []
}

interface Place {
  from: keyof PipelineBatch
  tensor: string
  /** Position among the values of one row. */
  offset: number
}

function reader({ from, tensor, offset }: Place, convert: (raw: number | bigint | string) => Value): Reader<PipelineBatch> {
  return (batch, row) => {
    const column = batch[from][tensor]!
    const rows = column.shape[0] ?? 1
    const at = row * (column.data.length / rows) + offset
    return column.nulls?.[at] ? null : convert(column.data[at]!)
  }
}

function plainField(type: string, place: Place): PipelineField {
  if (type === 'string') return { type: 'text', read: reader(place, (raw) => raw as string) }
  if (type === 'bool') return { type: 'boolean', read: reader(place, (raw) => raw === 1) }
  if (type === 'float16') return { type: 'number', read: reader(place, (raw) => halfToNumber(raw as number)) }
  return { type: 'number', read: reader(place, Number) }
}

const half = new Uint16Array(1)
const halfView = new Float16Array(half.buffer)

function halfToNumber(bits: number): number {
  half[0] = bits
  return halfView[0]!
}

function labelField(field: OutputField): PipelineField {
  const place: Place = { from: 'outputs', tensor: field.tensor, offset: 0 }
  const { classes } = field
  if (!classes || !isInteger(field.type)) return plainField(field.type, place)
  return { type: 'text', read: reader(place, (raw) => classes[Number(raw)] ?? String(raw)) }
}

/** The names a `decide` step may use. `probability` is added only where nothing else has that name. */
export class FieldTable {
  readonly #fields = new Map<string, PipelineField>()
  readonly #problems = new Map<string, string>()
  readonly #names: string[] = []

  constructor(signature: Signature) {
    for (const column of signature.columns) {
      if ((column.shape ?? []).length > 0)
        this.#problems.set(column.name, `the column "${column.name}" has an array per row and cannot be used in an expression`)
      else this.add(column.name, plainField(column.type, { from: 'inputs', tensor: column.tensor, offset: column.index ?? 0 }))
    }
    for (const field of signature.fields) this.#output(field, signature)
    if (!this.#fields.has('probability')) this.#probability(signature)
  }

  /** Adds a name; a later one hides an earlier one of the same name. */
  add(name: string, field: PipelineField): void {
    this.#fields.set(name, field)
    this.#problems.delete(name)
    if (!this.#names.includes(name)) this.#names.push(name)
  }

  resolve(parts: string[]): PipelineField | { problem: string } {
    const name = parts.join('.')
    const field = this.#fields.get(name)
    if (field) return field
    const problem = this.#problems.get(name) ?? (parts.length > 1 ? this.#problems.get(`${parts[0]}.`) : undefined)
    if (problem !== undefined) return { problem }
    const near = nearestWord(name, this.#names)
    return { problem: `there is no field "${name}"; ${near === undefined ? `there are ${this.#names.slice(0, 20).join(', ')}` : `did you mean "${near}"?`}` }
  }

  #output(field: OutputField, signature: Signature): void {
    const { name, tensor } = field
    if (field.kind === 'label' || field.kind === 'value') {
      this.add(name, field.kind === 'label' ? labelField(field) : plainField(field.type, { from: 'outputs', tensor, offset: 0 }))
      return
    }
    const keys = field.kind === 'probabilities' ? classesOf(field, signature) : Array.from({ length: width(field) }, (_, i) => String(i))
    for (const [offset, key] of keys.entries()) {
      const element = plainField(field.type, { from: 'outputs', tensor, offset })
      this.add(`${name}.${key}`, element)
      this.add(`${name}_${key}`, element)
    }
    const hint =
      keys.length > 0
        ? `write ${keys
            .slice(0, 5)
            .map((key) => quoteName(name, key))
            .join(' or ')}`
        : 'its length varies, so its values cannot be named'
    this.#problems.set(name, `"${name}" has several values per row; ${hint}`)
    this.#problems.set(`${name}.`, `"${name}" has no such value; ${hint}`)
  }

  #probability(signature: Signature): void {
    const field = signature.fields.find((candidate) => candidate.kind === 'probabilities')
    if (!field) {
      this.#problems.set('probability', '"probability" means the probability of the last of two classes, and this model answers no probabilities')
      return
    }
    const classes = classesOf(field, signature)
    const last = this.#fields.get(`${field.name}.${classes.at(-1)}`)
    if (classes.length === 2 && last) {
      this.add('probability', last)
      return
    }
    const hint = classes
      .slice(0, 5)
      .map((label) => quoteName(field.name, label))
      .join(' or ')
    this.#problems.set('probability', `"probability" is only clear for two classes, and this model has ${classes.length}; write ${hint}`)
  }
}

function width(field: OutputField): number {
  const size = (field.shape ?? []).reduce((product, n) => product * n, 1)
  return size > 0 && size <= 10_000 ? size : 0
}

function quoteName(name: string, key: string): string {
  return /^[\p{L}\p{N}_]+$/u.test(key) ? `${name}.${key}` : `${name}.\`${key.replaceAll('`', '``')}\``
}
