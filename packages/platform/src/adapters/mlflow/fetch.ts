import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { FairleadError } from '@fairlead/contract'
import type { MlflowLineage } from '@fairlead/contract/control'
import { readYaml, YAML_LIMIT } from '../../kernel/yaml.ts'
import { MlflowApi } from './api.ts'
import { Connection } from './connection.ts'
import { downloadArtifacts, type FetchProgress } from './download.ts'
import { type Known, lineageOf } from './lineage.ts'
import { findModel } from './resolve.ts'
import { FETCH_LIMITS, type FetchLimits, type MlflowServer } from './server.ts'

/** A model as it was fetched. */
export interface FetchedModel {
  /** Where its files are: the folder that was given, or one that is on this machine already. */
  folder: string
  lineage: MlflowLineage
  /** What its user should know. */
  notes: string[]
}

export interface FetchOptions {
  /** An empty folder for the files. */
  folder: string
  progress?: FetchProgress
  limits?: FetchLimits
}

/**
 * Fetches the files of a model that a tracking server knows by one of MLflow's addresses, with what it tells of the model's origin. Throws
 * `usage`, `tracking-…`, `artifact-invalid`, `model-too-large`, `not-supported` and `storage-full`.
 */
export async function fetchModel(server: MlflowServer, uri: string, { folder, progress, limits = FETCH_LIMITS }: FetchOptions): Promise<FetchedModel> {
  return withApi(server, async (api) => {
    const { place, notes, ...known } = await findModel(api, uri)
    if (place.kind === 'served') {
      try {
        await downloadArtifacts({ from: place.from, root: place.path, folder, limits, progress })
      } finally {
        if (place.from !== api.tracking) place.from.close()
      }
    }
    const at = place.kind === 'disk' ? place.folder : folder
    await checkFolder(at, { uri, registered: known.registered !== undefined, onDisk: place.kind === 'disk' })
    return { folder: at, notes, lineage: await lineageOf(api, uri, { ...(await namedIn(at)), ...known }) }
  })
}

/** What a tracking server tells of a model in a folder, by the run that its `MLmodel` names; nothing where it names none. */
export async function lineageOfFolder(server: MlflowServer, folder: string): Promise<MlflowLineage | undefined> {
  const known = await namedIn(folder)
  if (known.run === undefined && known.logged === undefined) return undefined
  return withApi(server, (api) => lineageOf(api, known.logged === undefined ? `runs:/${known.run}` : `models:/${known.logged}`, known))
}

async function withApi<T>(server: MlflowServer, work: (api: MlflowApi) => Promise<T>): Promise<T> {
  const tracking = new Connection(server.trackingUri, server)
  const registry = server.registryUri === undefined ? tracking : new Connection(server.registryUri, server)
  try {
    return await work(new MlflowApi(tracking, registry))
  } finally {
    tracking.close()
    registry.close()
  }
}

/** A registered model is a folder with an `MLmodel`; so is whatever is taken from this machine's disk because a server said so. */
async function checkFolder(folder: string, { uri, registered, onDisk }: { uri: string; registered: boolean; onDisk: boolean }): Promise<void> {
  if (!registered && !onDisk) return
  const found = await stat(join(folder, 'MLmodel')).catch(() => undefined)
  if (found?.isFile()) return
  const where = onDisk ? folder : 'what was fetched'
  throw new FairleadError('tracking-unknown', `${uri} is no MLflow model: there is no MLmodel file in ${where}.`)
}

/** The run and logged model that the folder's `MLmodel` names; what it is besides is for the platform to judge. */
async function namedIn(folder: string): Promise<Known> {
  const path = join(folder, 'MLmodel')
  try {
    if ((await stat(path)).size > YAML_LIMIT) return {}
    const { run_id, model_id } = readYaml(await readFile(path, 'utf8'), { schema: 'core' }).value as Record<string, unknown>
    return { ...(typeof run_id === 'string' ? { run: run_id } : {}), ...(typeof model_id === 'string' ? { logged: model_id } : {}) }
  } catch {
    return {}
  }
}
