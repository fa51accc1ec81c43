import { Grove } from '../../form/grove.ts'
import type { Col, Context } from '../context.ts'
import type { Item } from '../item.ts'
import { above, bothSides, type Classes, type Estimate, largest, link, readClasses } from './result.ts'
import { isBefore, openTree, readTree } from './tree.ts'

/** Gradient boosting: a start, and each tree's leaf times the learning rate. */
export function gradientBoosting(item: Item, cols: readonly Col[], context: Context): Estimate {
  const classes = item.className.endsWith('Classifier') ? readClasses(item) : undefined
  context.refuseMissing(cols)
  const outputs = classes === undefined || classes.values.length === 2 ? 1 : classes.values.length
  const base = startOf(item, outputs, classes !== undefined)
  const estimators = item.get('estimators_').items().flatMap(flatten)
  if (estimators.length % outputs !== 0) throw item.malformed(`${estimators.length} trees for ${outputs} outputs`)
  if (context.planning) context.numbers(cols, item)
  const raw = context.planning ? 0 : grow(item, cols, context, { estimators, base })
  return classes === undefined
    ? { kind: 'regression', value: raw }
    : classify(context, classes, raw, { scale: item.get('loss').text() === 'exponential' ? 2 : 1, operator: isBefore(item, 1, 4) ? 'gt' : 'ge' })
}

/** An array of objects with two dimensions is kept as a list of lists. */
function flatten(item: Item): Item[] {
  return item.loader === 'ListNode' ? item.items() : [item]
}

/** How a score of two classes is turned: times what it becomes a logit, and whether zero itself is the second class. */
interface Decision {
  readonly scale: number
  readonly operator: 'gt' | 'ge'
}

/** From raw scores to label and probabilities, as both kinds of gradient boosting do it. */
export function classify(context: Context, classes: Classes, margin: number, { scale, operator }: Decision): Estimate {
  if (context.planning) return { kind: 'classification', classes, position: 0 }
  if (context.builder.width(margin) > 1)
    return { kind: 'classification', classes, margin, position: largest(context, margin), probabilities: link(context, margin, 'softmax') }
  const probabilities = bothSides(context, link(context, margin, 'sigmoid', scale))
  return { kind: 'classification', classes, margin, position: above(context, margin, operator), probabilities }
}

function grow(
  item: Item,
  cols: readonly Col[],
  context: Context,
  { estimators, base }: { readonly estimators: readonly Item[]; readonly base: Float64Array },
): number {
  const rate = item.get('learning_rate').number()
  const trees = estimators.map((estimator) => openTree(estimator))
  for (const tree of trees) if (tree.width !== 1) throw tree.item.malformed(`${tree.width} numbers a leaf, and one is expected`)
  const outputs = base.length
  const nodes = trees.reduce((sum, tree) => sum + tree.nodes.length, 0)
  const grove = new Grove({ features: cols.length, outputs, compare: 'f32', leaf: 'scalar', nodes, base })
  for (const [i, tree] of trees.entries()) {
    const read = readTree(tree, (numbers, out) => {
      out[0] = (numbers[0] as number) * rate
    })
    grove.add(read, i % outputs, tree.item.path)
  }
  return context.builder.add({ op: 'trees', of: [context.matrix(cols, item)], trees: grove.trees() }, 'f64', outputs)
}

/** What the sums start from: the link of the constant that the start predicts. */
function startOf(item: Item, outputs: number, isClassifier: boolean): Float64Array {
  const init = item.get('init_')
  if (init.isPrimitive()) {
    if (init.primitive() !== 'zero') throw init.malformed('its start is not understood')
    return new Float64Array(outputs)
  }
  if (!isClassifier && init.name === 'sklearn.dummy.DummyRegressor') return init.get('constant_').numbers(1)
  if (!isClassifier || init.name !== 'sklearn.dummy.DummyClassifier' || init.get('strategy').text() !== 'prior')
    throw init.unsupported(`boosting that starts from ${init.name} is not read`)
  const least = Number.EPSILON
  const prior = init
    .get('class_prior_')
    .numbers(outputs === 1 ? 2 : outputs)
    .map((p) => Math.min(Math.max(p, least), 1 - least))
  if (outputs > 1) {
    if (isBefore(item, 1, 4)) return prior.map((p) => Math.log(p))
    const mean = Math.exp(prior.reduce((sum, p) => sum + Math.log(p), 0) / outputs)
    return prior.map((p) => Math.log(p / mean))
  }
  const p = prior[1] as number
  const logit = Math.log(p / (1 - p))
  return Float64Array.of(item.get('loss').text() === 'exponential' ? 0.5 * logit : logit)
}
