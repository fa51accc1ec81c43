import type { MlflowLineage } from '@fairlead/contract/control'
import { formatCount, formatFigure } from '../format/number.ts'

/** Last values of the run's metrics; those of the logged model go before the run's, whose later steps may be another model's. */
export function metricsOf({ run, logged }: MlflowLineage): [string, string][] {
  const all = Object.entries({ ...run?.metrics, ...logged?.metrics })
  return all.map(([name, { value, step }]) => {
    const figure = typeof value === 'number' ? formatFigure(value) : value
    return [name, step ? `${figure} at step ${formatCount(step)}` : figure]
  })
}

/** Tags of people: those of MLflow itself stand among the facts of the run. */
export function tagsOf({ registered, run, logged }: MlflowLineage): [string, string][] {
  return Object.entries({ ...run?.tags, ...logged?.tags, ...registered?.tags }).filter(([name]) => !name.startsWith('mlflow.'))
}
