import type { ModelWork } from '@fairlead/contract/control'
import { type Facts, type Form, factsOf, kindsOf } from '@fairlead/evaluator'

/** What a form does for one row, counted. */
export function formWork(form: Form, { ensembles }: Pick<Facts, 'ensembles'> = factsOf(form, { features: 0 })): ModelWork {
  const weights = form.steps.reduce((sum, step) => sum + (step.op === 'affine' ? step.weights.length : 0), 0)
  return {
    steps: form.steps.length,
    cells: kindsOf(form).reduce((sum, { width }) => sum + width, 0),
    visits: Math.round(ensembles.reduce((sum, { visits }) => sum + visits, 0)),
    weights,
  }
}
