import { isAbsolute } from 'node:path'
import { FairleadError } from '@fairlead/contract'
import type { MlflowApi } from './api.ts'
import type { Connection } from './connection.ts'
import { type MlflowUri, parseMlflowUri } from './uri.ts'

/** What an address turned out to name. */
export interface Found {
  place: Place
  registered?: { name: string; version: string }
  logged?: string
  run?: string
  /** What its user should know, such as that stages are deprecated. */
  notes: string[]
}

/** Where files are: behind a server that hands them out, or on the disk of this machine. */
export type Place = { kind: 'served'; from: Connection; path: string } | { kind: 'disk'; folder: string }

/** Addresses that lead to one another before it is given up. */
const HOPS = 5
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/

type Step = Omit<Found, 'place' | 'notes'> & { notes?: string[]; next: MlflowUri }

/**
 * Finds where the files of a model are, by what the tracking server says (MLflow's URI forms, also those that lead to one another). Throws
 * `usage` for an address of a wrong form, `tracking-unknown` for what is not there, `not-supported` for stores that are not read, and what
 * `Connection` throws.
 */
export async function findModel(api: MlflowApi, uri: string): Promise<Found> {
  const found: Omit<Found, 'place'> = { notes: [] }
  let at = parseMlflowUri(uri)
  for (let hop = 0; hop < HOPS; hop++) {
    const place = placeOf(api, at, hop > 0)
    if (place) return { ...found, place }
    const { next, notes = [], ...known } = await step(api, at)
    // what was named first is what was asked for
    Object.assign(found, { ...known, ...found, notes: [...found.notes, ...notes] })
    at = next
  }
  throw new FairleadError('tracking-failed', `${uri} leads from address to address more than ${HOPS} times.`)
}

function placeOf(api: MlflowApi, at: MlflowUri, told: boolean): Place | undefined {
  if (at.kind === 'artifacts') return { kind: 'served', from: serverOf(api.tracking, at), path: at.path }
  if (at.kind === 'file') return { kind: 'disk', folder: onDisk(api.tracking, at.path) }
  if (at.kind !== 'other') return undefined
  const why = told ? `The model's files are in a store at ${at.scheme}:, which` : `${at.scheme}: addresses`
  throw new FairleadError(
    'not-supported',
    `${why} cannot be fetched from yet. Let the tracking server hand artifacts out (--serve-artifacts), or download them with \`mlflow artifacts download\` and import the folder.`,
  )
}

function serverOf(tracking: Connection, { host, base }: Extract<MlflowUri, { kind: 'artifacts' }>): Connection {
  if (base !== undefined) return sameServer(tracking, base)
  if (host === undefined || host === tracking.base.host) return tracking
  // the protocol's rule: the host is another, the rest of the address stays
  const other = URL.parse(tracking.base.href.replace(`//${tracking.base.host}`, `//${host}`))
  if (other === null || other.username !== '' || other.host !== host.toLowerCase())
    throw new FairleadError('tracking-failed', `"${host.slice(0, 100)}" is not a host.`)
  return tracking.to(other.href)
}

function sameServer(tracking: Connection, base: string): Connection {
  return `${base}/` === tracking.base.href ? tracking : tracking.to(base)
}

/** A server elsewhere must not choose files of this machine to be handed over. */
function onDisk({ base }: Connection, path: string): string {
  if (LOOPBACK.test(base.hostname) && isAbsolute(path)) return path
  throw new FairleadError(
    'not-supported',
    `The model's files are on the disk of ${base.hostname} (${path.slice(0, 300)}). Start that server with --serve-artifacts, or copy the folder and import it.`,
  )
}

async function step(api: MlflowApi, at: MlflowUri): Promise<Step> {
  if (at.kind === 'version') return versionStep(api, at)
  if (at.kind === 'alias') return versionStep(api, await api.versionOfAlias(at.name, at.alias))
  if (at.kind === 'stage') return stageStep(api, at)
  if (at.kind === 'logged') return loggedStep(api, at.id)
  if (at.kind === 'run') return runStep(api, at)
  throw new FairleadError('tracking-failed', 'This address cannot be followed.')
}

async function versionStep(api: MlflowApi, { name, version }: { name: string; version: string }): Promise<Step> {
  const uri = await api.downloadUri(name, version)
  return { next: parseMlflowUri(uri), registered: { name, version } }
}

async function stageStep(api: MlflowApi, { name, stage }: Extract<MlflowUri, { kind: 'stage' }>): Promise<Step> {
  const versions = await api.latestVersions(name, stage === undefined ? undefined : [stage])
  const newest = versions.toSorted((a, b) => Number(b.version) - Number(a.version))[0]
  if (!newest) {
    const where = stage === undefined ? '' : ` and stage '${stage}'`
    throw new FairleadError('tracking-unknown', `No versions of model with name '${name}'${where} found.`)
  }
  const notes =
    stage === undefined ? [] : [`stages are deprecated in MLflow; ${stage} of ${name} is version ${newest.version} now. Name the version, or give it an alias.`]
  return { ...(await versionStep(api, newest)), notes }
}

async function loggedStep(api: MlflowApi, id: string): Promise<Step> {
  const { info } = await api.logged(id).catch((error: unknown) => withForms(error, id))
  if (!info.artifact_uri) throw new FairleadError('tracking-failed', `The logged model ${id} has no artifacts.`)
  return { next: parseMlflowUri(info.artifact_uri), logged: info.model_id, ...(info.source_run_id ? { run: info.source_run_id } : {}) }
}

/** A name without a version is taken for the id of a logged model, and is rarely meant so. */
function withForms(error: unknown, id: string): never {
  if (!(error instanceof FairleadError) || error.code !== 'tracking-unknown') throw error
  if (/^m-[0-9a-f]{32}$/.test(id))
    throw new FairleadError('tracking-unknown', `There is no logged model ${id} (they begin with MLflow 3). ${error.message}`, { cause: error })
  throw new FairleadError(
    'tracking-unknown',
    `There is no logged model with the id "${id}". A registered model is models:/${id}/VERSION or models:/${id}@ALIAS.`,
    { cause: error },
  )
}

/** Models that MLflow 3 logs are not among the run's artifacts: they are found by name, and of several the one of the last step counts. */
async function runStep(api: MlflowApi, { run: id, path }: Extract<MlflowUri, { kind: 'run' }>): Promise<Step> {
  const run = await api.run(id)
  const [name = '', ...inner] = path.split('/')
  const { experiment_id: experiment, artifact_uri: root } = run.info
  if (experiment && !name.includes("'")) {
    const candidates = (await missingIsNone(api.loggedAs(experiment, name))).filter(({ info }) => info.source_run_id === run.info.run_id && info.artifact_uri)
    const steps = new Map((run.outputs?.model_outputs ?? []).map(({ model_id, step }) => [model_id, step ?? 0]))
    const [best] = candidates.toSorted((a, b) => (steps.get(b.info.model_id) ?? 0) - (steps.get(a.info.model_id) ?? 0))
    if (best) return { next: parseMlflowUri([best.info.artifact_uri, ...inner].join('/')), run: id, logged: best.info.model_id }
  }
  if (!root) throw new FairleadError('tracking-failed', `The run ${id} has no artifacts.`)
  return { next: parseMlflowUri(`${root.replace(/\/+$/, '')}/${path}`), run: id }
}

/** Servers of MLflow 2 have no logged models. */
async function missingIsNone<T>(answer: Promise<T[]>): Promise<T[]> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof FairleadError && error.code === 'tracking-unknown') return []
    throw error
  }
}
