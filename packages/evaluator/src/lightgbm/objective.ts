import type { Link } from '../form/steps.ts'
import { UnreadableModel } from '../unreadable.ts'
import type { Header } from './header.ts'

/** What an objective makes of the sums. */
export interface Objective {
  /** '' where the file names none. */
  readonly name: string
  readonly link?: Pick<Link, 'function' | 'scale'>
  /** Number of classes of a classifier; undefined for what is none. */
  readonly classes?: number
}

/** Those whose prediction is the sum, and the square of it where they were trained on the root (`reg_sqrt`). */
const rooted = new Set(['regression', 'regression_l1', 'fair', 'quantile'])
const plain = new Set(['huber', 'mape', 'lambdarank', 'rank_xendcg', 'custom'])
const exponential = new Set(['poisson', 'gamma', 'tweedie'])

/**
 * What the line `objective` means, with the defaults of the library.
 * @throws {UnreadableModel} for an objective that is not known, or one that does not fit the number of trees a round
 */
export function objectiveOf(header: Header): Objective {
  const [name = '', ...words] = header.objective.split(' ').filter((word) => word !== '')
  const options = new Map(words.map((word) => [word.split(':')[0] as string, word.slice(word.indexOf(':') + 1)]))
  const objective = known(name, options)
  if (objective === undefined) throw unsupported(`the objective ${JSON.stringify(name.slice(0, 60))} is not known`)
  for (const option of options.keys()) throw unsupported(`the objective ${name} with ${JSON.stringify(option.slice(0, 60))} is not known`)
  const expected = name.startsWith('multiclass') ? objective.classes : 1
  if (name !== '' && name !== 'custom' && header.outputs !== expected) {
    throw new UnreadableModel('malformed', 'num_tree_per_iteration', `is ${header.outputs}; the objective ${name} has ${expected}`)
  }
  return objective
}

function known(name: string, options: Map<string, string>): Objective | undefined {
  if (name === '' || plain.has(name)) return { name }
  if (rooted.has(name)) return options.delete('sqrt') ? { name, link: { function: 'signed-square', scale: 1 } } : { name }
  if (exponential.has(name)) return { name, link: { function: 'exp', scale: 1 } }
  switch (name) {
    case 'binary':
      return { name, link: { function: 'sigmoid', scale: sigmoidOf(options) }, classes: 2 }
    case 'cross_entropy':
      return { name, link: { function: 'sigmoid', scale: 1 }, classes: 2 }
    case 'cross_entropy_lambda':
      return { name, link: { function: 'log1pexp', scale: 1 } }
    case 'multiclass':
      return { name, link: { function: 'softmax', scale: 1 }, classes: classesOf(options) }
    case 'multiclassova':
      return { name, link: { function: 'sigmoid', scale: sigmoidOf(options) }, classes: classesOf(options) }
    default:
      return undefined
  }
}

function sigmoidOf(options: Map<string, string>): number {
  const text = options.get('sigmoid')
  options.delete('sigmoid')
  const scale = text === undefined ? 1 : Number(text)
  if (!(scale > 0) || !Number.isFinite(scale)) throw unsupported(`sigmoid:${text?.slice(0, 40)} is not a number above 0`)
  return scale
}

function classesOf(options: Map<string, string>): number {
  const text = options.get('num_class') ?? ''
  options.delete('num_class')
  const classes = /^\d{1,6}$/.test(text) ? Number(text) : 0
  if (classes < 2) throw unsupported(`num_class:${text.slice(0, 40)} is not a number of classes`)
  return classes
}

function unsupported(what: string): UnreadableModel {
  return new UnreadableModel('unsupported', 'objective', what)
}
