import type { Form } from '../form/form.ts'
import { readLightGBM } from '../lightgbm/index.ts'
import type { Item } from './item.ts'

const WRAPPERS = ['lightgbm.sklearn.LGBMClassifier', 'lightgbm.sklearn.LGBMRegressor', 'lightgbm.sklearn.LGBMRanker', 'lightgbm.basic.Booster']

/** Whether it is a model of LightGBM, which keeps its own text format inside: MLflow 3.17 saves the wrappers so. */
export function isLightGBM(root: Item): boolean {
  return WRAPPERS.includes(root.name)
}

/** Reads LightGBM's text out of its object; a classifier answers with its labels. Throws UnreadableModel as `readLightGBM` does. */
export function readWrapped(root: Item): Form {
  const booster = root.className === 'Booster' ? root : root.get('_Booster')
  if (booster.isPrimitive()) throw booster.malformed(`${root.className} is not fitted`)
  const bytes = new TextEncoder().encode((booster.find('_handle') ?? booster.get('handle')).longText())
  const best = booster.find('best_iteration')?.number() ?? 0
  // the wrappers answer by the rounds up to the best, where training was stopped early
  const iterations = Number.isSafeInteger(best) && best > 0 ? { iterations: best } : {}
  if (root.className !== 'LGBMClassifier') return readLightGBM(bytes, iterations)
  const labels = root.get('_classes')
  const classes = labels.values().map((label) => (typeof label === 'boolean' ? Number(label) : label))
  if (!classes.every((label) => typeof label === 'string' || typeof label === 'number')) throw labels.malformed('a class is no text and no number')
  try {
    return readLightGBM(bytes, { as: 'classifier', classes, ...iterations })
  } catch (cause) {
    if (cause instanceof RangeError || cause instanceof TypeError) throw root.unsupported(cause.message)
    throw cause
  }
}
