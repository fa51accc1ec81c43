import { createReadStream } from 'node:fs'
import { FairleadError, type Problem } from '@fairlead/contract'
import type { Kysely } from 'kysely'
import { DuckDb, duckParquetFiles, PredictionLogReader } from '../adapters/duckdb/index.ts'
import { fileBlobs } from '../adapters/files/index.ts'
import { flatParquetFiles } from '../adapters/parquet/log/index.ts'
import { prometheusText } from '../adapters/prometheus/index.ts'
import { openEphemeral, openSqlite } from '../adapters/sqlite/index.ts'
import type { PlatformSettings } from '../config/index.ts'
import { type BatchDb, Jobs } from '../domain/batch/index.ts'
import { Access, type GovernanceTables, hashOf, QuotaKeeper } from '../domain/governance/index.ts'
import { EndedCounters, StatusBuilder, Telemetry } from '../domain/monitoring/index.ts'
import { Compactor, type PredictionQuery } from '../domain/predictionlog/index.ts'
import { rfc3339, systemClock } from '../kernel/clock.ts'
import { IdempotencyStore, type IdempotencyTables } from '../kernel/idempotency.ts'
import type { Logger } from '../kernel/logger.ts'
import { migrate } from '../kernel/sql/migrate.ts'
import { controlServer } from '../transport/control/index.ts'
import { jobProcesses } from './batch.ts'
import { type CatalogueTables, openCatalogue, STORE_MIGRATIONS } from './catalogue.ts'
import { closeServer } from './close-server.ts'
import { consoleFolder } from './console-folder.ts'
import type { DataFolder } from './data-folder.ts'
import { FormStore } from './form-store.ts'
import { openHistory } from './history.ts'
import { modelInside } from './inside.ts'
import { MESSAGES_VERSION } from './messages.ts'
import { PROGRAM_VERSION } from './program-version.ts'
import { Publisher } from './publisher.ts'
import { pythonOptions } from './python.ts'
import { readinessOf } from './readiness.ts'
import { recordProcesses } from './recorded-processes.ts'
import { storageGauge } from './storage.ts'
import { Supervisor } from './supervisor.ts'
import { trialInProcess } from './trial.ts'
import { trialInPython } from './trial-python.ts'

/** How long an answer about a key waits for the serve processes to have read it. */
const KEYS_WAIT_MS = 2000

/** Batch jobs that run at a time. */
const JOBS_AT_ONCE = 2

/** How often it is written down what callers used of their quotas. */
const QUOTAS_MS = 1000

export interface ControlOptions {
  folder: DataFolder
  settings: PlatformSettings
  port: number
  httpPort: number
  grpcPort: number
  addresses: { control: string; http: string; grpc: string | null }
  adminToken: string
  /** Lets control ask the serve port on behalf of the console. */
  platformToken: string
  loopback: boolean
  logger: Logger
  startedAt: string
}

/** The control and work roles, and the serve processes they supervise. */
export interface Control {
  signInLink(): Promise<string>
  /** Whether somebody removed what had this name; what never was has not been removed. */
  wasRemoved(kind: 'model' | 'deployment', name: string): Promise<boolean>
  stop(graceMs: number): Promise<void>
  /** Ends serve processes at once. */
  kill(): void
}

/** Tables of the store that must survive. */
type Tables = CatalogueTables & GovernanceTables & IdempotencyTables

/** Opens the stores, brings them to this program's shape, starts everything and listens. */
export async function startControl(options: ControlOptions): Promise<Control> {
  const { folder, settings, addresses, logger } = options
  await using undo = new AsyncDisposableStack()
  const store = undo.use(openSqlite<Tables>(folder.database))
  await migrate(store.db, STORE_MIGRATIONS, { store: folder.database, program: PROGRAM_VERSION })
  const history = undo.use(await openHistory(folder.telemetry, logger))
  const ephemeral = undo.use(openEphemeral(folder.observed, { recreate: true }))

  const ended = new EndedCounters()
  const supervisor = superviseServe(options, (process) => {
    ephemeral.observed.forget({ process })
    const last = ephemeral.snapshots.list().find((snapshot) => snapshot.process === process)
    if (!last) return
    ended.add(last)
    publisher.publish(process)
  })
  undo.defer(() => supervisor.kill())
  const access = new Access({
    db: store.db,
    adminToken: options.adminToken,
    clock: systemClock,
    changed: () => supervisor.keysChanged(KEYS_WAIT_MS),
    spent: (subject, window) => ephemeral.limits.spent(subject, window),
  })
  const python = pythonOptions(folder, settings.interpreters)
  await python.environments.tidy()
  const quotas = new QuotaKeeper({ db: history.db, shared: ephemeral.limits, clock: systemClock })
  await quotas.restore()
  const forms = new FormStore(folder.forms)
  const { registry, deployments } = openCatalogue({
    db: store.db,
    blobs: fileBlobs({ root: folder.blobs }),
    clock: systemClock,
    limits: { uploadBytes: settings.limits.modelBytes },
    allowCode: settings.allowCode,
    removed: (digests) => forms.remove(digests),
    tryModel: trialInProcess({ cwd: folder.empty, python: trialInPython(python, folder.temporary) }),
    observed: ephemeral.observed,
    callers: {
      recent: (ask) => reader.callers(ask),
      keyNames: async () => new Map((await all((page) => access.listKeys(page))).map(({ id, name }) => [id, name])),
    },
    liveProcesses: () => supervisor.live(),
    nudge: () => {
      supervisor.nudge()
      void keepCounters()
    },
    addresses: () => addresses,
    onError: (error) => logger.error({ error }, 'a release could not be followed'),
  })
  const keepCounters = async () => {
    try {
      ended.keep(await deployments.wanted())
    } catch (error) {
      logger.error({ error }, 'counters of what was removed are kept for now')
    }
  }
  await forms.tidy()
  await registry.start()
  await keepCounters()

  const jobs = new Jobs({
    db: store.db as unknown as BatchDb,
    servable: (deployment, release) => deployments.servable(deployment, release),
    processes: jobProcesses({ dataDir: folder.root, interpreters: settings.interpreters, features: settings.features, cwd: folder.empty }),
    // whoever reaches this machine only is taken for its user; from elsewhere no path may be named unless its folder is
    rules: { folders: settings.batchFolders ?? (options.loopback ? null : []), closed: [folder.root] },
    clock: systemClock,
    atOnce: JOBS_AT_ONCE,
    onError: (error) => logger.error({ error }, 'a job could not be followed'),
  })

  const duck = undo.use(new DuckDb({ folder: folder.log, memoryLimit: '192MB' }))
  const compactor = undo.use(
    new Compactor({
      root: folder.log,
      parquet: flatParquetFiles(duckParquetFiles(duck)),
      isLive: (writer) => supervisor.writing(writer),
      logger: logger.child({ part: 'log' }),
    }),
  )
  const reader = new PredictionLogReader({ duck, compactor })
  const telemetry = new Telemetry({ db: history.db, snapshots: ephemeral.snapshots, logger, activations: activationsOf(store.db) })
  const status = new StatusBuilder({
    telemetry,
    deployments: () => all((page) => deployments.list(page)),
    storage: storageGauge(folder),
    async lastLogged(deployment) {
      await compactor.flush()
      return (await reader.stats(deployment)).lastAt
    },
    damagedLogFiles: () => compactor.damage.count,
    addresses,
    version: PROGRAM_VERSION,
    startedAt: Date.parse(options.startedAt),
  })
  let stopping = false
  const server = controlServer({
    registry,
    inside: modelInside({ registry, blobs: fileBlobs({ root: folder.blobs }), forms }),
    deployments,
    jobs,
    access,
    idempotency: new IdempotencyStore(store.db, systemClock),
    status: { status: () => status.build() },
    telemetry: { telemetry: (deployment, query) => telemetry.telemetry(deployment, query) },
    predictions: {
      has: (deployment) => reader.has(deployment),
      query: (query) => reader.query(query),
      export: async (query, format) => exported(reader, query, format),
    },
    tryPredict: tryThrough(addresses.http, options.platformToken),
    metricsText: () =>
      prometheusText({ merged: telemetry.merged(), processes: telemetry.processes(), version: PROGRAM_VERSION, logDamaged: compactor.damage.count }),
    readiness: readinessOf({ stopping: () => stopping, processes: () => supervisor.processes(), folder: folder.temporary }),
    consoleUrl: () => addresses.control,
    consoleDir: consoleFolder(),
    version: PROGRAM_VERSION,
    clock: systemClock,
    logger,
    host: settings.host,
    loopback: options.loopback,
    maxFileBytes: settings.limits.modelBytes,
  })
  const publisher: Publisher = undo.use(
    new Publisher({
      process: 'control',
      slot: 'control',
      role: 'control',
      restarts: 0,
      store: ephemeral.snapshots,
      series: () => ended.snapshot(Date.now()).series,
      log: () => ended.snapshot(Date.now()).log,
      connections: () => 0,
      state: () => (stopping ? 'draining' : 'ready'),
    }),
  )

  const keeping = keepQuotas(quotas, logger)
  await supervisor.start()
  await compactor.start()
  telemetry.start()
  await deployments.start()
  await jobs.start()
  await server.listen({ host: settings.host, port: options.port })
  const parts = undo.move()
  return {
    async signInLink() {
      return (await access.createSignInLink(addresses.control)).url
    },
    wasRemoved: (kind, name) => (kind === 'model' ? registry : deployments).wasRemoved(name),
    kill: () => supervisor.kill(),
    async stop(graceMs) {
      stopping = true
      publisher.publish()
      await Promise.all([deployments.stop(), jobs.stop()])
      await Promise.all([closeServer(server, graceMs), supervisor.stop(graceMs)])
      await keeping.stop()
      await telemetry[Symbol.asyncDispose]()
      await parts.disposeAsync()
    },
  }
}

/** Writes down what callers used of their quotas, each second and at the end. */
function keepQuotas(quotas: QuotaKeeper, logger: Logger): { stop(): Promise<void> } {
  let failing = false
  const save = () =>
    quotas.save().then(
      () => {
        failing = false
      },
      (error: unknown) => {
        if (!failing) logger.error({ error }, 'what callers used of their quotas could not be written down; it is tried again')
        failing = true
      },
    )
  const timer = setInterval(save, QUOTAS_MS).unref()
  return {
    stop() {
      clearInterval(timer)
      return save()
    },
  }
}

function superviseServe(options: ControlOptions, onExit: (process: string) => void): Supervisor {
  const { settings, folder, logger } = options
  // names are never used twice: the prediction log tells writers apart by them
  const start = Date.now().toString(36)
  return new Supervisor({
    processes: settings.processes,
    cwd: folder.empty,
    logger,
    nameFor: (index, sequence) => `serve-${index + 1}-${start}-${sequence}`,
    onExit,
    onProcesses: (pids) => recordProcesses(folder.processes, pids),
    initFor: (process, { index, restarts, hangs, reason }) => ({
      version: MESSAGES_VERSION,
      process,
      slot: `serve-${index + 1}`,
      dataDir: folder.root,
      host: settings.host,
      port: options.httpPort,
      grpcPort: options.grpcPort,
      reusePort: settings.processes > 1,
      open: settings.open,
      allowedOrigins: settings.allowedOrigins,
      fastLane: settings.fastLane,
      bodyBytes: settings.limits.bodyBytes,
      models: settings.models,
      interpreters: settings.interpreters,
      features: settings.features,
      adminTokenHash: hashOf(options.adminToken),
      connections: settings.limits.connections,
      connectionsPerAddress: settings.limits.connectionsPerAddress,
      keepAliveMs: settings.limits.keepAliveMs,
      platformToken: options.platformToken,
      restarts,
      hangs,
      restartReason: reason,
      hungAfterMs: settings.hungAfterMs,
      logLevel: settings.logLevel,
      programVersion: PROGRAM_VERSION,
    }),
  })
}

/** Releases that became active within a window, for the markers in charts. */
function activationsOf(db: Kysely<Tables>) {
  return async (deployment: string, from: number, to: number) => {
    const rows = await db
      .selectFrom('releases')
      .select(['number', 'activated_at', 'model_name', 'model_version'])
      .where('deployment', '=', deployment)
      .where('activated_at', '>=', rfc3339(from))
      .where('activated_at', '<', rfc3339(to))
      .orderBy('activated_at')
      .execute()
    return rows.map((row) => ({ at: row.activated_at ?? '', number: row.number, model: `${row.model_name}:${row.model_version}` }))
  }
}

/** Everything of a paged list. */
async function all<T>(list: (page: { limit: number; next?: string }) => Promise<{ items: T[]; next: string | null }>): Promise<T[]> {
  const items: T[] = []
  let next: string | null | undefined
  do {
    const page = await list({ limit: 200, ...(next ? { next } : {}) })
    items.push(...page.items)
    next = page.next
  } while (next)
  return items
}

/** Asks the serve port like any caller, but as the platform itself, so that the console needs no key. */
function tryThrough(http: string, platformToken: string) {
  return async (deployment: string, body: string, signal: AbortSignal): Promise<string> => {
    const response = await fetch(`${http}/v1/deployments/${encodeURIComponent(deployment)}/predict`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${platformToken}` },
      body,
      signal,
    }).catch((cause: unknown) => {
      throw new FairleadError('not-ready', 'The serve port does not answer.', { cause, retryAfter: 1 })
    })
    const text = await response.text()
    if (response.ok) return text
    const { code, detail, errors } = JSON.parse(text) as Problem
    throw new FairleadError(code, detail, { items: errors ?? [] })
  }
}

async function* exported(reader: PredictionLogReader, query: PredictionQuery, format: 'csv' | 'parquet'): AsyncIterable<Uint8Array> {
  await using file = await reader.export(query, format)
  yield* createReadStream(file.path)
}
