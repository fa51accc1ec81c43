import { Grove } from '../../form/grove.ts'
import type { Col, Context } from '../context.ts'
import type { Item } from '../item.ts'
import { leafRule } from './forest.ts'
import { above, type Classification, largest, link, readClasses } from './result.ts'
import { type LeafRule, openTree, readTree, takesMissing } from './tree.ts'

/**
 * AdaBoost of trees. SAMME: each tree's class gets its weight, each other class loses its share of it. SAMME.R, until 1.5:
 * each class gets the logarithm of its probability, less their mean.
 */
export function adaBoost(item: Item, cols: readonly Col[], context: Context): Classification {
  const classes = readClasses(item)
  const count = classes.values.length
  const isReal = item.find('algorithm')?.primitive() === 'SAMME.R'
  const share = leafRule(item)
  const estimators = item.get('estimators_').items()
  for (const estimator of estimators)
    if (!/^(DecisionTree|ExtraTree)Classifier$/.test(estimator.className)) throw estimator.unsupported(`AdaBoost of ${estimator.name} is not read`)
  const trees = estimators.map((estimator) => openTree(estimator))
  const weights = item.get('estimator_weights_').numbers().subarray(0, trees.length)
  if (count < 2 || weights.length !== trees.length || trees.some((tree) => tree.width !== count))
    throw item.malformed('its trees do not fit its classes and weights')
  if (trees.some((tree, i) => !takesMissing(estimators[i] as Item, tree))) context.refuseMissing(cols)
  if (context.planning) {
    context.numbers(cols, item)
    return { kind: 'classification', classes, position: 0 }
  }
  const nodes = trees.reduce((sum, tree) => sum + tree.nodes.length, 0)
  const total = item
    .get('estimator_weights_')
    .numbers()
    .reduce((sum, weight) => sum + weight, 0)
  const grove = new Grove({ features: cols.length, outputs: count, compare: 'f32', leaf: 'vector', nodes, divisor: total })
  for (const [i, tree] of trees.entries()) {
    const weight = weights[i] as number
    const vote = (numbers: Float64Array, out: Float64Array) => {
      if (isReal) logarithms(numbers, out, share)
      else {
        out.fill((-1 / (count - 1)) * weight)
        out[first(numbers)] = weight
      }
    }
    grove.add(readTree(tree, vote), 0, tree.item.path)
  }
  const sums = context.builder.add({ op: 'trees', of: [context.matrix(cols, item)], trees: grove.trees() }, 'f64', count)
  return { kind: 'classification', classes, ...decide(context, sums, count) }
}

function decide(context: Context, sums: number, count: number): { margin: number; position: number; probabilities: number } {
  const { builder } = context
  if (count > 2) return { margin: sums, position: largest(context, sums), probabilities: link(context, sums, 'softmax', 1 / (count - 1)) }
  const [no, yes] = builder.cells(sums).map((cell) => builder.gather([cell])) as [number, number]
  const margin = builder.add({ op: 'arithmetic', of: [yes, no], operator: 'sub' }, 'f64', 1)
  const other = builder.add({ op: 'unary', of: [margin], function: 'neg' }, 'f64', 1)
  const both = builder.add({ op: 'concat', of: [other, margin] }, 'f64', 2)
  return { margin, position: above(context, margin, 'gt'), probabilities: link(context, both, 'softmax', 0.5) }
}

function first(numbers: Float64Array): number {
  let best = 0
  for (let i = 1; i < numbers.length; i += 1) if ((numbers[i] as number) > (numbers[best] as number)) best = i
  return best
}

function logarithms(numbers: Float64Array, out: Float64Array, share: LeafRule | undefined): void {
  if (share === undefined) out.set(numbers)
  else share(numbers, out)
  const count = out.length
  for (let i = 0; i < count; i += 1) out[i] = Math.log(Math.max(out[i] as number, Number.EPSILON))
  const sum = out.reduce((total, one) => total + one, 0)
  for (let i = 0; i < count; i += 1) out[i] = (count - 1) * ((out[i] as number) - (1 / count) * sum)
}
