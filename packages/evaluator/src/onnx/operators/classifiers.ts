import { type Call, malformed, type Operators, rowsAt, unsupported } from '../call.ts'
import { emitTrees, treeRows } from '../trees/ensemble.ts'
import { type Leaves, readWeights, type Weights } from '../trees/leaves.ts'
import { numbersOf, readListed } from '../trees/nodes.ts'
import { ROWS, type Rows, type Value } from '../values.ts'
import { postTransform, product, transposed } from './linear.ts'
import { checkPrecision } from './trees.ts'

/** Linear models and tree ensembles that give a label and a score for each class. */
export const CLASSIFIERS: Operators = { LinearClassifier: linear, TreeEnsembleClassifier: trees }

/** The classes' labels: texts or whole numbers. */
interface Labels {
  readonly type: 'text' | 'i64'
  readonly classes: readonly (string | number)[]
}

function labelsOf(call: Call, [texts, whole]: readonly [string, string]): Labels {
  const { attributes } = call
  const strings = attributes.strings(texts)
  if (strings.length > 0) return { type: 'text', classes: strings }
  const integers = [...attributes.rawInts(whole)]
  if (!integers.every(Number.isFinite)) throw unsupported(call, 'a label is beyond 2^53')
  return { type: 'i64', classes: integers }
}

/** Labels of the classes that a row's position counts to. */
function chosen(call: Call, position: Rows, { type, classes }: Labels): Rows {
  const labels = classes.map((label) => (typeof label === 'string' ? call.builder.text(label) : label))
  return call.builder.emit({ op: 'choose', of: [position.value], labels, to: type }, { type, dims: [ROWS], meaning: { role: 'label', classes } })
}

/** Position 1 where the score is more than `threshold`, else 0. */
function second(call: Call, score: Rows, threshold: number): Rows {
  const { builder } = call
  const more = builder.emit({ op: 'compare', of: [score.value], operator: 'gt', constant: [threshold] }, { type: 'bool', dims: [ROWS], limit: 2 })
  return builder.cast(more, 'i32')
}

function largest(call: Call, scores: Rows): Rows {
  return call.builder.emit({ op: 'argmax', of: [scores.value], last: false }, { type: 'i32', dims: [ROWS] })
}

/** Scores of two classes from one: the first is made of the second. */
function pair(call: Call, score: Rows, first: Rows): Rows {
  return call.builder.emit({ op: 'concat', of: [first.value, score.value] }, { type: score.type, dims: [ROWS, 2] })
}

function complement(call: Call, score: Rows): Rows {
  return call.builder.emit({ op: 'link', of: [score.value], function: 'complement', scale: 1 }, { type: score.type, dims: score.dims })
}

function negative(call: Call, score: Rows): Rows {
  return call.builder.emit({ op: 'unary', of: [score.value], function: 'neg' }, { type: score.type, dims: score.dims })
}

/**
 * The scores of both classes as the runtime makes them of one: LOGISTIC of the score and of its negative; any other
 * transform is left out, and the first class gets what the second leaves of 1, or its negative.
 */
function bothScores(call: Call, score: Rows, { transform, rest }: { transform: string; rest: 'complement' | 'negative' }): Rows {
  if (transform === 'PROBIT') throw unsupported(call, 'PROBIT of two classes with one score is not defined')
  postTransform(call, score, transform)
  if (transform === 'LOGISTIC') return postTransform(call, pair(call, score, negative(call, score)), 'LOGISTIC')
  return pair(call, score, rest === 'complement' ? complement(call, score) : negative(call, score))
}

function asScores(call: Call, scores: Rows, { classes }: Labels, probabilities: boolean): Rows {
  return { ...call.builder.cast(scores, 'f32'), meaning: { role: probabilities ? 'probabilities' : 'margin', classes } }
}

function linear(call: Call): Value[] {
  const { attributes, builder } = call
  const given = rowsAt(call, 0)
  if (given.type === 'text' || given.type === 'bool' || given.dims.length !== 2 || given.dims[0] !== ROWS)
    throw unsupported(call, 'its rows are not numbers along the first of two dimensions')
  const value = builder.cast(given, 'f32')
  const labels = labelsOf(call, ['classlabels_strings', 'classlabels_ints'])
  const coefficients = attributes.floats('coefficients')
  const intercepts = attributes.floats('intercepts')
  const count = intercepts.length
  const transform = attributes.string('post_transform', 'NONE')
  if (count === 0) throw malformed(call, 'it has no intercepts')
  const scores = product(call, value, { weights: transposed(coefficients, count), outputs: count }, intercepts)
  if (count === 1) {
    if (labels.classes.length !== 2) throw unsupported(call, `it has one score and ${labels.classes.length} labels`)
    return [
      chosen(call, second(call, scores, 0), labels),
      asScores(call, bothScores(call, scores, { transform, rest: 'complement' }), labels, transform === 'LOGISTIC'),
    ]
  }
  if (labels.classes.length !== count) throw malformed(call, `it has ${count} scores and ${labels.classes.length} labels`)
  return [chosen(call, largest(call, scores), labels), asScores(call, postTransform(call, scores, transform), labels, transform !== 'NONE')]
}

function trees(call: Call): Value[] {
  const { attributes } = call
  const value = treeRows(call, rowsAt(call, 0))
  checkPrecision(call, value, 'class')
  const labels = labelsOf(call, ['classlabels_strings', 'classlabels_int64s'])
  const count = labels.classes.length
  if (count < 2) throw unsupported(call, `it has ${count} classes`)
  const nodes = readListed(call, value.dims[1]!)
  const weights = readWeights(call, nodes, { of: 'class', outputs: count })
  const base = numbersOf(call, 'base_values')
  const transform = attributes.string('post_transform', 'NONE')
  const positive = weights.weight.every((weight) => weight >= 0)
  if (count === 2) {
    if (weights.output.some((output) => output !== 0)) throw unsupported(call, 'of two classes, the second has weights of its own')
    if (base.length > 1) throw unsupported(call, 'it has two base values for one score')
    const { sums } = emitTrees(call, value, { nodes, weights, outputs: 1, aggregate: 'SUM', base })
    const scores = bothScores(call, sums, { transform, rest: positive ? 'complement' : 'negative' })
    return [chosen(call, second(call, sums, positive ? 0.5 : 0), labels), asScores(call, scores, labels, positive || transform === 'LOGISTIC')]
  }
  const { sums, leaves } = emitTrees(call, value, { nodes, weights, outputs: count, aggregate: 'SUM', base })
  checkScored(call, { leaves, weights, base })
  return [chosen(call, largest(call, sums), labels), asScores(call, postTransform(call, sums, transform), labels, positive || transform !== 'NONE')]
}

/** The runtime passes over classes for which a row got no weight when it looks for the largest: then 0 may lose against less. */
function checkScored(call: Call, { leaves, weights, base }: { leaves: Leaves; weights: Weights; base: Float64Array }): void {
  if (base.length > 0 || !leaves.scored.includes(0) || weights.weight.every((weight) => weight > 0)) return
  throw unsupported(call, 'a row may come to leaves that have no weight for some class')
}
