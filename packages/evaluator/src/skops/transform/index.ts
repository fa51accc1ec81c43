import type { Col, Context, Transform } from '../context.ts'
import type { Item } from '../item.ts'
import { columnTransformer, featureUnion } from './compose.ts'
import { oneHotEncoder, ordinalEncoder, targetEncoder } from './encode.ts'
import { functionTransformer, kBinsDiscretizer, pca, polynomialFeatures } from './features.ts'
import { simpleImputer } from './impute.ts'
import { binarizer, maxAbsScaler, minMaxScaler, normalizer, robustScaler, standardScaler } from './scale.ts'

const TRANSFORMERS: Readonly<Record<string, (item: Item, cols: readonly Col[], context: Context, transform: Transform) => Col[]>> = {
  Binarizer: binarizer,
  ColumnTransformer: columnTransformer,
  FeatureUnion: featureUnion,
  FunctionTransformer: functionTransformer,
  KBinsDiscretizer: kBinsDiscretizer,
  MaxAbsScaler: maxAbsScaler,
  MinMaxScaler: minMaxScaler,
  Normalizer: normalizer,
  OneHotEncoder: oneHotEncoder,
  OrdinalEncoder: ordinalEncoder,
  PCA: pca,
  Pipeline: (item, cols, context, transform) => pipelineSteps(item).reduce<Col[]>((all, step) => transform(step, all, context), [...cols]),
  PolynomialFeatures: polynomialFeatures,
  RobustScaler: robustScaler,
  SimpleImputer: simpleImputer,
  StandardScaler: standardScaler,
  TargetEncoder: targetEncoder,
}

/** Whether a class is one of the transformers that are read. */
export function isTransformer(item: Item): boolean {
  if (!isScikitLearn(item) || !Object.hasOwn(TRANSFORMERS, item.className)) return false
  return item.className !== 'Pipeline' || pipelineSteps(item).every((step) => step.isPrimitive() || isTransformer(step))
}

export function isScikitLearn(item: Item): boolean {
  return item.loader === 'ObjectNode' && item.name.startsWith('sklearn.')
}

/** What comes out of a transformer of scikit-learn, `passthrough` or `drop`. Throws UnreadableModel, naming the class, for any other. */
export function transform(item: Item, cols: readonly Col[], context: Context): Col[] {
  if (item.isPrimitive()) {
    const word = item.primitive()
    if (word === 'passthrough' || word === null) return [...cols]
    if (word === 'drop') return []
    throw item.malformed(`${JSON.stringify(word)} is no transformer`)
  }
  if (!isScikitLearn(item) || !Object.hasOwn(TRANSFORMERS, item.className)) throw item.unsupported(`${item.name} is not read as a transformer`)
  return (TRANSFORMERS[item.className] as (typeof TRANSFORMERS)[string])(item, cols, context, transform)
}

/** The steps of a pipeline, without their names. */
export function pipelineSteps(item: Item): Item[] {
  return item
    .get('steps')
    .items()
    .map((entry) => {
      const [, step] = entry.items()
      if (step === undefined) throw entry.malformed('a name and a step are expected')
      return step
    })
}
