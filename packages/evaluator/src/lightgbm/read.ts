import type { Form, Output } from '../form/form.ts'
import type { Step } from '../form/steps.ts'
import { ANSWERS, requireBytes, requireWord } from '../given.ts'
import { UnreadableModel } from '../unreadable.ts'
import { columnsOf } from './categories.ts'
import { readTrees } from './ensemble.ts'
import { type Header, readHeader } from './header.ts'
import { Lines } from './lines.ts'
import { type Objective, objectiveOf } from './objective.ts'
import { survey } from './survey.ts'
import { readTail } from './tail.ts'

export interface LightGBMOptions {
  /**
   * Whose answers are wanted: those of `Booster.predict` (the default; `LGBMRegressor` and `LGBMRanker` give the same), or
   * of `LGBMClassifier`: labels and a probability for each class.
   */
  readonly as?: 'booster' | 'classifier' | 'regressor'
  /** Labels of a classifier's classes, in their sorted order; without them 0, 1, …. The file does not have them. */
  readonly classes?: readonly (string | number)[]
  /** Only the first so many rounds. */
  readonly iterations?: number
  /** The columns that the file's lists of pandas categories belong to, in order; for files where that cannot be told. */
  readonly categorical?: readonly string[]
}

/**
 * Reads a model that LightGBM (3.3 to 4.7) saved as text. Outputs: `prediction` and `margin` (`raw_score`), for a
 * classifier `label`, `probabilities` and `margin`. Rows are 64-bit numbers; a column with categories takes positions.
 * @throws {UnreadableModel} naming the tree and the key
 * @throws {RangeError} for options that do not fit each other or the model
 */
export function readLightGBM(bytes: Uint8Array, options: LightGBMOptions = {}): Form {
  requireBytes(bytes)
  requireWord('as', options.as, ANSWERS)
  if (bytes.length > 2 ** 31 - 1) throw new UnreadableModel('too-large', '', `${bytes.length} bytes are more than ${2 ** 31 - 1}`)
  const { iterations } = options
  if (iterations !== undefined && !(Number.isSafeInteger(iterations) && iterations > 0))
    throw new RangeError(`iterations is ${iterations}, not a whole number above 0`)
  const lines = new Lines(bytes)
  const header = readHeader(lines)
  const objective = objectiveOf(header)
  const found = survey(lines, header, iterations)
  const columns = columnsOf(header, readTail(lines, header.features.length), options.categorical)
  const steps: Step[] = [{ op: 'trees', of: [0], trees: readTrees(lines, header, found) }]
  const rounds = found.starts.length / header.outputs
  // `raw_score` of a random forest is the sum; its predictions are made of the mean
  if (header.average && rounds > 0) steps.push({ op: 'arithmetic', of: [1], operator: 'div', constant: [rounds] })
  const { outputs, texts } = options.as === 'classifier' ? classify(steps, objective, options.classes) : predict(steps, objective, header)
  return {
    version: 1,
    source: { format: 'lightgbm', version: header.version, objective: header.objective },
    inputs: [{ name: 'features', type: 'f64', width: header.features.length, columns }],
    steps,
    outputs,
    texts,
  }
}

function predict(steps: Step[], objective: Objective, header: Header): Pick<Form, 'outputs' | 'texts'> {
  linked(steps, objective)
  const rank = header.outputs === 1 ? 1 : 2
  const outputs: Output[] = [
    { name: 'prediction', value: steps.length, role: 'prediction', rank },
    { name: 'margin', value: 1, role: 'margin', rank },
  ]
  return { outputs, texts: [] }
}

function linked(steps: Step[], objective: Objective): void {
  if (objective.link !== undefined) steps.push({ op: 'link', of: [steps.length], ...objective.link })
}

function classify(steps: Step[], objective: Objective, given: readonly (string | number)[] | undefined): Pick<Form, 'outputs' | 'texts'> {
  if (objective.classes === undefined) {
    throw new UnreadableModel('unsupported', 'objective', `${objective.name === '' ? 'no objective' : `the objective ${objective.name}`} makes no classifier`)
  }
  const classes = given ?? Array.from({ length: objective.classes }, (_, index) => index)
  if (classes.length !== objective.classes) throw new RangeError(`classes has ${classes.length} labels; the model has ${objective.classes} classes`)
  linked(steps, objective)
  const several = objective.name.startsWith('multiclass')
  if (!several) {
    const second = steps.length
    steps.push({ op: 'link', of: [second], function: 'complement', scale: 1 }, { op: 'concat', of: [second + 1, second] })
  }
  const probabilities = steps.length
  steps.push({ op: 'argmax', of: [probabilities], last: false })
  const texts = classes.every((label) => typeof label === 'string') ? classes : []
  steps.push({ op: 'choose', of: [probabilities + 1], ...labelsOf(classes) })
  const outputs: Output[] = [
    { name: 'label', value: probabilities + 2, role: 'label', rank: 1 },
    { name: 'probabilities', value: probabilities, role: 'probabilities', rank: 2, classes },
    { name: 'margin', value: 1, role: 'margin', rank: several ? 2 : 1, ...(several ? { classes } : {}) },
  ]
  return { outputs, texts }
}

function labelsOf(classes: readonly (string | number)[]): { labels: number[]; to: 'i64' | 'f64' | 'text' } {
  if (classes.every((label) => typeof label === 'string')) return { labels: [...classes.keys()], to: 'text' }
  const numbers = classes.filter((label) => typeof label === 'number')
  if (numbers.length < classes.length) throw new RangeError('classes are neither all texts nor all numbers')
  return { labels: numbers, to: numbers.every((label) => Number.isSafeInteger(label)) ? 'i64' : 'f64' }
}
