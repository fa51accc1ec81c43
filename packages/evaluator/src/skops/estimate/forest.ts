import { Grove } from '../../form/grove.ts'
import type { Col, Context } from '../context.ts'
import type { Item } from '../item.ts'
import { type Classes, type Classification, type Estimate, largest, readClasses } from './result.ts'
import { isBefore, type LeafRule, type OpenTree, openTree, readTree, takesMissing } from './tree.ts'

interface Member {
  readonly estimator: Item
  readonly tree: OpenTree
  /** Columns of the model that the tree's own stand for. */
  readonly features?: Float64Array
}

export function decisionTree(item: Item, cols: readonly Col[], context: Context): Estimate {
  return average(item, cols, context, { estimators: [item] })
}

/** Trees whose predictions, or probabilities, are averaged. */
export function forest(item: Item, cols: readonly Col[], context: Context): Estimate {
  return average(item, cols, context, { estimators: item.get('estimators_').items() })
}

/** Bagged trees, each over its own choice of columns. */
export function bagging(item: Item, cols: readonly Col[], context: Context): Estimate {
  const estimators = item.get('estimators_').items()
  const features = item.get('estimators_features_').items()
  for (const estimator of estimators)
    if (!/^(DecisionTree|ExtraTree)(Classifier|Regressor)$/.test(estimator.className))
      throw estimator.unsupported(`${item.className} of ${estimator.name} is not read`)
  return average(item, cols, context, { estimators, features })
}

interface Parts {
  readonly estimators: readonly Item[]
  /** Each member's choice of columns, where it has one. */
  readonly features?: readonly Item[]
}

function average(item: Item, cols: readonly Col[], context: Context, { estimators, features }: Parts): Estimate {
  const members = estimators.map((estimator, i): Member => {
    const own = features?.[i]?.numbers()
    return { estimator, tree: openTree(estimator), ...(own === undefined ? {} : { features: own }) }
  })
  const isClassifier = item.className.endsWith('Classifier')
  const classes = isClassifier ? readClasses(item) : undefined
  const width = classes?.values.length ?? members[0]?.tree.width ?? 0
  checkMembers(item, members, { width, isClassifier })
  if (members.some(({ estimator, tree }) => !takesMissing(estimator, tree))) context.refuseMissing(cols)
  if (context.planning) context.numbers(cols, item)
  const value = context.planning ? 0 : growAverage(item, cols, context, { members, width, rule: isClassifier ? leafRule(item) : undefined })
  return classes === undefined ? { kind: 'regression', value } : byProbabilities(context, classes, value)
}

function byProbabilities(context: Context, classes: Classes, probabilities: number): Classification {
  return { kind: 'classification', classes, probabilities, position: context.planning ? 0 : largest(context, probabilities) }
}

function growAverage(
  item: Item,
  cols: readonly Col[],
  context: Context,
  { members, width, rule }: { readonly members: readonly Member[]; readonly width: number; readonly rule: LeafRule | undefined },
): number {
  const grove = new Grove({
    features: cols.length,
    outputs: width,
    compare: 'f32',
    leaf: width === 1 ? 'scalar' : 'vector',
    nodes: members.reduce((sum, { tree }) => sum + tree.nodes.length, 0),
    divisor: members.length,
  })
  for (const { tree, features } of members) grove.add(readTree(tree, rule, features), 0, tree.item.path)
  return context.builder.add({ op: 'trees', of: [context.matrix(cols, item)], trees: grove.trees() }, 'f64', width)
}

function checkMembers(item: Item, members: readonly Member[], { width, isClassifier }: { readonly width: number; readonly isClassifier: boolean }): void {
  if (members.length === 0) throw item.malformed('an ensemble without members')
  for (const { tree } of members) {
    if (isClassifier && tree.outputs !== 1) throw item.unsupported('a classifier of several outputs is not read')
    if (!isClassifier && tree.width !== tree.outputs) throw tree.item.malformed('classes in the leaves of a regression')
    if (tree.width !== width) throw tree.item.malformed(`${tree.width} numbers a leaf, and ${width} are expected`)
  }
}

/** Since 1.3 leaves hold the share of each class; before, how many rows each had. */
export function leafRule(item: Item): LeafRule | undefined {
  return isBefore(item, 1, 3) ? shares : undefined
}

const shares: LeafRule = (numbers, out) => {
  const sum = numbers.reduce((total, one) => total + one, 0)
  for (let i = 0; i < out.length; i += 1) out[i] = (numbers[i] as number) / (sum === 0 ? 1 : sum)
}
