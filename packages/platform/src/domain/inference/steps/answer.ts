import { ByName } from '../../../kernel/by-name.ts'
import type { AnswerPart, Column, WorkingFrame } from '../../pipeline/index.ts'
import type { Tensor, Tensors } from '../types.ts'

/** The tensors of an answer: those of the model and the request as they are, and those that steps made. */
export function answerOf(parts: readonly AnswerPart[], { frame, request, answers, rows }: AnswerInputs): Tensors {
  const outputs: Tensors = new ByName()
  for (const { spec, from } of parts) {
    const tensor = 'place' in from ? tensorOf(frame[from.place]!, spec.shape, rows) : 'call' in from ? answers[from.call]![from.tensor] : request[from.request]
    // a model may leave out an output
    if (tensor) outputs[spec.name] = tensor
  }
  return outputs
}

/** What an answer is made of. */
export interface AnswerInputs {
  frame: WorkingFrame
  request: Tensors
  /** By the place of the call. */
  answers: readonly Tensors[]
  rows: number
}

function tensorOf(column: Column, shape: readonly number[], rows: number): Tensor {
  const { nulls } = column
  const marked = nulls?.includes(1) ? { nulls } : {}
  switch (column.type) {
    case 'number':
      return { type: 'float64', shape: [rows], data: column.data, ...marked }
    case 'integer':
      return { type: 'int64', shape: [rows], data: column.data, ...marked }
    case 'boolean':
      return { type: 'bool', shape: [rows], data: column.data, ...marked }
    case 'text':
      return { type: 'string', shape: [rows], data: column.data, ...marked }
    case 'time':
      return { type: 'string', shape: [rows], data: Array.from(column.data, timeText), ...marked }
    case 'vector': {
      const width = rows === 0 ? 0 : column.data.length / rows
      return { type: 'float64', shape: [rows, ...(shape.length > 2 ? shape.slice(1) : [width])], data: column.data, ...marked }
    }
  }
}

/** Milliseconds that a date can be away from 1970. */
const LAST_TIME = 8.64e15

function timeText(millis: number): string {
  return Math.abs(millis) <= LAST_TIME ? new Date(millis).toISOString() : ''
}
