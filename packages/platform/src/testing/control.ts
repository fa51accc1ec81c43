import { FairleadError } from '@fairlead/contract'
import type { Model, Status } from '@fairlead/contract/control'
import type { Kysely } from 'kysely'
import { Access } from '../domain/governance/index.ts'
import { sha256 } from '../kernel/digest.ts'
import { IdempotencyStore, type IdempotencyTables } from '../kernel/idempotency.ts'
import { silentLogger } from '../kernel/logger.ts'
import { type ControlServerOptions, controlServer, type RegistrySource } from '../transport/control/index.ts'
import { deploymentsForTest, modelVersion } from './deployments.ts'

export const ADMIN_TOKEN = 'fla_test-token-of-the-administrator'

/** A registry with one model, `credit`, whose description can be changed, and uploads that keep their bytes. */
export function fakeRegistry(): RegistrySource & { uploads: Map<string, Uint8Array> } {
  const uploads = new Map<string, Uint8Array>()
  let description = ''
  const model = (name: string): Model => {
    if (name !== 'credit') throw new FairleadError('model-unknown', `There is no model "${name}".`)
    const at = '2026-01-01T00:00:00.000Z'
    return { name, description, tags: {}, versions: 1, newest: 1, aliases: {}, deployments: [], createdAt: at, updatedAt: at }
  }
  return {
    uploads,
    createUpload: async () => ({ upload: 'u1', expiresAt: '2026-01-01T01:00:00.000Z' }),
    async putFile(_upload, path, body) {
      const pieces: Uint8Array[] = []
      for await (const piece of body) pieces.push(piece)
      const bytes = Buffer.concat(pieces)
      uploads.set(path, bytes)
      return { path, digest: sha256(bytes), size: bytes.length }
    },
    dropUpload: async () => uploads.clear(),
    importVersion: async (name) => ({ created: uploads.size > 0, version: modelVersion(name, 1) }),
    listModels: async () => ({ items: [model('credit')], next: null }),
    getModel: async (name) => model(name),
    async patchModel(name, patch) {
      description = patch.description ?? description
      return model(name)
    },
    async deleteModel() {
      throw new Error('secret: a bug at /some/path')
    },
    listVersions: async () => ({ items: [], next: null }),
    getVersion: async (name, version) => modelVersion(name, version),
    resolve: async () => modelVersion('credit', 1),
    patchVersion: async (name, version) => modelVersion(name, version),
    deleteVersion: async () => {},
    setAlias: async (name) => model(name),
    deleteAlias: async () => {},
    verify: async (name, version) => ({ model: name, version, digest: sha256(''), ok: true, files: [] }),
    graph: async () => ({ nodes: [], edges: [], truncated: false }),
    async openFile(_model, _version, path) {
      const bytes = Buffer.from(`contents of ${path}`)
      return {
        size: bytes.length,
        digest: sha256(bytes),
        body: (async function* () {
          yield bytes
        })(),
      }
    },
  }
}

/** No jobs at all. */
function fakeJobs(): ControlServerOptions['jobs'] {
  const none = async (id: unknown): Promise<never> => {
    throw new FairleadError('job-unknown', `There is no job ${id}.`)
  }
  const list = async () => ({ items: [], next: null })
  return { create: none, preview: none, list, get: none, settled: none, pause: none, resume: none, cancel: none, async *watch() {} }
}

const STATUS = { sentence: 'All is well.', deployments: [] } as unknown as Status

/** A control server on fakes, with deployments in memory. */
export async function controlForTest(more: Partial<ControlServerOptions> = {}) {
  const made = await deploymentsForTest()
  const registry = fakeRegistry()
  const access = new Access({ db: made.access, adminToken: ADMIN_TOKEN, clock: made.clock })
  const server = controlServer({
    registry,
    inside: {
      tree: async (_model, _version, ask) => ({ step: 0, tree: ask.tree, trees: 9, nodes: [{ id: ask.depth, kind: 'leaf', values: [1, null] }] }),
      compare: async (_model, before, after) => ({ same: false, changes: [{ what: 'objective', before, after }], ensembles: [], importance: [] }),
    },
    deployments: made.deployments,
    jobs: fakeJobs(),
    access,
    idempotency: new IdempotencyStore(made.store.db as unknown as Kysely<IdempotencyTables>, made.clock),
    status: { status: async () => STATUS },
    telemetry: {
      telemetry: async (deployment, { since, until }) => ({
        deployment,
        from: new Date(since).toISOString(),
        to: new Date(until).toISOString(),
        stepSeconds: 60,
        points: [],
        releases: [],
      }),
    },
    predictions: {
      has: async (deployment) => deployment === 'credit-risk',
      query: async (query) => ({ columns: [], items: [{ ...query }], next: null }),
      export: async (_query, format) =>
        (async function* () {
          yield `${format},1\n`
          yield '2\n'
        })(),
    },
    tryPredict: async (deployment, body) => `{"deployment":"${deployment}","body":${body}}`,
    metricsText: () => '# metrics\n',
    readiness: () => ({ ready: false, reasons: ['loading'], degraded: [] }),
    consoleUrl: () => 'http://127.0.0.1:7300',
    version: '0.1.0',
    clock: made.clock,
    logger: silentLogger,
    host: '127.0.0.1',
    loopback: true,
    statusEveryMs: 30,
    ...more,
  })
  return {
    ...made,
    registry,
    server,
    control: access,
    async [Symbol.asyncDispose]() {
      await server.close()
      await made.close()
    },
  }
}
