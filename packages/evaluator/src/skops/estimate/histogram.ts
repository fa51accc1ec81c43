import { Grove, type TreeNodes } from '../../form/grove.ts'
import type { Col, Context } from '../context.ts'
import type { Item } from '../item.ts'
import type { NpyArray } from '../npy.ts'
import { transform } from '../transform/index.ts'
import { classify } from './boosting.ts'
import { type Estimate, link, readClasses } from './result.ts'

const WORDS_OF_SET = 8
const DECISION = { scale: 1, operator: 'gt' } as const
const LOG_LINKS = new Set(['poisson', 'gamma'])

interface OpenPredictor {
  readonly item: Item
  readonly nodes: NpyArray
  readonly target: number
}

/** Gradient boosting over histograms: doubles throughout, missing values and categories in its own nodes. */
export function histogramBoosting(item: Item, cols: readonly Col[], context: Context): Estimate {
  const classes = item.className.endsWith('Classifier') ? readClasses(item) : undefined
  const taken = prepared(item, cols, context)
  if (context.planning) {
    context.numbers(taken, item)
    return classes === undefined ? { kind: 'regression', value: 0 } : classify(context, classes, 0, DECISION)
  }
  const base = item.get('_baseline_prediction').numbers()
  const raw = grow(item, taken, context, base)
  if (classes !== undefined) {
    if (base.length !== (classes.values.length === 2 ? 1 : classes.values.length))
      throw item.malformed(`${base.length} sums for ${classes.values.length} classes`)
    return classify(context, classes, raw, DECISION)
  }
  return { kind: 'regression', value: LOG_LINKS.has(item.get('loss').text()) ? link(context, raw, 'exp') : raw }
}

/** Columns as its trees see them: categories first, as their codes. */
function prepared(item: Item, cols: readonly Col[], context: Context): Col[] {
  const preprocessor = item.find('_preprocessor')
  if (preprocessor !== undefined && !preprocessor.isNone()) return transform(preprocessor, cols, context)
  return [...cols]
}

function grow(item: Item, cols: readonly Col[], context: Context, base: Float64Array): number {
  const predictors = item
    .get('_predictors')
    .items()
    .flatMap((round) => round.items().map((one, target): OpenPredictor => ({ item: one, nodes: one.get('nodes').array(), target })))
  const nodes = predictors.reduce((sum, predictor) => sum + predictor.nodes.length, 0)
  const grove = new Grove({ features: cols.length, outputs: base.length, compare: 'f64', leaf: 'scalar', nodes, base })
  const isPrepared = item.find('_preprocessor')?.isNone() === false
  for (const predictor of predictors) {
    if (predictor.target >= base.length) throw predictor.item.malformed(`tree ${predictor.target} of a round with ${base.length} sums`)
    grove.add(readPredictor(predictor, grove, isPrepared), predictor.target, predictor.item.path)
  }
  return context.builder.add({ op: 'trees', of: [context.matrix(cols, item)], trees: grove.trees() }, 'f64', base.length)
}

function readPredictor({ item, nodes }: OpenPredictor, grove: Grove, isPrepared: boolean): TreeNodes {
  const feature = nodes.numbers('feature_idx')
  const isLeaf = nodes.numbers('is_leaf')
  const inSet = nodes.hasField('is_categorical') ? nodes.numbers('is_categorical') : undefined
  const threshold = nodes.numbers('num_threshold')
  const values = nodes.numbers('value')
  for (let i = 0; i < feature.length; i += 1) if (isLeaf[i] === 1) feature[i] = -1
  if (inSet?.some((is, i) => is === 1 && isLeaf[i] !== 1) === true) {
    // Without its own encoder the file is of 1.3 or older, where codes that were not seen count as missing.
    if (!isPrepared) throw item.unsupported('categories of scikit-learn before 1.4 are not read')
    readSets(item, nodes, threshold, { inSet, isLeaf, grove })
  }
  const read: TreeNodes = {
    count: nodes.length,
    feature,
    threshold,
    yes: nodes.numbers('left'),
    no: nodes.numbers('right'),
    missingYes: nodes.numbers('missing_go_to_left'),
    ...(inSet === undefined ? {} : { inSet }),
    cover: nodes.numbers('count'),
    gain: nodes.numbers('gain'),
    leaf: (node, out) => {
      out[0] = values[node] as number
    },
  }
  nodes.forget()
  return read
}

/** Puts the number of its set where a categorical split has its threshold. */
function readSets(
  item: Item,
  nodes: NpyArray,
  threshold: Float64Array,
  { inSet, isLeaf, grove }: { readonly inSet: Float64Array; readonly isLeaf: Float64Array; readonly grove: Grove },
): void {
  const index = nodes.numbers('bitset_idx')
  const words = item.get('raw_left_cat_bitsets').numbers()
  const known = new Map<number, number>()
  for (let i = 0; i < threshold.length; i += 1) {
    if (inSet[i] !== 1 || isLeaf[i] === 1) continue
    const at = index[i] as number
    if ((at + 1) * WORDS_OF_SET > words.length) throw item.malformed(`node ${i} asks for set ${at} of ${words.length / WORDS_OF_SET}`)
    const set = known.get(at) ?? grove.addSet(words.subarray(at * WORDS_OF_SET, (at + 1) * WORDS_OF_SET))
    known.set(at, set)
    threshold[i] = set
  }
}
