import { FairleadError, type Signature } from '@fairlead/contract'
import type { Pipeline } from '@fairlead/contract/control'
import { compileExpression, parseExpression, TYPE_WORDS } from './expression/index.ts'
import { type ColumnData, FieldTable, type PipelineBatch } from './fields.ts'

/** A text field that a step adds to each answer: `[N]`, `nulls` 1 where no rule held and there is no `otherwise`. */
export interface AddedField {
  type: 'string'
  shape: [number]
  data: string[]
  nulls?: Uint8Array
}

/** A pipeline checked against a signature and ready to run. */
export interface CompiledPipeline {
  /** Whether the model is the only step: then its own tensors are the interface of the Open Inference Protocol. */
  readonly modelOnly: boolean
  /** Names of the fields that steps add, in order, with the labels they may take. */
  readonly added: { name: string; labels: string[]; nullable: boolean }[]
  /** Fields added to a batch of `rows` rows; an empty record where no step adds any. */
  apply(inputs: Record<string, ColumnData>, outputs: Record<string, ColumnData>, rows: number): Record<string, AddedField>
}

type DecideStep = Extract<Pipeline[number], { decide: unknown }>['decide']
type Decide = { field: string; run: (batch: PipelineBatch, rows: number) => AddedField }

/**
 * Compiles a pipeline: exactly one `model` step, first, then any number of `decide`. A `decide` may use the model's fields
 * (`label`, `probabilities.bad` or `probabilities_bad`, `probability` for the last of two classes), the input columns and
 * the fields of earlier `decide` steps. A rule holds when its `when` is true; null does not hold.
 * Throws `pipeline-invalid`, its items naming the step.
 */
export function compilePipeline(pipeline: Pipeline, signature: Signature): CompiledPipeline {
  const models = pipeline.flatMap((step, i) => ('model' in step ? [i] : []))
  if (models.length !== 1) throw invalid(models[1] ?? 0, models.length === 0 ? 'there is no model step' : 'there may be only one model step')
  if (models[0] !== 0) throw invalid(0, 'a decide step needs the answers of the model, so it comes after the model step')

  const table = new FieldTable(signature)
  const taken = new Set([...signature.fields.map((field) => field.name), ...signature.outputs.map((output) => output.name)])
  const added: CompiledPipeline['added'] = []
  const decides: Decide[] = []
  for (const [index, step] of pipeline.entries()) {
    if (!('decide' in step)) continue
    const { decide } = step
    if (taken.has(decide.field)) throw invalid(index, `the answer already has a field "${decide.field}"`)
    taken.add(decide.field)
    decides.push({ field: decide.field, run: compileDecide(decide, table, index) })
    table.add(decide.field, { type: 'text', read: (batch, row) => textAt(batch.outputs[decide.field]!, row) })
    const labels = [...rulesOf(decide, index).map((rule) => rule.label), ...(decide.otherwise === null ? [] : [decide.otherwise])]
    added.push({ name: decide.field, labels: [...new Set(labels)], nullable: decide.otherwise === null })
  }
  return { modelOnly: decides.length === 0, added, apply: (inputs, outputs, rows) => applyAll(decides, { inputs, outputs }, rows) }
}

function applyAll(decides: Decide[], batch: PipelineBatch, rows: number): Record<string, AddedField> {
  const added: Record<string, AddedField> = {}
  if (decides.length === 0) return added
  const outputs = { ...batch.outputs }
  for (const { field, run } of decides) {
    added[field] = run({ inputs: batch.inputs, outputs }, rows)
    outputs[field] = added[field]
  }
  return added
}

function textAt(column: ColumnData, row: number): string | null {
  return column.nulls?.[row] ? null : (column.data[row] as string)
}

function rulesOf(decide: DecideStep, index: number): { label: string; when: string }[] {
  const short = decide.label !== undefined || decide.when !== undefined
  if (short && decide.rules) throw invalid(index, 'give either `label` and `when`, or `rules`, not both')
  if (decide.rules) {
    if (decide.rules.length === 0) throw invalid(index, 'the list of rules is empty')
    return decide.rules
  }
  if (decide.label === undefined || decide.when === undefined) throw invalid(index, 'a decide step needs `label` and `when`, or `rules`')
  return [{ label: decide.label, when: decide.when }]
}

function compileDecide(decide: DecideStep, table: FieldTable, index: number): Decide['run'] {
  const rules = rulesOf(decide, index).map(({ label, when }) => ({ label, holds: condition(when, table, index) }))
  const { otherwise } = decide
  return (batch, rows) => {
    const data = new Array<string>(rows)
    let nulls: Uint8Array | undefined
    for (let row = 0; row < rows; row++) {
      const label = rules.find((rule) => rule.holds(batch, row) === true)?.label ?? otherwise
      data[row] = label ?? ''
      if (label === null) {
        nulls ??= new Uint8Array(rows)
        nulls[row] = 1
      }
    }
    return { type: 'string', shape: [rows], data, ...(nulls ? { nulls } : {}) }
  }
}

function condition(when: string, table: FieldTable, index: number) {
  try {
    const { type, read } = compileExpression(parseExpression(when), (parts) => table.resolve(parts), when)
    if (type !== 'boolean' && type !== 'null') throw invalid(index, `\`when\` must be true or false, and "${when.slice(0, 100)}" is a ${TYPE_WORDS[type]}`)
    return read
  } catch (error) {
    if (error instanceof FairleadError && error.code === 'expression-invalid') throw invalid(index, `\`when\`: ${error.message}`, error)
    throw error
  }
}

function invalid(index: number, reason: string, cause?: FairleadError): FairleadError {
  const code = cause?.code ?? 'pipeline-invalid'
  return new FairleadError('pipeline-invalid', `step ${index + 1} of the pipeline: ${reason}`, {
    items: [{ path: `pipeline[${index}]`, code, detail: reason }],
    ...(cause ? { cause } : {}),
  })
}
