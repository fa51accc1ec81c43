import type { MlflowLineage } from '@fairlead/contract/control'
import { cell } from './format.ts'

/** Entries of a map that are shown; all are in `--json`. */
const SHOWN = 12

/** What an MLflow server told of a version, as lines of a name and its words; those without any are empty. */
export function mlflowFacts(mlflow: MlflowLineage | undefined): [string, string][] {
  if (!mlflow) return []
  const { registered, logged, run } = mlflow
  // later steps of a run may be those of another model
  const metrics = { ...run?.metrics, ...logged?.metrics }
  const tags = { ...registered?.tags, ...run?.tags }
  return [
    ['mlflow', [mlflow.uri, registered && `version ${registered.version} of ${registered.name}`, `at ${mlflow.trackingUri}`].filter(Boolean).join(', ')],
    ['run', run ? runWords(run) : ''],
    ['run metrics', some(metrics, ({ value, step }) => (step === undefined || step === 0 ? String(value) : `${value} at step ${step}`))],
    ['run params', some({ ...run?.params, ...logged?.params }, cell)],
    ['run tags', some(Object.fromEntries(Object.entries(tags).filter(([key]) => !key.startsWith('mlflow.'))), cell)],
    ['run data', (run?.datasets ?? []).map(({ name, digest, context }) => [context, name, digest && `(${digest})`].filter(Boolean).join(' ')).join(', ')],
    ['left out', (mlflow.cut ?? []).join('; ')],
  ]
}

function runWords({ id, name, experiment, user, startedAt }: NonNullable<MlflowLineage['run']>): string {
  const parts = [name === undefined ? id : `${name} (${id})`, experiment && `of ${experiment}`, user && `by ${user}`, startedAt?.slice(0, 10)]
  return parts.filter(Boolean).join(' ')
}

function some<T>(map: Record<string, T>, words: (value: T) => string): string {
  const all = Object.entries(map)
  const shown = all.slice(0, SHOWN).map(([key, value]) => `${key}=${words(value)}`)
  return [...shown, ...(all.length > SHOWN ? [`and ${all.length - SHOWN} more`] : [])].join(', ')
}
