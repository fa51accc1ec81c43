import { ByName } from '../../../kernel/by-name.ts'
import type { AnswerPart, Column } from '../../pipeline/index.ts'
import type { Tensor, TensorData, Tensors } from '../types.ts'
import type { Portion } from './feed.ts'

/** What an answer is made of. */
export interface AnswerInputs {
  portions: readonly Portion[]
  request: Tensors
  /** By the place of the call. */
  answers: readonly Tensors[]
  rows: number
}

/** The tensors of an answer: those of the model and the request as they are, and those that steps made. */
export function answerOf(parts: readonly AnswerPart[], { portions, request, answers, rows }: AnswerInputs): Tensors {
  const outputs: Tensors = new ByName()
  for (const { spec, from } of parts) {
    const tensor = 'place' in from ? joined(portions, from.place, { spec, rows }) : 'call' in from ? answers[from.call]![from.tensor] : request[from.request]
    // a model may leave out an output
    if (tensor) outputs[spec.name] = tensor
  }
  return outputs
}

/** A column of all portions as a tensor. */
function joined(portions: readonly Portion[], place: number, { spec, rows }: Pick<AnswerPart, 'spec'> & { rows: number }): Tensor {
  const columns = portions.map(({ frame }) => frame[place]!)
  const data = columns.length === 1 ? valuesOf(columns[0]!) : joinedValues(columns.map(valuesOf))
  const nulls = joinedNulls(columns, portions, rows)
  const width = rows === 0 ? 0 : data.length / rows
  const shape = columns[0]!.type !== 'vector' ? [rows] : [rows, ...(spec.shape.length > 2 ? spec.shape.slice(1) : [width])]
  return { type: spec.type, shape, data, ...(nulls ? { nulls } : {}) }
}

function valuesOf(column: Column): TensorData {
  return column.type === 'time' ? Array.from(column.data, timeText) : column.data
}

function joinedValues(parts: readonly TensorData[]): TensorData {
  const [first] = parts
  if (Array.isArray(first)) return joinedTexts(parts as string[][])
  const all = new (first!.constructor as Float64ArrayConstructor)(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts as Float64Array[]) {
    all.set(part, at)
    at += part.length
  }
  return all
}

function joinedTexts(parts: readonly string[][]): string[] {
  const all = new Array<string>(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) for (const text of part) all[at++] = text
  return all
}

/** Columns of one type as one, one behind the other. */
export function joinColumns(columns: readonly Column[]): Column {
  const data = joinedValues(columns.map((column) => column.data))
  const nulls = columns.some((column) => column.nulls)
    ? Uint8Array.from(columns.flatMap(({ nulls, data: own }) => [...(nulls ?? new Uint8Array(own.length))]))
    : undefined
  return { type: columns[0]!.type, data, nulls } as Column
}

function joinedNulls(columns: readonly Column[], portions: readonly Portion[], rows: number): Uint8Array | undefined {
  if (!columns.some(({ nulls }) => nulls?.includes(1))) return undefined
  const all = new Uint8Array(rows)
  for (const [i, { nulls }] of columns.entries()) if (nulls) all.set(nulls, portions[i]!.start)
  return all
}

/** Milliseconds that a date can be away from 1970. */
const LAST_TIME = 8.64e15

function timeText(millis: number): string {
  return Math.abs(millis) <= LAST_TIME ? new Date(millis).toISOString() : ''
}
