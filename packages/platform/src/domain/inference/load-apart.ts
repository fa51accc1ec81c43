import { exampleFailed } from './checks.ts'
import { describeApart, fixedRowsOf, type Run } from './execution.ts'
import { type Measurement, measureSession } from './measure.ts'
import type { ReleasePlan } from './serving-release.ts'
import type { Artifact, Runtime, Session, Tensors } from './types.ts'

/** A model that is open, and how it runs. */
export interface Opened extends Run {
  session: Session
  /** Bytes that it brought into memory, as far as that can be told. */
  growth: number
}

/** Rows on which a model is measured; `real` where they came with it. */
export interface Sample {
  inputs: Tensors
  real: boolean
}

/**
 * Opens a model whose runtime keeps it in processes of its own: there is nothing to try first, and nothing to weigh here. It is measured, so that
 * as many rows go together as are worth it. Throws as the runtime does, and `example-failed`.
 */
export async function openApart(plan: ReleasePlan, { runtime, artifact, sample }: { runtime: Runtime; artifact: Artifact; sample: Sample }): Promise<Opened> {
  const began = performance.now()
  const session = await runtime.open(artifact)
  const loadMs = performance.now() - began
  try {
    const { measurement, problem } = await measured(session, sample.inputs, fixedRowsOf(plan) !== undefined)
    if (problem !== undefined && sample.real) throw exampleFailed(plan.release.example.length, problem)
    const words = problem instanceof Error ? problem.message : problem === undefined ? undefined : String(problem)
    const run = describeApart(plan, { loadMs, measurement, problem: words }, { runtime: runtime.name, isolation: session.isolation })
    return { session, growth: 0, ...run }
  } catch (error) {
    await session[Symbol.asyncDispose]()
    throw error
  }
}

/** A model that refuses many rows, or answers them with another number, is measured with one, and gets those of one request at a time. */
async function measured(session: Session, inputs: Tensors, fixedRows: boolean): Promise<{ measurement: Measurement | undefined; problem?: unknown }> {
  try {
    return { measurement: await measureSession(session, inputs, { fixedRows }) }
  } catch (problem) {
    if (fixedRows) return { measurement: undefined, problem }
    const { measurement, problem: again } = await measured(session, inputs, true)
    return measurement ? { measurement: { ...measurement, rowwise: false } } : { measurement, problem: again }
  }
}
