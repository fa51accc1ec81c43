import { FairleadError, type Signature } from '@fairlead/contract'
import type { Pipeline, PipelineStep } from '@fairlead/contract/control'
import { type CalibrationData, classesOf, compilePipeline, fitCalibration, isFitted, numbersOf, type TrainingData, textsOf } from '../../pipeline/index.ts'
import type { BatchResult, Outcome } from '../queued-request.ts'
import { RowsPlan } from '../rows.ts'
import type { Table } from '../table.ts'
import type { Session, Tensors } from '../types.ts'
import { columnOf } from './fill.ts'
import { type CallModel, StepsPlan } from './steps-plan.ts'

const LAX = { extraColumns: 'ignore', unknownValues: 'pass' } as const

/** What calibrations are learnt from: rows whose true label is known, best those that the model has not seen. */
export interface CalibrationFitting {
  signature: Signature
  data: TrainingData
  /** The column of the true label. */
  label: string
  /** The label that means the class of the calibration, where it is not called as the class is. */
  positive?: string | undefined
  session: Session
}

/** The pipeline with the parameters that its `calibrate` steps lacked. Steps before each must be fitted. Throws `pipeline-invalid`. */
export async function fitCalibrations(pipeline: Pipeline, fitting: CalibrationFitting): Promise<Pipeline> {
  const fitted: PipelineStep[] = []
  for (const [index, step] of pipeline.entries()) {
    if (!('calibrate' in step) || isFitted(step.calibrate)) fitted.push(step)
    else fitted.push({ calibrate: fitCalibration(step.calibrate, await calibrationData(fitted, step.calibrate.of, { ...fitting, index })) })
  }
  return fitted
}

/** What the steps so far answer for the class, and whether it was so. */
async function calibrationData(before: Pipeline, of: string | undefined, fitting: CalibrationFitting & { index: number }): Promise<CalibrationData> {
  const { data, label, positive } = fitting
  const compiled = compilePipeline(before, fitting.signature, () => {})
  const outputs = await answersTo(new StepsPlan(compiled, LAX), new RowsPlan(compiled.signature, LAX).decodeTable(tableOf(data)), fitting)
  const { signature } = compiled
  const field = signature.fields.find(({ kind, classes }) => kind === 'probabilities' && (of === undefined || classes?.includes(of)))
  const classes = field ? classesOf(field, signature) : []
  const name = of ?? classes[1]
  if (!field || name === undefined || (of === undefined && classes.length !== 2))
    throw new FairleadError(
      'pipeline-invalid',
      `step ${fitting.index + 1} of the pipeline (calibrate): only probabilities are fitted; name the class by \`of\``,
    )
  const source = { from: 0, tensor: field.tensor, type: field.type, offset: classes.indexOf(name) }
  const p = numbersOf(columnOf(source, outputs[field.tensor], { rows: data.rows, name: field.name }))
  const column = data.columns.get(label)
  if (!column) throw new FairleadError('pipeline-invalid', `the data has no column "${label}"`)
  const truth = Uint8Array.from(textsOf(column), (text) => (text === (positive ?? name) ? 1 : 0))
  if (!truth.includes(1) || !truth.includes(0))
    throw new FairleadError(
      'pipeline-invalid',
      `the column "${label}" must have rows that are "${positive ?? name}" and rows that are not; name the value that means "${name}" with --positive`,
    )
  return { p, truth, digest: data.digest }
}

function answersTo(plan: StepsPlan, inputs: Tensors, { data: { rows }, session }: CalibrationFitting): Promise<Tensors> {
  const { promise, resolve, reject } = Promise.withResolvers<BatchResult>()
  const outcome: Outcome = { done: resolve, failed: reject }
  const call: CallModel = (_, work, answered) => {
    session.run(work.inputs).then((outputs) => answered.done({ outputs, queueMs: 0, runMs: 0 }), answered.failed)
  }
  plan.start({ inputs, rows, deadline: Number.POSITIVE_INFINITY }, outcome, { call, lookups: [] })
  return promise.then(({ outputs }) => outputs)
}

function tableOf({ columns, rows }: TrainingData): Table {
  return {
    rows,
    columns: [...columns].map(([name, column]) => ({
      name,
      at(row) {
        if (column.nulls?.[row] === 1) return null
        const value = column.data[row]
        if (column.type === 'boolean') return value === 1
        return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value
      },
    })),
  }
}
