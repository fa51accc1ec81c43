import type { ExplainedOutput, Explanation, Row } from '@fairlead/contract'
import { formatValue } from '../format/text.ts'

/** One step on the way from the bias to the margin. */
export interface Step {
  name: string
  /** What the row holds there, as text; absent for columns that are not of the row, and for sums of columns. */
  value?: string
  added: number
  /** Where its bar begins and ends, as shares of the width. */
  from: number
  to: number
}

/** The way from the bias to the margin: the columns that count most, then the sum of the rest. */
export interface Waterfall {
  steps: Step[]
  /** Where bias and margin stand, as shares of the width. */
  bias: number
  margin: number
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

function isOutput(value: unknown): value is ExplainedOutput {
  return isRecord(value) && Number.isFinite(value.margin) && Number.isFinite(value.bias) && isRecord(value.contributions) && Array.isArray(value.reasons)
}

/** The explanation of the first row of an answer; `undefined` where it has none, or none of finite numbers. */
export function explanationOf(answer: Record<string, unknown>): Explanation | undefined {
  const [first] = Array.isArray(answer.explanations) ? (answer.explanations as unknown[]) : []
  if (!isRecord(first) || !Array.isArray(first.outputs)) return undefined
  const outputs = first.outputs.filter(isOutput)
  const background = first.background as Explanation['background']
  return outputs.length === 0 ? undefined : { method: String(first.method), outputs, ...(isRecord(background) ? { background } : {}) }
}

/** Place of the output that speaks for the answered class; of the largest margin where the answer names none. */
export function answeredOutput({ outputs }: Explanation, prediction: Record<string, unknown> | undefined): number {
  const said = new Set(Object.values(prediction ?? {}).flatMap((value) => (isRecord(value) || Array.isArray(value) ? [] : [String(value)])))
  const named = outputs.findIndex(({ of }) => of !== undefined && said.has(of))
  if (named >= 0) return named
  return outputs.reduce((best, { margin }, at) => (margin > (outputs[best]?.margin ?? 0) ? at : best), 0)
}

const NOTHING = 1e-12

/** Lays the contributions of one output out on one axis, at most `most` columns by themselves. */
export function waterfall({ bias, margin, contributions }: ExplainedOutput, row: Row, most: number): Waterfall {
  const sorted = Object.entries(contributions)
    .filter(([, added]) => Number.isFinite(added))
    .sort(([, a], [, b]) => Math.abs(b) - Math.abs(a))
  const counting = sorted.filter(([, added]) => Math.abs(added) > NOTHING)
  // a rest of one column takes as much room as the column itself
  const alone = counting.length <= most + 1 ? counting : counting.slice(0, most)
  const rest = sorted.slice(alone.length)
  const sum = rest.reduce((total, [, added]) => total + added, 0)
  const parts: { name: string; value?: string; added: number }[] = alone.map(([name, added]) =>
    Object.hasOwn(row, name) ? { name, value: formatValue(row[name]), added } : { name, added },
  )
  if (rest.length > 0) parts.push({ name: `${rest.length} more ${rest.length === 1 ? 'column' : 'columns'}`, added: sum })
  const ends = [bias]
  for (const { added } of parts) ends.push((ends.at(-1) ?? 0) + added)
  const [low, high] = [Math.min(...ends, margin), Math.max(...ends, margin)]
  const share = (at: number) => (high > low ? (at - low) / (high - low) : 0.5)
  const steps = parts.map((part, at) => ({ ...part, from: share(ends[at] ?? bias), to: share(ends[at + 1] ?? bias) }))
  return { steps, bias: share(bias), margin: share(margin) }
}
