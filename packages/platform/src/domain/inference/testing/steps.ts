import { parseJson, type Signature } from '@fairlead/contract'
import { type PipelineInput, pipeline as pipelineSchema, releaseSettings } from '@fairlead/contract/control'
import { compilePipeline, type FeatureService } from '../../pipeline/index.ts'
import { AnswersPlan } from '../answers.ts'
import type { BatchResult } from '../queued-request.ts'
import { RowsPlan } from '../rows.ts'
import { lookupsOf } from '../steps/lookups.ts'
import { StepsPlan } from '../steps/steps-plan.ts'
import type { Tensors } from '../types.ts'

/** Runs steps around a model that is a function, on rows as callers send them. */
export function stepsAround(
  signature: Signature,
  steps: PipelineInput,
  model: (inputs: Tensors, rows: number) => Tensors,
  services?: ReadonlyMap<string, FeatureService>,
) {
  const compiled = compilePipeline(pipelineSchema.parse(steps), signature)
  const settings = releaseSettings.parse({})
  const plan = new StepsPlan(compiled, settings)
  const lookups = lookupsOf(compiled, services)
  const rows = new RowsPlan(compiled.signature, settings)
  const answers = new AnswersPlan(compiled.signature)
  const outputs = (given: readonly Record<string, unknown>[]): Promise<Tensors> => {
    const { promise, resolve, reject } = Promise.withResolvers<BatchResult>()
    plan.start(
      { inputs: rows.decode(given), rows: given.length, deadline: 0 },
      { done: resolve, failed: reject },
      { call: (_, work, outcome) => outcome.done({ outputs: model(work.inputs, work.rows), queueMs: 1, runMs: 2 }), lookups },
    )
    return promise.then((result) => result.outputs)
  }
  return {
    signature: compiled.signature,
    outputs,
    predict: async (given: readonly Record<string, unknown>[]) => parseJson(answers.write(await outputs(given), given.length)) as Record<string, unknown>[],
  }
}
