import type { Row, Signature } from '@fairlead/contract'
import type { ModelVersion, Pipeline, PipelineTrace } from '@fairlead/contract/control'
import { compiledRuntime } from '../adapters/compiled/index.ts'
import { checkSteps, traceSteps } from '../domain/inference/index.ts'
import { FORM_FORMAT } from '../model/compiled/form-format.ts'
import { encodedForm } from '../model/compiled/stored.ts'
import type { ModelKind } from '../model/index.ts'

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
export async function runPipeline(pipeline: Pipeline, { version, entry, bytes }: ModelAtHand, rows: readonly Row[]): Promise<PipelineRun> {
  const { signature } = version
  const form = formOf({ version, entry, bytes })
  if (typeof form === 'string') return { trace: await traceSteps({ pipeline, signature, rows, session: undefined }), withoutModel: form }
  await using session = await compiledRuntime().open({ format: FORM_FORMAT, bytes: form, signature })
  return { trace: await traceSteps({ pipeline, signature, rows, session }) }
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
