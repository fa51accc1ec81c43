import { rmSync } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ImportRequest, MlflowLineage } from '@fairlead/contract/control'
import { isMlflowUri } from '../adapters/mlflow/uri.ts'
import { mlflowSettings } from '../config/index.ts'
import type { Context } from './context.ts'
import { EXIT } from './failure.ts'
import { bytes } from './format.ts'
import type { Progress } from './progress.ts'

/** What is known of a model from an MLflow tracking server, and where its files are on this machine. */
export interface RemoteModel extends AsyncDisposable {
  folder: string
  lineage: NonNullable<ImportRequest['lineage']>
  /** Of the registered version, where that has one. */
  description: string | undefined
  /** Last values of the run's metrics that are numbers. */
  metrics: Record<string, number>
}

export interface RemoteSource {
  source: string
  trackingUri: string | undefined
  progress: Progress
}

/**
 * Fetches a source that is an address of MLflow into a folder that is gone when the answer is disposed; of a folder of this machine, with a
 * tracking server named, asks that what it knows of the run. `undefined` for any other source. Throws what fetching throws.
 */
export async function remoteModel(context: Context, { source, trackingUri, progress }: RemoteSource): Promise<RemoteModel | undefined> {
  if (!isMlflowUri(source)) return trackingUri === undefined ? undefined : localModel(context, source, trackingUri)
  const server = mlflowSettings(context.io.env, { trackingUri: trackingUri ?? context.io.env.MLFLOW_TRACKING_URI ?? serverIn(source) })
  const { fetchModel } = await loaded()
  const own = await temporaryFolder()
  try {
    progress.update(`asking ${server.trackingUri}`, null)
    const { folder, lineage, notes } = await fetchModel(server, source, {
      folder: own.path,
      progress: ({ path, size }, received, total) => {
        const what = `fetching ${path === '' ? source : path}`
        if (total > 0) progress.transfer({ what, size: size ?? 0 }, received, total)
        else progress.update(context.output.interactive ? `${what} ${bytes(received)}` : what, null)
      },
    })
    progress.end()
    for (const note of notes) context.output.note(`note: ${note}`)
    return { folder, ...told(lineage), [Symbol.asyncDispose]: own.remove }
  } catch (error) {
    progress.end()
    await own.remove()
    throw error
  }
}

/** No other command needs the client of a tracking server. */
function loaded() {
  return import('../adapters/mlflow/index.ts')
}

/** A folder that is there keeps its source; only what the run tells is added. */
async function localModel(context: Context, source: string, trackingUri: string): Promise<RemoteModel | undefined> {
  if (!(await stat(source).catch(() => undefined))?.isDirectory()) return undefined
  const { lineageOfFolder } = await loaded()
  const lineage = await lineageOfFolder(mlflowSettings(context.io.env, { trackingUri }), source)
  const nothing = async () => {}
  if (lineage === undefined) {
    context.output.note(`note: ${source} names no run, so that there is nothing to ask ${trackingUri}`)
    return undefined
  }
  const known = told(lineage)
  return { folder: source, ...known, lineage: { ...known.lineage, source }, [Symbol.asyncDispose]: nothing }
}

/** An address of artifacts by http names its server itself. */
function serverIn(source: string): string | undefined {
  return /^https?:/i.test(source) ? source.slice(0, source.indexOf('/api/2.0/mlflow-artifacts/')) : undefined
}

function told(mlflow: MlflowLineage): Pick<RemoteModel, 'lineage' | 'description' | 'metrics'> {
  const { registered, run } = mlflow
  return {
    lineage: {
      source: registered ? `models:/${registered.name}/${registered.version}` : mlflow.uri,
      mlflow,
      ...(run === undefined ? {} : { trainingRun: run.id }),
      ...(run?.commit === undefined ? {} : { codeCommit: run.commit }),
    },
    description: registered?.description,
    metrics: figuresOf(mlflow),
  }
}

/** Metrics of the model itself go before those of its run; what is no number in either is left out, and so is what MLflow logs of the machine. */
function figuresOf({ run, logged }: MlflowLineage): Record<string, number> {
  const figures = new Map<string, number>()
  for (const metrics of [run?.metrics, logged?.metrics])
    for (const [name, { value }] of Object.entries(metrics ?? {}))
      if (typeof value === 'number' && !name.startsWith('system/') && typeof run?.metrics[name]?.value !== 'string') figures.set(name, value)
  return Object.fromEntries(figures)
}

/** A folder that is removed, also when the command is interrupted. */
async function temporaryFolder(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'fairlead-mlflow-'))
  const interrupted = () => {
    rmSync(path, { recursive: true, force: true })
    process.exit(EXIT.failed)
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, interrupted)
  return {
    path,
    async remove() {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, interrupted)
      await rm(path, { recursive: true, force: true })
    },
  }
}
