import type { Column, Form, Output } from '../form/form.ts'
import type { Step } from '../form/steps.ts'
import type { Cursor } from './cursor.ts'
import { readForest } from './forest.ts'
import { linearStep } from './linear.ts'
import { OBJECTIVES, type Objective } from './objectives.ts'
import type { XGBoostOptions } from './options.ts'
import type { Ensemble, Outline } from './outline.ts'
import { outputsOf } from './outputs.ts'

/** Makes a form of what a file says, reading its trees. */
export function assemble(cursor: Cursor, outline: Outline, options: XGBoostOptions): Form {
  const { booster, features, version, objective: name } = outline
  const objective = OBJECTIVES.get(name)
  if (!objective) return cursor.refuse(`the objective ${JSON.stringify(name.slice(0, 60))} is not known`, 'unsupported')
  const model = { ...outline, base: outline.base.map((base) => margin(cursor, objective, base)) }
  const steps: Step[] = []
  if (options.missing !== undefined && !Number.isNaN(options.missing)) steps.push({ op: 'replace', of: [0], what: options.missing, with: [Number.NaN] })
  const of = [steps.length] as const
  if (booster.kind === 'gblinear') steps.push(linearStep(cursor, model, booster.weights, of))
  else steps.push({ op: 'trees', of, trees: readForest(cursor, { outline: model, ensemble: booster, wanted: wanted(cursor, outline, booster, options) }) })
  const { outputs, texts } = outputsOf(steps, { objective, name, count: outline.outputs, options })
  const columns = columnsOf(cursor, outline, options)
  return {
    version: 1,
    source: { format: 'xgboost', version, objective: name },
    inputs: [{ name: 'features', type: 'f32', width: features, ...(columns && { columns }) }],
    steps,
    outputs: outputs satisfies readonly Output[],
    texts,
  }
}

function margin(cursor: Cursor, objective: Objective, base: number): number {
  const start = objective.margin(base)
  if (!Number.isFinite(start)) cursor.refuse(`a base_score of ${base} is out of the range of the objective`)
  return start
}

/** How many trees answer. */
function wanted(
  cursor: Cursor,
  { bestIteration, outputs }: Outline,
  { counts, rounds, parallel }: Ensemble,
  { as = 'booster', iterations }: XGBoostOptions,
): number {
  if (rounds) checkRounds(cursor, rounds, counts.trees)
  const all = iterations === undefined ? as === 'booster' : iterations === 'all'
  if (all || bestIteration === undefined) return counts.trees
  const perRound = parallel * (counts.leafWeights > 0 ? 1 : outputs)
  const end = rounds ? rounds[bestIteration + 1] : (bestIteration + 1) * perRound
  if (end === undefined || end > counts.trees) return cursor.refuse(`best_iteration is ${bestIteration}, and there are not so many rounds`)
  return end
}

function checkRounds(cursor: Cursor, rounds: Int32Array, trees: number): void {
  const ascends = rounds.every((tree, round) => tree >= (round === 0 ? 0 : rounds[round - 1]!))
  if (!ascends || (rounds[0] ?? 0) !== 0 || (rounds.at(-1) ?? 0) !== trees) cursor.refuse(`iteration_indptr does not go from 0 to ${trees}`)
}

function columnsOf(cursor: Cursor, { names, features, booster }: Outline, { unseen = 'refuse' }: XGBoostOptions): Column[] | undefined {
  const categories = booster.kind === 'gblinear' ? [] : booster.categories
  if (categories.length > 0 && categories.length !== features) cursor.refuse(`categories of ${categories.length} columns for ${features} features`)
  if (names.length === 0 && !categories.some(Boolean)) return undefined
  return Array.from({ length: features }, (_, at) => {
    const named = categories[at]
    return { name: names[at] ?? `f${at}`, ...(named && { categories: { values: named.values, unseen } }) }
  })
}
