import type { DataType } from '@fairlead/contract'
import type { Pipeline } from '@fairlead/contract/control'
import type { Column } from '../columns.ts'
import { nameOf } from '../pipeline.ts'
import { Plan, type WorkingFrame } from '../plan.ts'
import { Scope } from '../scope.ts'
import { compileStep } from '../steps/index.ts'
import { fitStep } from './fit-step.ts'

/** Rows to learn from. */
export interface TrainingData {
  columns: ReadonlyMap<string, Column>
  rows: number
  /** What the model learns to tell, as a number a row; NaN where it is not known. */
  label?: Float64Array | undefined
  /** Digest of the data. */
  digest: string
}

const TYPES: Partial<Record<Column['type'], DataType>> = { number: 'float64', integer: 'int64', text: 'string', boolean: 'bool' }

/**
 * Learns what steps before the model lack: each from the data as the steps before it leave it. Steps that have all they need stay as they are; what `lookup`
 * would fetch is taken from the data. Throws
 * `pipeline-invalid`, its items naming step and column.
 */
export function fitPipeline(pipeline: Pipeline, data: TrainingData): Pipeline {
  const plan = new Plan()
  const scope = new Scope(plan, [], new Set())
  for (const [name, { type, nulls }] of data.columns) {
    const known = TYPES[type]
    if (known) scope.declare({ name, type: known, tensor: name, ...(nulls?.includes(1) ? { optional: true } : {}) })
  }
  const frame: WorkingFrame = []
  const done = { fills: 0, operations: 0 }
  const run = () => {
    const [{ fills = [], operations = [] } = {}] = plan.phases
    for (; done.fills < fills.length; done.fills++) frame[fills[done.fills]!.place] = data.columns.get(fills[done.fills]!.source.tensor)!
    for (; done.operations < operations.length; done.operations++) operations[done.operations]!.run(frame, data.rows)
  }
  const model = pipeline.findIndex((step) => 'model' in step)
  return pipeline.map((step, index) => {
    if ('inputs' in step || 'model' in step || (model >= 0 && index > model)) return step
    scope.step = { index, name: nameOf(step) }
    if ('lookup' in step) {
      // what a service answers today is not what it answered when the rows were made
      const absent = Object.keys(step.lookup.features).find((name) => !data.columns.has(name))
      if (absent !== undefined)
        throw scope.error(`features.${absent}`, `services are not asked for training data: it needs the column "${absent}" as it was then`)
      return step
    }
    const column = (name: string, at: string) => {
      const { place } = scope.use(name, at)
      run()
      return frame[place]!
    }
    const fitted = fitStep(step, { index, column, label: data.label, digest: data.digest })
    if ('model' in fitted) return fitted
    compileStep(fitted, scope)
    run()
    return fitted
  })
}
