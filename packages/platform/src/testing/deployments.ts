import { FairleadError, parseModelRef, type Signature } from '@fairlead/contract'
import type { Execution, ModelVersion } from '@fairlead/contract/control'
import type { Kysely } from 'kysely'
import { openSqlite } from '../adapters/sqlite/database.ts'
import { type DeploymentDb, Deployments, deploymentMigrations, type ModelSource, type ObservedReport, type ObservedStore } from '../domain/deployment/index.ts'
import { type GovernanceDb, governanceMigrations } from '../domain/governance/index.ts'
import type { Clock } from '../kernel/clock.ts'
import { sha256 } from '../kernel/digest.ts'
import { migrate } from '../kernel/sql/migrate.ts'

/** A classifier's signature with two columns. */
export const SIGNATURE: Signature = {
  task: 'classification',
  inputs: [{ name: 'x', type: 'float32', shape: [-1, 2] }],
  outputs: [
    { name: 'label', type: 'string', shape: [-1] },
    { name: 'probabilities', type: 'float32', shape: [-1, 2] },
  ],
  columns: [
    { name: 'age', type: 'float32', tensor: 'x', index: 0 },
    { name: 'amount', type: 'float32', tensor: 'x', index: 1 },
  ],
  fields: [
    { name: 'label', kind: 'label', type: 'string', tensor: 'label', classes: ['good', 'bad'] },
    { name: 'probabilities', kind: 'probabilities', type: 'float32', tensor: 'probabilities', classes: ['good', 'bad'] },
  ],
}

/** A version of a model that is in no registry. */
export function modelVersion(model: string, version: number): ModelVersion {
  const digest = sha256(`${model} ${version}`)
  return {
    model,
    version,
    digest,
    format: 'onnx',
    description: '',
    tags: {},
    metrics: {},
    aliases: [],
    files: [{ path: 'model.onnx', digest, size: 3 }],
    sizeBytes: 3,
    signature: SIGNATURE,
    facts: { format: 'onnx', opsets: {}, metadata: {}, operators: {}, unsupportedOperators: [], parameters: 0, sizeBytes: 3, rewrites: [] },
    lineage: { importedBy: 'admin', importedAt: '2026-01-01T00:00:00.000Z' },
    example: [{ age: 35, amount: 1000 }],
    goldenRowCount: 0,
    createdAt: '2026-01-01T00:00:00.000Z',
    deployments: [],
  }
}

/** A registry with a model `credit` of `versions` versions. */
export function fakeModels(versions = 2): ModelSource & { gone: Set<number> } {
  const gone = new Set<number>()
  return {
    gone,
    async resolve(ref) {
      const parsed = parseModelRef(ref)
      if (!parsed) throw new FairleadError('reference-invalid', `"${ref}" is not a reference.`)
      if (!('name' in parsed) || parsed.name !== 'credit') throw new FairleadError('model-unknown', `There is no model ${ref}.`)
      const version = parsed.kind === 'version' ? parsed.version : versions
      if (version > versions || gone.has(version)) throw new FairleadError('version-unknown', `There is no version ${version}.`)
      return modelVersion('credit', version)
    },
    goldenOf: async () => undefined,
    entryOf: async () => 'model.onnx',
    async confirm({ version }) {
      if (gone.has(version)) throw new FairleadError('version-unknown', `Version ${version} has been removed.`)
    },
  }
}

/** An observed store in memory. */
export function memoryObserved(): ObservedStore {
  const reports = new Map<string, ObservedReport & { since: string }>()
  return {
    report: (report) => void reports.set(`${report.process} ${report.deployment} ${report.release}`, { ...report, since: '2026-01-01T00:00:00.000Z' }),
    list: (deployment) => [...reports.values()].filter((report) => deployment === undefined || report.deployment === deployment),
    forget: (what) => {
      for (const [key, report] of reports) {
        const wanted = Object.entries(what).filter(([, value]) => value !== undefined)
        if (wanted.every(([name, value]) => report[name as 'process'] === value)) reports.delete(key)
      }
    },
  }
}

export const EXECUTION: Execution = { runtime: 'onnx', mode: 'inline', reason: 'fast', workers: 1, loadMs: 3, measured: [{ rows: 1, micros: 20 }], tile: 64 }

/** A clock that is moved by hand. */
export function handClock(at = Date.parse('2026-01-01T00:00:00.000Z')): Clock & { at: number } {
  return {
    at,
    now() {
      return this.at
    },
  }
}

/** Deployments over a store in memory, with processes that the test plays. */
export async function deploymentsForTest(options: { live?: string[]; path?: string; models?: ReturnType<typeof fakeModels> } = {}) {
  const store = openSqlite<object>(options.path ?? ':memory:')
  await migrate(store.db as Kysely<object>, [...deploymentMigrations, ...governanceMigrations], { store: 'test', program: '0.1.0' })
  const db = store.db as unknown as DeploymentDb
  const observed = memoryObserved()
  const clock = handClock()
  const live = options.live ?? ['serve-1']
  const models = options.models ?? fakeModels()
  let nudges = 0
  const deployments = new Deployments({
    db,
    registry: models,
    observed,
    clock,
    liveProcesses: () => [...live],
    nudge: () => void nudges++,
    addresses: () => ({ http: 'http://127.0.0.1:7310' }),
    onError: (error) => {
      throw error
    },
  })
  const say = (process: string, release: number, state: ObservedReport['state'], more: Partial<ObservedReport> = {}) =>
    observed.report({ process, deployment: 'credit-risk', release, state, ...more })
  return {
    deployments,
    db,
    store,
    access: store.db as unknown as GovernanceDb,
    observed,
    clock,
    live,
    models,
    say,
    nudges: () => nudges,
    /** Deploys and lets every process load it. */
    async deployed(request: Parameters<Deployments['deploy']>[1] = { model: 'credit' }) {
      const operation = await deployments.deploy('credit-risk', request, 'admin')
      for (const process of live) say(process, operation.target.release, 'ready', { execution: EXECUTION })
      return deployments.getOperation(operation.id, { waitMs: 5000 })
    },
    async close() {
      await deployments.stop()
      await store.close()
    },
  }
}
