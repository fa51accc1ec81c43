import { FairleadError, type Row, type Signature } from '@fairlead/contract'
import type { ModelVersion, Pipeline, PipelineTrace } from '@fairlead/contract/control'
import { compiledRuntime } from '../adapters/compiled/index.ts'
import type { FeatureServiceSettings } from '../config/index.ts'
import { checkSteps, fitCalibrations, traceSteps } from '../domain/inference/index.ts'
import { fitPipeline, isFitted, numbersOf, type TrainingData, textsOf } from '../domain/pipeline/index.ts'
import { FORM_FORMAT } from '../model/compiled/form-format.ts'
import { encodedForm } from '../model/compiled/stored.ts'
import type { ModelKind } from '../model/index.ts'
import { featureServicesOf } from './feature-services.ts'

/** Checks a pipeline against a model's signature. Throws `pipeline-invalid`. */
export function checkPipeline(pipeline: Pipeline, signature: Signature): PipelineTrace {
  return checkSteps(pipeline, signature)
}

/** A model that steps stand around. */
export interface ModelAtHand {
  version: Pick<ModelVersion, 'format' | 'facts' | 'signature'>
  entry: string
  /** The model file. */
  bytes: Uint8Array
}

/** What became of rows, and why nothing is known behind the model where that is so. */
export interface PipelineRun {
  trace: PipelineTrace
  withoutModel?: string
}

/**
 * Runs rows through a pipeline in this process: the steps, and the model where it has a compiled form; a model's file is read and never executed.
 * Throws `pipeline-invalid`; rejects as reading rows, steps and the model do.
 */
export async function runPipeline(pipeline: Pipeline, { version, entry, bytes }: ModelAtHand, asked: RowsAndServices): Promise<PipelineRun> {
  const { signature } = version
  const { rows } = asked
  const form = formOf({ version, entry, bytes })
  using services = featureServicesOf(asked.features)
  if (typeof form === 'string') return { trace: await traceSteps({ pipeline, signature, rows, services, session: undefined }), withoutModel: form }
  await using session = await compiledRuntime().open({ format: FORM_FORMAT, bytes: form, signature })
  return { trace: await traceSteps({ pipeline, signature, rows, services, session }) }
}

/** What goes through a pipeline, and the services that it may ask. */
export interface RowsAndServices {
  rows: readonly Row[]
  features: readonly FeatureServiceSettings[]
}

/** The compiled form of a model, or why there is none. */
function formOf({ version, entry, bytes }: ModelAtHand): Uint8Array | string {
  if (version.format === 'python') return 'the model runs by Python'
  try {
    const { reading } = version.facts
    return encodedForm(version.format as ModelKind, bytes, { file: entry, ...(reading ? { reading } : {}) })
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** What a pipeline is fitted on. */
export interface FitOptions {
  data: TrainingData
  /** The column that the model learns to tell. */
  label: string | undefined
  /** Its value that counts as 1. */
  positive: string | undefined
  /** Needed where a `calibrate` step is to be fitted. */
  model: ModelAtHand | undefined
}

/** Learns the parameters that steps of a pipeline lack. Throws `pipeline-invalid`; rejects as running the model does. */
export async function fitSteps(pipeline: Pipeline, { data, label, positive, model }: FitOptions): Promise<Pipeline> {
  const numbers = label === undefined ? undefined : labelOf(data, label, positive)
  const fitted = fitPipeline(pipeline, { ...data, ...(numbers ? { label: numbers } : {}) })
  if (fitted.every((step) => !('calibrate' in step) || isFitted(step.calibrate))) return fitted
  if (label === undefined || !model)
    throw new FairleadError('pipeline-invalid', 'a calibration is learnt from what the model answers to rows whose label is known: name --model and --label')
  const form = formOf(model)
  if (typeof form === 'string') throw new FairleadError('pipeline-invalid', `the model is not run here, so its calibration cannot be fitted: ${form}`)
  const { signature } = model.version
  await using session = await compiledRuntime().open({ format: FORM_FORMAT, bytes: form, signature })
  return await fitCalibrations(fitted, { signature, data, label, positive, session })
}

/** The label as a number a row; `undefined` where it is a text and nothing says which one counts as 1, which only means of it need. */
function labelOf({ columns }: TrainingData, label: string, positive: string | undefined): Float64Array | undefined {
  const column = columns.get(label)
  if (!column) throw new FairleadError('pipeline-invalid', `the data has no column "${label}"; there are ${[...columns.keys()].slice(0, 20).join(', ')}`)
  if (positive !== undefined) return Float64Array.from(textsOf(column), (text) => (text === positive ? 1 : 0))
  return column.type === 'text' ? undefined : numbersOf(column)
}
