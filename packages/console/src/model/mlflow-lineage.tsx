import type { MlflowLineage } from '@fairlead/contract/control'
import { Ago, Facts } from '../ui/show.tsx'
import { metricsOf, tagsOf } from './mlflow.ts'

/** What an MLflow tracking server told of a version: where it was registered, and the run that made it. */
export function MlflowSection({ mlflow }: { mlflow: MlflowLineage }) {
  const { registered, logged, run } = mlflow
  return (
    <section className="fl-stack" aria-label="MLflow">
      <h3>From MLflow</h3>
      <Facts items={origin(mlflow)} />
      <div className="fl-columns">
        <Pairs title="Metrics of the run, last values" items={metricsOf(mlflow)} />
        <Pairs title="Parameters" items={Object.entries({ ...run?.params, ...logged?.params })} />
        <Pairs title="Tags" items={tagsOf(mlflow)} />
      </div>
      {registered?.description ? (
        <p>
          <bdi>{registered.description}</bdi>
        </p>
      ) : null}
      {mlflow.cut ? <p className="fl-soft">Left out: {mlflow.cut.join('; ')}.</p> : null}
    </section>
  )
}

function Pairs({ title, items }: { title: string; items: readonly [string, string][] }) {
  if (items.length === 0) return null
  return (
    <div className="fl-stack tight">
      <h3>{title}</h3>
      <Facts items={items} />
    </div>
  )
}

type Fact = Parameters<typeof Facts>[0]['items'][number]

function origin({ trackingUri, uri, registered, logged, run }: MlflowLineage): Fact[] {
  const facts: (Fact | undefined)[] = [
    ['Server', trackingUri],
    ['Asked for', uri],
    registered && ['Registered as', `${registered.name}, version ${registered.version}${registered.aliases.map((alias) => ` @${alias}`).join('')}`],
    registered?.stage ? ['Stage', registered.stage] : undefined,
    logged && ['Logged model', logged.name === undefined ? logged.id : `${logged.name} (${logged.id})`],
    run && ['Run', run.name === undefined ? run.id : `${run.name} (${run.id})`],
    run?.experiment ? ['Experiment', run.experiment] : undefined,
    run?.user ? ['User', run.user] : undefined,
    run?.startedAt ? ['Started', <Ago key="started" at={run.startedAt} />] : undefined,
    run?.source ? ['Program', run.source] : undefined,
    run?.repository ? ['Repository', run.branch === undefined ? run.repository : `${run.repository}, branch ${run.branch}`] : undefined,
    ...(run?.datasets ?? []).map(({ name, digest, context }, at): Fact => [`Data set ${at + 1}`, [name, context, digest].filter(Boolean).join(', ')]),
  ]
  return facts.filter((fact) => fact !== undefined)
}
