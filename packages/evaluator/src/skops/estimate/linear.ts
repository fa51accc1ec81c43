import type { Col, Context } from '../context.ts'
import type { Item } from '../item.ts'
import { above, bothSides, type Classification, type Estimate, largest, link, readClasses } from './result.ts'

/** x · coefficients + intercept. */
export function linearRegressor(item: Item, cols: readonly Col[], context: Context): Estimate {
  return { kind: 'regression', value: scores(item, cols, context) }
}

/** Generalised linear models: the inverse of their link over the linear part. */
export function glmRegressor(item: Item, cols: readonly Col[], context: Context): Estimate {
  const value = scores(item, cols, context)
  return { kind: 'regression', value: hasIdentityLink(item) ? value : link(context, value, 'exp') }
}

function hasIdentityLink(item: Item): boolean {
  if (item.className !== 'TweedieRegressor') return false
  const name = item.get('link').text()
  return name === 'identity' || (name === 'auto' && item.get('power').number() <= 0)
}

/** A classifier by the sign or the largest of its scores, without probabilities. */
export function linearClassifier(item: Item, cols: readonly Col[], context: Context): Classification {
  const classes = readClasses(item)
  const margin = scores(item, cols, context)
  const width = context.builder.width(margin)
  if (width !== (classes.values.length === 2 ? 1 : classes.values.length)) throw item.malformed(`${width} scores for ${classes.values.length} classes`)
  return { kind: 'classification', classes, margin, position: width === 1 ? above(context, margin, 'gt') : largest(context, margin) }
}

/** Logistic regression: one against the rest, or all classes together, as it was fitted. */
export function logisticRegression(item: Item, cols: readonly Col[], context: Context): Classification {
  const result = linearClassifier(item, cols, context)
  const margin = result.margin as number
  const two = result.classes.values.length <= 2
  // Until scikit-learn 1.7 a setting chose; it is not in later files.
  const setting = item.find('multi_class')?.text() ?? 'auto'
  const oneToOne = setting === 'ovr' || (setting !== 'multinomial' && (two || item.get('solver').text() === 'liblinear'))
  if (oneToOne) return { ...result, probabilities: oneAgainstRest(context, margin) }
  if (!two) return { ...result, probabilities: link(context, margin, 'softmax') }
  // Both classes together: the softmax of [−d, d].
  return { ...result, probabilities: bothSides(context, link(context, margin, 'sigmoid', 2)) }
}

/** Linear discriminant analysis. */
export function discriminant(item: Item, cols: readonly Col[], context: Context): Classification {
  const result = linearClassifier(item, cols, context)
  const margin = result.margin as number
  if (result.classes.values.length === 2) return { ...result, probabilities: bothSides(context, link(context, margin, 'sigmoid')) }
  return { ...result, probabilities: link(context, margin, 'softmax') }
}

/** Classifiers by stochastic gradient descent: probabilities where their loss has them. */
export function sgdClassifier(item: Item, cols: readonly Col[], context: Context): Classification {
  const result = linearClassifier(item, cols, context)
  const loss = item.get('loss').text()
  if (loss === 'log_loss' || loss === 'log') return { ...result, probabilities: oneAgainstRest(context, result.margin as number) }
  return result
}

/** The sigmoid of each score; of several classes, divided by their sum. */
function oneAgainstRest(context: Context, margin: number): number {
  const { builder } = context
  const p = link(context, margin, 'sigmoid')
  const width = builder.width(p)
  if (width === 1) return bothSides(context, p)
  const sum = builder.add({ op: 'reduce', of: [p], function: 'sum' }, 'f64', 1)
  const divided = builder.add({ op: 'arithmetic', of: [p, sum], operator: 'div' }, 'f64', width)
  const none = builder.add({ op: 'compare', of: [sum], operator: 'eq', constant: [0] }, 'bool', 1)
  const even = builder.add({ op: 'lookup', of: [p], keys: [], values: [], otherwise: 1 / width, to: 'f64' }, 'f64', width)
  return builder.add({ op: 'where', of: [none, even, divided] }, 'f64', width)
}

/** The linear part: a column for each row of coefficients. */
function scores(item: Item, cols: readonly Col[], context: Context): number {
  const coefficients = item.get('coef_').numbers()
  const features = cols.length
  const outputs = coefficients.length / features
  if (!Number.isInteger(outputs) || outputs < 1) throw item.malformed(`${coefficients.length} coefficients for ${features} columns`)
  const weights = Float64Array.from(coefficients, (_, at) => coefficients[(at % outputs) * features + Math.floor(at / outputs)] as number)
  const found = item.get('intercept_').numbers()
  if (found.length !== outputs && found.length !== 1) throw item.malformed(`${found.length} intercepts for ${outputs} outputs`)
  const bias = Float64Array.from({ length: outputs }, (_, i) => found[found.length === 1 ? 0 : i] as number)
  return context.builder.add({ op: 'affine', of: [context.matrix(cols, item)], outputs, weights, bias, biasFirst: false, skipMissing: false }, 'f64', outputs)
}
