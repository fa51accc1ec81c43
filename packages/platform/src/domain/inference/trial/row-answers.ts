import { FairleadError, parseJson, type Row, type Signature } from '@fairlead/contract'
import { AnswersPlan } from '../answers.ts'
import { type RowSettings, RowsPlan } from '../rows.ts'
import type { Table } from '../table.ts'
import { repeatRows, sliceAll } from '../tensors.ts'
import type { Session, Tensors } from '../types.ts'

/** What a model answers to one row, or why it does not. */
export type RowAnswer = { answer: Row } | { problem: string }

/** A session with the signature of its model. */
export interface Asked {
  signature: Signature
  session: Session
}

const LAX = { extraColumns: 'ignore', unknownValues: 'pass' } as const

/**
 * What a model answers to rows by column name, under the names of its signature. Columns that it has not are left out; a row that it refuses
 * has the reason, and costs the others nothing.
 */
export async function rowAnswers({ signature, session }: Asked, rows: readonly Row[]): Promise<RowAnswer[]> {
  if (rows.length === 0) return []
  const decode = new RowsPlan(signature, LAX)
  const answers = new AnswersPlan(signature)
  const fixed = fixedRowsOf(signature)
  const ask = async (some: readonly Row[]): Promise<RowAnswer[]> => {
    const tensors = decode.decode(some)
    const outputs = await session.run(fixed === undefined ? tensors : repeatRows(tensors, fixed))
    const own = fixed === undefined ? outputs : sliceAll(outputs, 0, some.length)
    return (parseJson(answers.write(own, some.length)) as Row[]).map((answer) => ({ answer }))
  }
  if (fixed === undefined) {
    try {
      return await ask(rows)
    } catch {
      // one row that is refused hides all others: each by itself then
    }
  }
  const all: RowAnswer[] = []
  for (const row of rows) all.push(...(await ask([row]).catch((error: unknown) => [{ problem: wordsOf(error) }])))
  return all
}

/**
 * Asks a model for a table that a reader makes of a request, as a deployment with these settings takes it. Answers the number of rows; throws
 * what reading, checking and running throw, `rows-empty` for none.
 */
export async function askTable({ signature, session }: Asked, settings: RowSettings, read: (plan: RowsPlan) => Table): Promise<number> {
  const plan = new RowsPlan(signature, settings)
  const table = read(plan)
  if (table.rows === 0) throw new FairleadError('rows-empty', 'it has no rows')
  const tensors = plan.decodeTable(table)
  const fixed = fixedRowsOf(signature)
  await session.run(fixed === undefined ? tensors : repeatRows(tensors, fixed))
  return table.rows
}

/** Rows by column name as the model's tensors. Columns that it has not are left out. Throws as `RowsPlan.decode`. */
export function decodeRows(signature: Signature, rows: readonly Row[]): Tensors {
  return new RowsPlan(signature, LAX).decode(rows)
}

/** Rows that each run must have, where the model fixes that. */
export function fixedRowsOf({ inputs }: Pick<Signature, 'inputs'>): number | undefined {
  return inputs.map(({ shape }) => shape[0] ?? -1).find((size) => size >= 1)
}

/** Answers to tensors as they are. */
export async function tensorAnswers(session: Session, tensors: Tensors): Promise<Tensors | undefined> {
  try {
    return await session.run(tensors)
  } catch {
    return undefined
  }
}

function wordsOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 1000)
}
