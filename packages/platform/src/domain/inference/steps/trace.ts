import type { Row, Signature } from '@fairlead/contract'
import { parseJson } from '@fairlead/contract'
import type { Pipeline, PipelineTrace, TracedColumn, TracedStep } from '@fairlead/contract/control'
import { type Column, type CompiledPipeline, type CompiledStep, compilePipeline, type FeatureService, type WorkingFrame } from '../../pipeline/index.ts'
import { AnswersPlan } from '../answers.ts'
import type { Outcome, Work } from '../queued-request.ts'
import { RowsPlan } from '../rows.ts'
import type { Session } from '../types.ts'
import { lookupsOf } from './lookups.ts'
import { type CallModel, type Lookup, StepsPlan } from './steps-plan.ts'

/** Rows that are traced: all columns of all steps are kept. */
const MOST_TRACED_ROWS = 1000
/** Rows whose values are told. */
const TOLD_ROWS = 3

type Snapshot = Pick<TracedStep, 'index' | 'step'> & {
  columns: { name: string; type: TracedColumn['type']; nullable: boolean; place: number; keys?: readonly string[]; given: boolean }[]
}

/** Places of the columns of callers by name, as they came. */
type Given = ReadonlyMap<string, number>

/** A pipeline compiled so that every column of every step can be seen. */
function compiled(pipeline: Pipeline, signature: Signature): { plan: CompiledPipeline; snapshots: Snapshot[]; given: Given } {
  const snapshots: Snapshot[] = []
  const take = ({ index, name, bindings, placeOf }: CompiledStep) => {
    const columns = bindings.map((binding) => {
      const { spec, keys, source } = binding
      return { ...spec, place: placeOf(binding), given: source?.from === 'request' && source.tensor === spec.name, ...(keys ? { keys } : {}) }
    })
    snapshots.push({ index, step: name, columns })
  }
  const plan = compilePipeline(pipeline, signature, take)
  const fills = plan.phases.flatMap((phase) => phase.fills)
  return { plan, snapshots, given: new Map(fills.flatMap(({ source, place }) => (source.from === 'request' ? [[source.tensor, place]] : []))) }
}

/** What each step of a pipeline makes, and the signature of callers. Throws `pipeline-invalid`. */
export function checkSteps(pipeline: Pipeline, signature: Signature): PipelineTrace {
  const { plan, snapshots, given } = compiled(pipeline, signature)
  return { signature: plan.signature, steps: snapshots.map((snapshot, i) => stepOf(snapshot, { before: snapshots[i - 1], given })) }
}

/** What is traced. */
export interface Traced {
  pipeline: Pipeline
  signature: Signature
  rows: readonly Row[]
  /** Runs the model; without it nothing behind the model is known. */
  session: Session | undefined
  /** Services that `lookup` steps ask. */
  services?: ReadonlyMap<string, FeatureService> | undefined
}

/**
 * Runs rows, at most `MOST_TRACED_ROWS`, and tells what each step did to them. Throws `pipeline-invalid`; rejects as reading rows, steps and the model do.
 */
export async function traceSteps({ pipeline, signature, rows, session, services }: Traced): Promise<PipelineTrace> {
  const { plan, snapshots, given } = compiled(pipeline, signature)
  // the schemas are large, and of all that score rows only this needs one
  const { releaseSettings } = await import('@fairlead/contract/control')
  const settings = releaseSettings.parse({})
  const frame: WorkingFrame = []
  const some = rows.slice(0, MOST_TRACED_ROWS)
  const work: Work = { inputs: new RowsPlan(plan.signature, settings).decode(some), rows: some.length, deadline: Number.POSITIVE_INFINITY }
  const around = { frame, lookups: lookupsOf(plan, services) }
  const outputs = await run(new StepsPlan(plan, settings), { work, session, around })
  const steps = snapshots.map((snapshot, i) => stepOf(snapshot, { before: snapshots[i - 1], given }, { frame, rows: some.length }))
  const answers = outputs && (parseJson(new AnswersPlan(plan.signature).write(outputs, some.length)) as Row[])
  return { signature: plan.signature, rows: some.length, steps, ...(answers ? { answers } : {}) }
}

/** The answer; `undefined` where there is no model to ask. */
function run(
  plan: StepsPlan,
  { work, session, around }: { work: Work; session: Session | undefined; around: { frame: WorkingFrame; lookups: readonly Lookup[] } },
) {
  const { promise, resolve, reject } = Promise.withResolvers<Parameters<Outcome['done']>[0]['outputs'] | undefined>()
  const outcome: Outcome = { done: ({ outputs }) => resolve(outputs), failed: reject }
  const call: CallModel = (_, own, answered) => {
    if (!session) resolve(undefined)
    else session.run(own.inputs).then((outputs) => answered.done({ outputs, queueMs: 0, runMs: 0 }), answered.failed)
  }
  plan.start(work, outcome, { call, ...around })
  return promise
}

interface Seen {
  frame: WorkingFrame
  rows: number
}

function stepOf({ index, step, columns }: Snapshot, { before, given: came }: { before: Snapshot | undefined; given: Given }, seen?: Seen): TracedStep {
  const old = new Map(before?.columns.map((column) => [column.name, column]))
  const made = columns.flatMap(({ name, type, nullable, place, keys, given }): TracedColumn[] => {
    const was = old.get(name)
    // a caller's column that nobody used before
    const from = was?.place ?? came.get(name)
    if (from === place || (given && !was)) return []
    const column = seen?.frame[place]
    const told = column && toldOf(column, from === undefined ? undefined : seen.frame[from], { rows: seen.rows, keys, was: was?.keys })
    return [{ name, type, nullable, change: from === undefined ? 'new' : 'changed', ...told }]
  })
  const names = new Set(columns.map(({ name }) => name))
  const removed = [...old.keys()].filter((name) => !names.has(name))
  return { index, step, columns: columns.map(({ name, type, nullable }) => ({ name, type, nullable })), made, removed }
}

interface Told {
  rows: number
  keys: readonly string[] | undefined
  was: readonly string[] | undefined
}

function toldOf(column: Column, before: Column | undefined, { rows, keys, was }: Told): Pick<TracedColumn, 'nulls' | 'rowsChanged' | 'before' | 'after'> {
  const values = Array.from({ length: rows }, (_, row) => cellOf(column, row, { rows, keys }))
  const old = before && Array.from({ length: rows }, (_, row) => cellOf(before, row, { rows, keys: was }))
  const differs = (row: number) => !old || JSON.stringify(old[row], plain) !== JSON.stringify(values[row], plain)
  return {
    nulls: values.filter((value) => value === null).length,
    rowsChanged: values.filter((_, row) => differs(row)).length,
    ...(old ? { before: old.slice(0, TOLD_ROWS) } : {}),
    after: values.slice(0, TOLD_ROWS),
  }
}

function plain(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}` : value
}

function cellOf(column: Column, row: number, { rows, keys }: { rows: number; keys: readonly string[] | undefined }): unknown {
  if (column.nulls?.[row] === 1) return null
  if (column.type === 'vector') {
    const width = column.data.length / rows
    const values = [...column.data.subarray(row * width, (row + 1) * width)]
    return keys ? Object.fromEntries(keys.map((key, k) => [key, values[k]])) : values
  }
  const value = column.data[row]!
  if (column.type === 'boolean') return value === 1
  if (column.type === 'time') return new Date(Number(value)).toISOString()
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value
}
