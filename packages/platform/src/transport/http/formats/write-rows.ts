import type { AnswerFacts, ReleasePlan, Tensors } from '../../../domain/inference/index.ts'
import type { RowForm } from './forms.ts'

/** Writes an answer in one form. */
export type WriteAnswer = (serving: ReleasePlan, outputs: Tensors, answer: { rows: number; facts: AnswerFacts }) => Uint8Array

/** The writer of a form other than JSON; its code is loaded when the first answer of this form is asked for. */
export async function answerWriter(form: RowForm): Promise<WriteAnswer> {
  if (form.kind !== 'table') return (serving, outputs, { rows }) => Buffer.from(serving.answers.writeLines(outputs, rows))
  const codec = await form.open()
  return (serving, outputs, { rows, facts }) => codec.write(serving.answerColumns.of(outputs, rows), rows, facts)
}

/** What a JSON answer says beside its predictions, as header names and values. */
export function factHeaders({ id, deployment, release }: AnswerFacts): string[] {
  return ['X-Fairlead-Id', id, 'X-Fairlead-Deployment', deployment, 'X-Fairlead-Release', String(release)]
}
