import { FairleadError } from '@fairlead/contract'
import { MLFLOW_LINEAGE_LIMITS, type MlflowLineage } from '@fairlead/contract/control'
import { rfc3339 } from '../../kernel/clock.ts'
import type { LoggedModel, ModelVersion, Run } from './answers.ts'
import type { MlflowApi } from './api.ts'

const { text: TEXT, key: KEY, entries: ENTRIES } = MLFLOW_LINEAGE_LIMITS
/** Tags in which MLflow keeps books about itself; they repeat the model, and are long. */
const BOOKKEEPING = new Set(['mlflow.log-model.history', 'mlflow.loggedArtifacts', 'mlflow.modelVersions', 'mlflow.loggedModels'])
const LISTED = 100

/** What of a model is known by its names. */
export interface Known {
  registered?: { name: string; version: string } | undefined
  logged?: string | undefined
  run?: string | undefined
}

/**
 * Asks the tracking server for all that it knows of where a model came from: the registered version, the logged model, its run. What may
 * not be read or is gone is named under `cut`, and costs nothing else; so is what is too long. Throws `tracking-unreachable` only.
 */
export async function lineageOf(api: MlflowApi, uri: string, known: Known): Promise<MlflowLineage> {
  const cut = new Cut()
  const version = known.registered && (await cut.readable('the registered version', api.version(known.registered.name, known.registered.version)))
  const loggedId = known.logged ?? (version?.model_id || undefined)
  const logged = loggedId === undefined ? undefined : await cut.readable('the logged model', api.logged(loggedId))
  const runId = known.run ?? (version?.run_id || logged?.info.source_run_id || undefined)
  const run = runId === undefined ? undefined : await cut.readable('the run', api.run(runId))
  const experimentId = run?.info.experiment_id ?? undefined
  const experiment = experimentId === undefined ? undefined : await cut.readable('the experiment', api.experimentName(experimentId))
  const told = cut.words
  return clean({
    trackingUri: cut.text('the address of the server', withoutUser(api.tracking.base.href.replace(/\/$/, ''))),
    uri: cut.text('the address', withoutUser(uri)),
    registered: version && registeredOf(version, cut),
    logged: logged && loggedOf(logged, cut),
    run: run && runOf(run, experiment, cut),
    cut: told.length > 0 ? told.slice(0, LISTED) : undefined,
  })
}

/** Collects what is left out. */
class Cut {
  readonly words: string[] = []

  async readable<T>(what: string, answer: Promise<T>): Promise<T | undefined> {
    try {
      return await answer
    } catch (error) {
      if (!(error instanceof FairleadError) || error.code === 'tracking-unreachable') throw error
      this.words.push(`${what}: ${error.message}`.slice(0, 500))
      return undefined
    }
  }

  text(what: string, value: string): string {
    if (value.length <= TEXT) return value
    this.words.push(`${what}: ${value.length} characters, of which the first ${TEXT - 1} are kept`.slice(0, 500))
    return `${value.slice(0, TEXT - 1).toWellFormed()}…`
  }

  maybe(what: string, value: string | null | undefined): string | undefined {
    return value === null || value === undefined || value === '' ? undefined : this.text(what, withoutUser(value))
  }

  /** A list of pairs as a map of bounded size. */
  map<V, T>(what: string, list: readonly { key: string; value?: V }[] | null | undefined, of: (one: { key: string; value?: V }) => T): Record<string, T> {
    const all = (list ?? []).filter(({ key }) => !BOOKKEEPING.has(key) && key !== '__proto__')
    const kept = all.filter(({ key }) => key.length <= KEY).slice(0, ENTRIES)
    if (kept.length < all.length) this.words.push(`${what}: ${kept.length} of ${all.length} are kept`)
    return Object.fromEntries(kept.map((one) => [one.key, of(one)]))
  }

  texts(what: string, list: readonly { key: string; value?: string | null | undefined }[] | null | undefined): Record<string, string> {
    return this.map(what, list, ({ key, value }) => this.text(`${what} ${key}`, withoutUser(value ?? '')))
  }
}

function registeredOf({ name, version, current_stage, description, aliases, tags }: ModelVersion, cut: Cut): NonNullable<MlflowLineage['registered']> {
  return clean({
    name: cut.text('the name', name),
    version,
    stage: current_stage === 'None' ? undefined : cut.maybe('the stage', current_stage),
    description: cut.maybe('the description', description),
    aliases: (aliases ?? []).slice(0, LISTED).map((alias) => cut.text('an alias', alias)),
    tags: cut.texts('tags of the registered version', tags),
  })
}

function loggedOf({ info, data }: LoggedModel, cut: Cut): NonNullable<MlflowLineage['logged']> {
  return clean({
    id: cut.text('the id of the logged model', info.model_id),
    name: cut.maybe('the name of the logged model', info.name),
    metrics: metricsOf('metrics of the logged model', data?.metrics, cut),
    params: cut.texts('parameters of the logged model', data?.params),
    tags: cut.texts('tags of the logged model', info.tags),
  })
}

function runOf({ info, data, inputs }: Run, experiment: string | undefined, cut: Cut): NonNullable<MlflowLineage['run']> {
  const tag = (name: string) => data?.tags?.find(({ key }) => key === name)?.value
  const datasets = inputs?.dataset_inputs ?? []
  if (datasets.length > LISTED) cut.words.push(`data sets: ${LISTED} of ${datasets.length} are kept`)
  return clean({
    id: cut.text('the id of the run', info.run_id),
    name: cut.maybe('the name of the run', info.run_name ?? tag('mlflow.runName')),
    experimentId: info.experiment_id ?? undefined,
    experiment: cut.maybe('the experiment', experiment),
    user: cut.maybe('the user', info.user_id || tag('mlflow.user')),
    status: cut.maybe('the status', info.status),
    startedAt: timeOf(info.start_time),
    endedAt: timeOf(info.end_time),
    source: cut.maybe('the source', tag('mlflow.source.name')),
    commit: cut.maybe('the commit', tag('mlflow.source.git.commit')),
    branch: cut.maybe('the branch', tag('mlflow.source.git.branch')),
    repository: cut.maybe('the repository', tag('mlflow.source.git.repoURL')),
    metrics: metricsOf('metrics of the run', data?.metrics, cut),
    params: cut.texts('parameters of the run', data?.params),
    tags: cut.texts('tags of the run', data?.tags),
    datasets: datasets.slice(0, LISTED).map(({ dataset, tags }) =>
      clean({
        name: cut.text('the name of a data set', dataset.name),
        digest: cut.maybe('the digest of a data set', dataset.digest),
        context: cut.maybe('the use of a data set', tags?.find(({ key }) => key === 'mlflow.data.context')?.value),
        source: cut.maybe('the source of a data set', dataset.source),
      }),
    ),
  })
}

type Metrics = Record<string, { value: number | 'NaN' | 'Infinity' | '-Infinity'; step?: number }>

/** The last value of each metric: that is what `runs/get` has of them. */
function metricsOf(
  what: string,
  list: readonly { key: string; value: number | string; step?: number | null | undefined }[] | null | undefined,
  cut: Cut,
): Metrics {
  const steps = new Map((list ?? []).map(({ key, step }) => [key, step]))
  return cut.map(what, list, ({ key, value }) => {
    const number = Number(value)
    const step = steps.get(key)
    return { value: Number.isFinite(number) ? number : (String(number) as 'NaN'), ...(typeof step === 'number' ? { step } : {}) }
  })
}

function timeOf(millis: number | null | undefined): string | undefined {
  return typeof millis === 'number' && millis > 0 && millis < 8.64e15 ? rfc3339(millis) : undefined
}

/** Addresses in tags and names may carry a password. */
function withoutUser(text: string): string {
  return text.replace(/\b([a-zA-Z][a-zA-Z0-9+.-]*:\/\/)[^/\s@]+@/g, '$1')
}

type Clean<T> = { [K in keyof T]: Exclude<T[K], undefined> }

function clean<T extends object>(value: T): Clean<T> {
  return Object.fromEntries(Object.entries(value).filter(([, inner]) => inner !== undefined)) as Clean<T>
}
