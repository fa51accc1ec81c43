import type { Categories } from '../form/form.ts'
import { readCategories } from './categories.ts'
import { countTrees, type TreeCounts } from './count.ts'
import { type Cursor, fields, floatArray, integerArray, type Place, parameter, textArray } from './cursor.ts'

/** More columns than any table has; a file can announce any number. */
const MOST_FEATURES = 1 << 24
const MOST_OUTPUTS = 1 << 16

/** What a model file says beside its trees, with the place of these. */
export interface Outline {
  readonly version: string
  readonly objective: string
  readonly features: number
  readonly outputs: number
  /** One number, or one per output, in the units of a prediction. */
  readonly base: readonly number[]
  /** Whether the base score is a list, as from 3.1. */
  readonly newer: boolean
  /** By column; empty when the file has none. */
  readonly names: readonly string[]
  /** The last round that early stopping found best; undefined when the file does not say. */
  readonly bestIteration: number | undefined
  readonly booster: Booster
}

export type Booster = Linear | Ensemble

interface Linear {
  readonly kind: 'gblinear'
  /** `weights[feature · outputs + output]`, then a bias per output. */
  readonly weights: Float64Array
}

/** Trees that are still to be read. */
export interface Ensemble {
  readonly kind: 'gbtree' | 'dart'
  /** Place of the array of trees. */
  readonly place: Place
  readonly counts: TreeCounts
  /** Output of each tree. */
  readonly target: Int32Array
  /** First tree of each round and the end of the last, where the file has them. */
  readonly rounds: Int32Array | undefined
  readonly parallel: number
  /** Factor of each tree (DART). */
  readonly weights: Float64Array | undefined
  /** Names or numbers that stand for a column's codes; undefined for other columns. */
  readonly categories: readonly (Omit<Categories, 'unseen'> | undefined)[]
}

/** Reads all of a file but its trees, which it counts. */
export function readOutline(cursor: Cursor): Outline {
  let version = ''
  let learner: Omit<Outline, 'version'> | undefined
  const wrapped = () => cursor.refuse('the memory image of a Booster, as in a pickle; load it and write it with save_model', 'unsupported')
  fields(
    cursor,
    {
      version: () => {
        version = Array.from(integerArray(cursor)).slice(0, 3).join('.')
      },
      learner: () => {
        learner = readLearner(cursor)
      },
      Model: wrapped,
      Config: wrapped,
    },
    ['learner'],
  )
  return { version, ...learner! }
}

function readLearner(cursor: Cursor): Omit<Outline, 'version'> {
  let objective = ''
  let names: string[] = []
  let booster: Booster | undefined
  let bestIteration: number | undefined
  let parameters: Parameters | undefined
  fields(
    cursor,
    {
      attributes: () =>
        fields(cursor, {
          best_iteration: () => {
            bestIteration = parameter(cursor, 2 ** 31)
          },
        }),
      feature_names: () => {
        names = textArray(cursor, MOST_FEATURES)
      },
      gradient_booster: () => {
        booster = readBooster(cursor)
      },
      learner_model_param: () => {
        parameters = readParameters(cursor)
      },
      objective: () => {
        objective = readObjective(cursor)
      },
    },
    ['gradient_booster', 'learner_model_param', 'objective'],
  )
  if (names.length > 0 && names.length !== parameters!.features) cursor.refuse(`${names.length} feature_names for ${parameters!.features} features`)
  if (new Set(names).size !== names.length) cursor.refuse('feature_names has a name twice')
  return { objective, names, bestIteration, booster: booster!, ...parameters! }
}

function readObjective(cursor: Cursor): string {
  let name = ''
  const read = () => {
    name = cursor.text()
  }
  fields(cursor, { name: read }, ['name'])
  return name
}

type Parameters = Pick<Outline, 'features' | 'outputs' | 'base' | 'newer'>

function readParameters(cursor: Cursor): Parameters {
  let [features, classes, targets] = [0, 0, 0]
  let base: number[] = []
  let newer = false
  fields(
    cursor,
    {
      num_feature: () => {
        features = parameter(cursor, MOST_FEATURES)
      },
      num_class: () => {
        classes = parameter(cursor, MOST_OUTPUTS)
      },
      num_target: () => {
        targets = parameter(cursor, MOST_OUTPUTS)
      },
      base_score: () => {
        const text = cursor.text()
        newer = text.startsWith('[')
        base = readBase(cursor, text)
      },
    },
    ['num_feature', 'base_score'],
  )
  const outputs = Math.max(1, classes, targets)
  if (base.length !== 1 && base.length !== outputs) cursor.refuse(`base_score has ${base.length} numbers for ${outputs} outputs`)
  return { features, outputs, base, newer }
}

/** `5E-1`, or from 3.1 `[6.3E-2]` with one number for all outputs or one each. */
function readBase(cursor: Cursor, text: string): number[] {
  const list = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1).split(',') : [text]
  return list.map((part) => {
    const value = /^[-+0-9.eE]+$/.test(part.trim()) ? Math.fround(Number(part)) : Number.NaN
    if (!Number.isFinite(value)) cursor.refuse(`base_score ${JSON.stringify(part.slice(0, 40))} is no number`)
    return value
  })
}

function readBooster(cursor: Cursor): Booster {
  const start = cursor.place()
  let name = ''
  const readName = () => {
    name = cursor.text()
  }
  fields(cursor, { name: readName }, ['name'])
  const end = cursor.place()
  const found: { linear?: Linear; forest?: Ensemble; weights?: Float64Array } = {}
  const readForest = () => {
    found.forest = readModel(cursor)
  }
  const readers: Readonly<Record<string, () => void>> =
    name === 'gblinear'
      ? { model: () => fields(cursor, { weights: () => (found.linear = { kind: 'gblinear', weights: floatArray(cursor) }) }, ['weights']) }
      : name === 'dart'
        ? { gbtree: () => fields(cursor, { model: readForest }, ['model']), weight_drop: () => (found.weights = floatArray(cursor)) }
        : { model: readForest }
  if (name !== 'gblinear' && name !== 'dart' && name !== 'gbtree') cursor.refuse(`the booster ${JSON.stringify(name.slice(0, 60))} is not known`, 'unsupported')
  cursor.seek(start)
  fields(cursor, readers, Object.keys(readers))
  cursor.seek(end)
  if (found.linear) return found.linear
  const { forest, weights } = found
  if (weights && weights.length !== forest!.counts.trees) cursor.refuse(`weight_drop has ${weights.length} numbers for ${forest!.counts.trees} trees`)
  return { ...forest!, kind: weights ? 'dart' : 'gbtree', weights }
}

function readModel(cursor: Cursor): Ensemble {
  let place: Place | undefined
  let counts: TreeCounts | undefined
  let target: Int32Array = new Int32Array()
  let rounds: Int32Array | undefined
  let parallel = 1
  let categories: Ensemble['categories'] = []
  const readParallel = () => {
    parallel = Math.max(1, parameter(cursor, 2 ** 31))
  }
  fields(
    cursor,
    {
      cats: () => {
        categories = readCategories(cursor)
      },
      gbtree_model_param: () => fields(cursor, { num_parallel_tree: readParallel }),
      iteration_indptr: () => {
        rounds = integerArray(cursor)
      },
      tree_info: () => {
        target = integerArray(cursor)
      },
      trees: () => {
        place = cursor.place()
        counts = countTrees(cursor)
      },
    },
    ['tree_info', 'trees'],
  )
  if (target.length !== counts!.trees) cursor.refuse(`tree_info has ${target.length} numbers for ${counts!.trees} trees`)
  return { kind: 'gbtree', place: place!, counts: counts!, target, rounds, parallel, weights: undefined, categories }
}
