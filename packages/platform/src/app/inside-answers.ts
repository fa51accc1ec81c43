import type { Row, Signature } from '@fairlead/contract'
import type { ModelComparison } from '@fairlead/contract/control'
import { compiledRuntime } from '../adapters/compiled/index.ts'
import { rowAnswers } from '../domain/inference/index.ts'
import { FORM_FORMAT } from '../model/compiled/form-format.ts'
import { type InsideTask, lookInside } from '../model/compiled/inside.ts'

type Answers = NonNullable<ModelComparison['answers']>

/** What is asked of encoded forms, and of a comparison with the rows that both are asked. */
export type InsideAsk = InsideTask & { asked?: { signatures: readonly [Signature, Signature]; rows: readonly Row[] } }

/** Rows that are told: those that differ most. */
const MOST_TOLD = 10

/** Answers as `lookInside`, and to a comparison what both models answer to the rows. Runs in a thread where forms are large. */
export async function lookInsideAnswers({ asked, ...task }: InsideAsk): Promise<ReturnType<typeof lookInside>> {
  const found = lookInside(task)
  if (!asked || task.kind !== 'comparison' || !('comparison' in found)) return found
  const [before, after] = asked.signatures
  const answers = await Promise.all([answersOf(task.before, before, asked.rows), answersOf(task.after, after, asked.rows)])
  return { comparison: { ...found.comparison, answers: differences(asked.rows, answers, after) } }
}

async function answersOf(form: Uint8Array, signature: Signature, rows: readonly Row[]) {
  await using session = await compiledRuntime().open({ format: FORM_FORMAT, bytes: form, signature })
  return await rowAnswers({ signature, session }, rows)
}

type Both = [Awaited<ReturnType<typeof rowAnswers>>, Awaited<ReturnType<typeof rowAnswers>>]

function differences(rows: readonly Row[], [before, after]: Both, { fields }: Signature): Answers {
  const labels = new Set(fields.filter(({ kind, type }) => kind === 'label' || type === 'string').map(({ name }) => name))
  const answers: Answers = { rows: 0, leftOut: 0, equalRows: 0, labelRows: 0, largestDifference: 0, differing: [] }
  const found: (Difference & { row: number })[] = []
  for (const row of rows.keys()) {
    const [was, is] = [before[row]!, after[row]!]
    if ('problem' in was || 'problem' in is) {
      answers.leftOut += 1
      continue
    }
    const { compared, apart } = leaves(was.answer, is.answer, labels)
    if (compared === 0) {
      answers.leftOut += 1
      continue
    }
    answers.rows += 1
    if (apart.some(({ label }) => label)) answers.labelRows += 1
    for (const { label, distance } of apart) if (!label && Number.isFinite(distance)) answers.largestDifference = Math.max(answers.largestDifference, distance)
    const [worst] = apart.toSorted(mostFirst)
    if (worst) found.push({ ...worst, row })
    else answers.equalRows += 1
  }
  answers.differing = found
    .toSorted(mostFirst)
    .slice(0, MOST_TOLD)
    .map(({ row, field, was, is }) => ({ row: rows[row]!, field, before: cell(was), after: cell(is) }))
  return answers
}

interface Difference {
  field: string
  label: boolean
  distance: number
  was: unknown
  is: unknown
}

function mostFirst(a: Difference, b: Difference): number {
  return Number(b.label) - Number(a.label) || (b.distance === a.distance ? 0 : b.distance - a.distance)
}

/** Where two answers differ, and how many of their values were held against each other: those of fields that both have, because the signature tells the others. */
function leaves(was: Row, is: Row, labels: ReadonlySet<string>): { compared: number; apart: Difference[] } {
  const found: Difference[] = []
  let compared = 0
  const open: [field: string, was: unknown, is: unknown, label: boolean][] = Object.keys(was).map((name) => [name, was[name], is[name], labels.has(name)])
  for (let next = open.pop(); next; next = open.pop()) {
    const [field, left, right, label] = next
    if (left === undefined || right === undefined) continue
    if (typeof left === 'object' && left !== null && typeof right === 'object' && right !== null) {
      for (const [key, value] of Object.entries(left)) open.push([`${field}.${key}`, value, (right as Row)[key], label])
      continue
    }
    compared += 1
    if (left !== right && String(left) !== String(right)) {
      const distance = Math.abs(Number(left) - Number(right))
      found.push({ field, label, distance: Number.isNaN(distance) ? Number.POSITIVE_INFINITY : distance, was: left, is: right })
    }
  }
  return { compared, apart: found }
}

function cell(value: unknown): string | number | null {
  return value === null || typeof value === 'number' ? value : String(value)
}
