import type { Output } from '../form/form.ts'
import type { Step } from '../form/steps.ts'
import type { Objective } from './objectives.ts'
import type { XGBoostOptions } from './options.ts'

interface Ask {
  readonly objective: Objective
  /** Its name in the file. */
  readonly name: string
  /** Columns of the sums. */
  readonly count: number
  readonly options: XGBoostOptions
}

interface Answers {
  readonly outputs: readonly Output[]
  readonly texts: readonly string[]
}

/** Appends the steps from the sums, which are the last value, to the answers. */
export function outputsOf(steps: Step[], ask: Ask): Answers {
  const margin = steps.length
  const rank = ask.count === 1 ? 1 : 2
  const sums: Output = { name: 'margin', value: margin, role: 'margin', rank }
  if (ask.options.as !== 'classifier') {
    const value = prediction(steps, ask.objective, margin)
    const single = ask.objective.link === 'argmax'
    return { outputs: [{ name: 'prediction', value, role: 'prediction', rank: single ? 1 : rank }, sums], texts: [] }
  }
  if (ask.objective.classes === 'no') throw new TypeError(`the objective ${ask.name} has no classes`)
  const several = ask.objective.classes === 'several'
  return several || ask.count === 1 ? classifier(steps, ask, sums) : multilabel(steps, ask, sums)
}

function add(steps: Step[], step: Step): number {
  return steps.push(step)
}

function prediction(steps: Step[], { link }: Objective, margin: number): number {
  if (link === 'none') return margin
  if (link !== 'argmax') return add(steps, { op: 'link', of: [margin], function: link, scale: 1 })
  return add(steps, { op: 'cast', of: [add(steps, { op: 'argmax', of: [margin], last: false })], to: 'f32' })
}

/** One label a row: the larger column, and of two equal ones the first. */
function classifier(steps: Step[], { objective, count, options }: Ask, margin: Output): Answers {
  const two = objective.classes === 'two'
  const classes = labels(options, two ? 2 : count)
  let probabilities = two ? prediction(steps, objective, margin.value) : add(steps, { op: 'link', of: [margin.value], function: 'softmax', scale: 1 })
  if (two) {
    const other = add(steps, { op: 'link', of: [probabilities], function: 'complement', scale: 1 })
    probabilities = add(steps, { op: 'concat', of: [other, probabilities] })
  }
  const best = add(steps, { op: 'argmax', of: [probabilities], last: false })
  const texts = typeof classes[0] === 'string' ? (classes as readonly string[]) : []
  const numbers = texts.length > 0 ? texts.map((_, at) => at) : (classes as readonly number[])
  const to = texts.length > 0 ? 'text' : numbers.every(Number.isSafeInteger) ? 'i64' : 'f64'
  const label = add(steps, { op: 'choose', of: [best], labels: numbers, to })
  return {
    outputs: [
      { name: 'label', value: label, role: 'label', rank: 1 },
      { name: 'probabilities', value: probabilities, role: 'probabilities', rank: 2, classes },
      { ...margin, ...(two ? {} : { classes }) },
    ],
    texts,
  }
}

/** Several labels a row, each 0 or 1. */
function multilabel(steps: Step[], { objective, options }: Ask, margin: Output): Answers {
  if (options.classes) throw new TypeError('classes are 0 and 1 where a row has several labels')
  const probabilities = prediction(steps, objective, margin.value)
  const above = add(steps, { op: 'compare', of: [probabilities], operator: 'gt', constant: [0.5] })
  const label = add(steps, { op: 'cast', of: [above], to: 'i64' })
  return {
    outputs: [{ name: 'label', value: label, role: 'label', rank: 2 }, { name: 'probabilities', value: probabilities, role: 'probabilities', rank: 2 }, margin],
    texts: [],
  }
}

function labels({ classes }: XGBoostOptions, count: number): readonly (string | number)[] {
  if (!classes) return Array.from({ length: count }, (_, at) => at)
  if (classes.length !== count) throw new TypeError(`${classes.length} classes are named, and the model has ${count}`)
  if (classes.some((label) => typeof label !== typeof classes[0])) throw new TypeError('classes are texts or numbers, not both')
  if (new Set(classes).size !== count) throw new TypeError('a class is named twice')
  return classes
}
