import type { Row } from '@fairlead/contract'
import { modelRows } from './checks.ts'
import { modelSide } from './model-side.ts'
import type { ReleasePlan } from './serving-release.ts'
import type { Background } from './types.ts'
import { detached } from './worker-protocol.ts'

/** Explaining a row takes as long as there are rows that it is set against, and more of them change little. */
const MOST_ROWS = 100
/** Against a single row every answer would be set against one case. */
const LEAST_ROWS = 2

/**
 * The rows that stand for the data at large where answers are explained: the golden rows, else the example rows, spread evenly over all of
 * them. `undefined` where fewer than two came with the model. They must have passed the release's checks.
 */
export function backgroundOf(plan: ReleasePlan, golden: readonly Row[] = []): Background | undefined {
  const { example } = modelSide(plan.release)
  const from = golden.length >= LEAST_ROWS ? 'golden rows' : 'example'
  const given = from === 'example' ? example : golden
  if (given.length < LEAST_ROWS) return undefined
  const rows = Math.min(MOST_ROWS, given.length)
  const chosen = Array.from({ length: rows }, (_, at) => given[Math.floor((at * given.length) / rows)]!)
  return { rows, from, inputs: detached(modelRows(plan).decode(chosen)) }
}
