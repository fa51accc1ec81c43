import { type Explanation, type Prediction, type Row, writeJson } from '@fairlead/contract'
import { cell } from './format.ts'
import type { Output } from './output.ts'

/** Answered rows: predictions with the rows' ids, and the rows themselves where they are kept. */
export interface AnsweredRows {
  predictions: readonly Prediction[]
  ids: readonly string[]
  inputs: readonly Row[] | undefined
  /** Why each row got its answer, where that was asked for. */
  explanations: readonly Explanation[] | undefined
}

interface Table {
  columns: string[]
  rows: unknown[][]
}

/** Name of the column with the row's id, as in the prediction log. */
const ID = '_id'
/** Name of the column with the reasons in words. */
const REASONS = '_reasons'

/** Answers as a table with flat columns (`probabilities_good`), after id and inputs where these are kept. */
function tableOf({ predictions, ids, inputs, explanations }: AnsweredRows): Table {
  const flat = predictions.map(flatten)
  if (explanations) for (const [index, row] of flat.entries()) row.set(REASONS, reasonsOf(explanations[index]))
  const outputs = [...new Set(flat.flatMap((row) => [...row.keys()]))]
  if (!inputs) return { columns: outputs, rows: flat.map((row) => outputs.map((name) => row.get(name))) }
  const given = [...new Set(inputs.flatMap((row) => Object.keys(row)))]
  return {
    // an input may have the name of an output, and both are wanted
    columns: [ID, ...given, ...outputs.map((name) => (given.includes(name) ? `${name}_predicted` : name))],
    rows: flat.map((row, index) => [ids[index], ...given.map((name) => inputs[index]?.[name]), ...outputs.map((name) => row.get(name))]),
  }
}

/** The reasons of the output whose margin is the largest, which is the class that was predicted, after the class that they speak for. */
function reasonsOf({ outputs }: Explanation = { method: '', outputs: [] }): string {
  const [first] = [...outputs].sort((a, b) => b.margin - a.margin)
  if (!first) return ''
  return (first.of === undefined ? '' : `${first.of}: `) + first.reasons.join('; ')
}

/** Prints answers as an aligned table for people. */
export function printTable(output: Output, answered: AnsweredRows): void {
  const { columns, rows } = tableOf(answered)
  output.table(
    columns.map((name) => cell(name)),
    rows.map((row) => row.map(cell)),
  )
}

/** Prints answers as CSV (RFC 4180, lines end in LF): every digit, nulls empty, lists as JSON. */
export function printCsv(output: Output, answered: AnsweredRows): void {
  const { columns, rows } = tableOf(answered)
  for (const row of [columns, ...rows]) output.line(row.map(csvField).join(','))
}

function csvField(value: unknown): string {
  if (value === null || value === undefined) return ''
  const text = typeof value === 'object' ? writeJson(value) : String(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

function flatten(prediction: Prediction): Map<string, unknown> {
  const flat = new Map<string, unknown>()
  for (const [key, value] of Object.entries(prediction)) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) flat.set(key, value)
    else for (const [inner, part] of Object.entries(value)) flat.set(`${key}_${inner}`, part)
  }
  return flat
}
