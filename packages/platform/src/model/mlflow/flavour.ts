import { FairleadError } from '@fairlead/contract'
import type { ReadingOptions } from '@fairlead/contract/control'
import { KIND_WORDS, type ModelKind } from '../kind.ts'
import { type Mlmodel, textOption } from './mlmodel.ts'

/** What a `python_function` calls of a model, and which of the model's answers that is. */
export type Called = 'predict' | 'predict_proba'

/** The flavour by which a directory is read. */
export interface Flavour {
  name: FlavourName
  /** Path of the model file as the flavour names it. */
  data: string | undefined
  reading: ReadingOptions
  called: Called
}

type FlavourName = keyof typeof KINDS

/** The flavours that are read, the most direct first, and what their files must be. */
const KINDS: Record<'onnx' | 'xgboost' | 'lightgbm' | 'sklearn', readonly ModelKind[]> = {
  onnx: ['onnx'],
  xgboost: ['xgboost'],
  // MLflow 3.17 saves LightGBM's boosters as text and its scikit-learn classes with skops
  lightgbm: ['lightgbm', 'skops'],
  sklearn: ['skops'],
}
const NAMES = Object.keys(KINDS) as FlavourName[]

/**
 * The flavour of a directory that can be read. Throws `model-format-unknown` where there is none: what only Python can run is named with
 * why; and `model-part-unsupported` for a function of the model that is not served.
 */
export function flavourOf(model: Mlmodel, path: string): Flavour {
  const name = NAMES.find((one) => one in model.flavors)
  if (name === undefined) throw needsPython(model, path)
  const key = name === 'sklearn' ? 'pickled_model' : 'data'
  const data = textOption(model, name, key) ?? textOption(model, 'python_function', name === 'sklearn' ? 'model_path' : 'data')
  const called = textOption(model, 'python_function', 'predict_fn') ?? 'predict'
  if (called !== 'predict' && called !== 'predict_proba')
    throw new FairleadError('model-part-unsupported', `${path}: the function that answers is ${called}; only predict and predict_proba are served`)
  return { name, data, called, reading: readingOf(textOption(model, name, 'model_class')) }
}

/** Throws `model-format-unknown` for a file that is not what its flavour writes. */
export function requireKind({ name }: Flavour, kind: ModelKind, { path, entry }: { path: string; entry: string }): void {
  if (KINDS[name].includes(kind)) return
  throw new FairleadError(
    'model-format-unknown',
    `${path} has the flavour ${name}, and its file ${entry} is ${KIND_WORDS[kind]}, which is not what that flavour writes`,
  )
}

/** scikit-learn's wrappers answer otherwise than the booster that they keep. */
function readingOf(modelClass: string | undefined): ReadingOptions {
  const word = modelClass?.slice(modelClass.lastIndexOf('.') + 1) ?? ''
  if (word.endsWith('Classifier')) return { as: 'classifier' }
  return /(?:Regressor|Ranker)$/.test(word) ? { as: 'regressor' } : {}
}

function needsPython({ flavors }: Mlmodel, path: string): FairleadError {
  const names = Object.keys(flavors)
  const has = names.length === 0 ? 'none' : names.join(', ')
  const why = names.includes('python_function') ? ', which only Python can run' : ''
  return new FairleadError('model-format-unknown', `${path} has no flavour that is read (${NAMES.join(', ')}); it has ${has}${why}`)
}
