import { type Booster, readBooster } from './booster.ts'
import { type Cursor, fields, integerArray, parameter, textArray } from './cursor.ts'

/** More columns than any table has; a file can announce any number. */
const MOST_FEATURES = 1 << 24
/** Names are kept one by one. */
const MOST_NAMES = 1 << 20
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
        names = textArray(cursor, MOST_NAMES)
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
