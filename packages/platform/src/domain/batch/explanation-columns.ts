import type { Explanation } from '@fairlead/contract'
import type { AnswerColumn } from '../inference/index.ts'

/**
 * Explanations as columns: `contribution_age`, … and `contribution_bias`, of models of several classes `contribution_<class>_age`. With the
 * bias they add up to the margin.
 */
export function explanationColumns(explanations: readonly Explanation[]): AnswerColumn[] {
  const [first] = explanations
  if (!first) return []
  const many = first.outputs.length > 1
  return first.outputs.flatMap((output, place) => {
    const prefix = many ? `contribution_${output.of ?? place}_` : 'contribution_'
    const of = (name: string, value: (explained: Explanation['outputs'][number]) => number): AnswerColumn => ({
      name: `${prefix}${name}`,
      type: 'float64',
      data: Float64Array.from(explanations, ({ outputs }) => value(outputs[place]!)),
    })
    const names = Object.keys(output.contributions)
    return [...names.map((name) => of(name, ({ contributions }) => contributions[name]!)), of('bias', ({ bias }) => bias)]
  })
}
