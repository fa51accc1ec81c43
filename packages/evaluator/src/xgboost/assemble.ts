import type { Column, Form, Output } from '../form/form.ts'
import type { Step } from '../form/steps.ts'
import { UnreadableModel } from '../unreadable.ts'
import type { Ensemble } from './booster.ts'
import type { Cursor } from './cursor.ts'
import { readForest } from './forest.ts'
import { linearStep } from './linear.ts'
import { OBJECTIVES, type Objective } from './objectives.ts'
import type { XGBoostOptions } from './options.ts'
import type { Outline } from './outline.ts'
import { outputsOf } from './outputs.ts'

const MODEL = 'learner.gradient_booster.model'

/** Makes a form of what a file says, reading its trees. */
export function assemble(cursor: Cursor, outline: Outline, options: XGBoostOptions): Form {
  const { booster, features, version, objective: name } = outline
  const objective = OBJECTIVES.get(name)
  if (!objective) throw new UnreadableModel('unsupported', 'learner.objective.name', `${JSON.stringify(name.slice(0, 60))} is not known`)
  const model = { ...outline, base: outline.base.map((base) => margin(objective, base, outline.newer)) }
  const steps: Step[] = []
  if (options.missing !== undefined && !Number.isNaN(options.missing)) steps.push({ op: 'replace', of: [0], what: options.missing, with: [Number.NaN] })
  const of = [steps.length] as const
  if (booster.kind === 'gblinear') steps.push(linearStep(model, booster.weights, of))
  else steps.push({ op: 'trees', of, trees: readForest(cursor, { outline: model, ensemble: booster, wanted: wanted(outline, booster, options) }) })
  const { outputs, texts } = outputsOf(steps, { objective, name, count: outline.outputs, options })
  const columns = columnsOf(outline, options)
  return {
    version: 1,
    source: { format: 'xgboost', version, objective: name },
    inputs: [{ name: 'features', type: 'f32', width: features, ...(columns && { columns }) }],
    steps,
    outputs: outputs satisfies readonly Output[],
    texts,
  }
}

function margin(objective: Objective, base: number, newer: boolean): number {
  const start = objective.margin(base, newer)
  if (!Number.isFinite(start)) throw new UnreadableModel('malformed', 'learner.learner_model_param.base_score', `${base} is out of the range of the objective`)
  return start
}

/** How many trees answer. */
function wanted({ bestIteration, outputs }: Outline, { counts, rounds, parallel }: Ensemble, { as = 'booster', iterations }: XGBoostOptions): number {
  if (rounds) checkRounds(rounds, counts.trees)
  if (counts.trees === 0) throw new UnreadableModel('unsupported', MODEL, 'there are no trees; versions of XGBoost differ in what they answer then')
  const all = iterations === undefined ? as === 'booster' : iterations === 'all'
  if (all || bestIteration === undefined) return counts.trees
  const perRound = parallel * (counts.leaves === 'numbers' ? outputs : 1)
  const end = rounds ? rounds[bestIteration + 1] : (bestIteration + 1) * perRound
  if (end === undefined || end > counts.trees)
    throw new UnreadableModel('malformed', 'learner.attributes.best_iteration', `is ${bestIteration}, and there are not so many rounds`)
  return end
}

function checkRounds(rounds: Int32Array, trees: number): void {
  const ascends = rounds.every((tree, round) => tree >= (round === 0 ? 0 : rounds[round - 1]!))
  if (!ascends || (rounds[0] ?? 0) !== 0 || (rounds.at(-1) ?? 0) !== trees)
    throw new UnreadableModel('malformed', `${MODEL}.iteration_indptr`, `does not go from 0 to ${trees}`)
}

function columnsOf({ names, features, booster }: Outline, { unseen = 'refuse' }: XGBoostOptions): Column[] | undefined {
  const categories = booster.kind === 'gblinear' ? [] : booster.categories
  if (categories.length > 0 && categories.length !== features)
    throw new UnreadableModel('malformed', `${MODEL}.cats.enc`, `has ${categories.length} columns for ${features} features`)
  if (names.length === 0 && !categories.some(Boolean)) return undefined
  return Array.from({ length: features }, (_, at) => {
    const named = categories[at]
    return { name: names[at] ?? `f${at}`, ...(named && { categories: { values: named.values, unseen } }) }
  })
}
