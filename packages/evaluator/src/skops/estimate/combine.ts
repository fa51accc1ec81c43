import type { Col, Context } from '../context.ts'
import type { Item } from '../item.ts'
import { type Classes, type Classification, type Estimate, largest, readClasses } from './result.ts'

export type EstimateOf = (item: Item, cols: readonly Col[], context: Context) => Estimate

/** Members vote by their probabilities, weighted. */
export function votingClassifier(item: Item, cols: readonly Col[], context: Context, estimate: EstimateOf): Classification {
  const classes = readClasses(item)
  if (item.get('voting').text() !== 'soft') throw item.unsupported('a vote by labels is not read, only one by probabilities')
  const members = item
    .get('estimators_')
    .items()
    .map((member) => ({ member, result: estimate(member, cols, context) }))
  const values = members.map(({ member, result }) => {
    if (context.planning) return 0
    if (result.kind !== 'classification' || result.probabilities === undefined) throw member.unsupported(`${member.name} gives no probabilities to vote with`)
    return result.probabilities
  })
  return byProbabilities(context, classes, averageOf(item, values, context))
}

export function votingRegressor(item: Item, cols: readonly Col[], context: Context, estimate: EstimateOf): Estimate {
  const values = item
    .get('estimators_')
    .items()
    .map((member) => {
      const result = estimate(member, cols, context)
      if (result.kind !== 'regression') throw member.unsupported(`${member.name} is no regression`)
      return result.value
    })
  return { kind: 'regression', value: averageOf(item, values, context) }
}

function byProbabilities(context: Context, classes: Classes, probabilities: number): Classification {
  return { kind: 'classification', classes, probabilities, position: context.planning ? 0 : largest(context, probabilities) }
}

function averageOf(item: Item, values: readonly number[], context: Context): number {
  if (context.planning) return 0
  const { builder } = context
  const found = item.find('weights')
  const weights = found === undefined || found.isNone() ? values.map(() => 1) : found.values().map(Number)
  const [first] = values
  if (first === undefined || weights.length !== values.length || new Set(values.map((value) => builder.width(value))).size !== 1)
    throw item.malformed('its members do not fit each other')
  const width = builder.width(first)
  const scaled = values.map((value, i) =>
    weights[i] === 1 ? value : builder.add({ op: 'arithmetic', of: [value], operator: 'mul', constant: [weights[i] as number] }, 'f64', width),
  )
  const sum = scaled.reduce((total, value) => builder.add({ op: 'arithmetic', of: [total, value], operator: 'add' }, 'f64', width))
  return builder.add({ op: 'arithmetic', of: [sum], operator: 'div', constant: [weights.reduce((total, weight) => total + weight, 0)] }, 'f64', width)
}
