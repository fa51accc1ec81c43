import { FairleadError, type Signature } from '@fairlead/contract'
import type { Table, Tensors } from '../../../domain/inference/index.ts'
import { BODY } from '../../../model/python/spec.ts'
import type { ScoringType } from './content-type.ts'

/**
 * Whether a request is handed on to the model as it came: where its rows have no types, or where parameters may change what fields the answer has.
 */
export function goesAsItIs({ answer, columns }: Signature, body: Buffer): boolean {
  if (answer === 'body') return true
  const shaped = answer === 'records' || answer === 'columns'
  return shaped && columns.some(({ parameter }) => parameter) && body.includes('"params"')
}

/** The tensors of such a request. */
export function bodyTensors({ columns }: Table): Tensors {
  return Object.fromEntries(columns.map(({ name, at }) => [name, { type: 'string', shape: [1], data: [String(at(0))] }]))
}

/** A scoring request as the one row of a model that reads such requests itself. Throws `media-type-unsupported` for what is no text. */
export function bodyTable(body: Buffer, type: ScoringType): Table {
  if (type !== 'application/json' && type !== 'text/csv') {
    throw new FairleadError('media-type-unsupported', `This model reads requests itself, and takes application/json and text/csv, not ${type}.`)
  }
  const text = body.toString()
  return {
    rows: 1,
    columns: [
      { name: BODY.input, at: () => text },
      { name: BODY.type, at: () => type },
    ],
  }
}

/** What the model answered to the request: a status and the text of JSON. */
export function bodyAnswer(outputs: Tensors): { status: number; text: string } {
  return { status: Number(outputs[BODY.status]?.data[0] ?? 500), text: String(outputs[BODY.answer]?.data[0] ?? '') }
}
