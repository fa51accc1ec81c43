import type { z } from 'zod'
import {
  downloadUri,
  type LoggedModel,
  type ModelVersion,
  manyLogged,
  manyVersions,
  oneExperiment,
  oneLogged,
  oneRun,
  oneVersion,
  type Run,
} from './answers.ts'
import type { Connection } from './connection.ts'

const PREFIX = 'api/2.0/mlflow/'
/** Pages of a search that are read. */
const PAGES = 40

/** The calls of MLflow's REST API that finding a model takes. Every member throws what `Connection` throws. */
export class MlflowApi {
  readonly tracking: Connection
  readonly registry: Connection

  constructor(tracking: Connection, registry: Connection) {
    this.tracking = tracking
    this.registry = registry
  }

  /** Where the files of a registered version are. */
  async downloadUri(name: string, version: string): Promise<string> {
    return (await this.#registered('model-versions/get-download-uri', { name, version }, downloadUri)).artifact_uri
  }

  async version(name: string, version: string): Promise<ModelVersion> {
    return (await this.#registered('model-versions/get', { name, version }, oneVersion)).model_version
  }

  async versionOfAlias(name: string, alias: string): Promise<ModelVersion> {
    return (await this.#registered('registered-models/alias', { name, alias }, oneVersion)).model_version
  }

  /** The newest version of each stage that is named, or of every stage. */
  async latestVersions(name: string, stages: string[] | undefined): Promise<ModelVersion[]> {
    const body = stages === undefined ? { name } : { name, stages }
    return (await this.registry.post(`${PREFIX}registered-models/get-latest-versions`, body, manyVersions)).model_versions ?? []
  }

  async run(id: string): Promise<Run> {
    // clients send both names of the same thing
    return (await this.tracking.get(`${PREFIX}runs/get`, { run_id: id, run_uuid: id }, oneRun)).run
  }

  async experimentName(id: string): Promise<string | undefined> {
    return (await this.tracking.get(`${PREFIX}experiments/get`, { experiment_id: id }, oneExperiment)).experiment.name ?? undefined
  }

  async logged(id: string): Promise<LoggedModel> {
    return (await this.tracking.get(`${PREFIX}logged-models/${encodeURIComponent(id)}`, {}, oneLogged)).model
  }

  /** Models of an experiment that were logged under a name. */
  async loggedAs(experiment: string, name: string): Promise<LoggedModel[]> {
    const found: LoggedModel[] = []
    let token: string | undefined
    for (let page = 0; page < PAGES; page++) {
      const body = { experiment_ids: [experiment], filter: `name = '${name}'`, ...(token === undefined ? {} : { page_token: token }) }
      const { models, next_page_token } = await this.tracking.post(`${PREFIX}logged-models/search`, body, manyLogged)
      found.push(...(models ?? []))
      token = next_page_token ?? undefined
      if (token === undefined || token === '') break
    }
    return found
  }

  #registered<T extends z.ZodType>(path: string, query: Record<string, string>, schema: T): Promise<z.infer<T>> {
    return this.registry.get(PREFIX + path, query, schema)
  }
}
