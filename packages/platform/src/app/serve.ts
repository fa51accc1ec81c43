import { setTimeout as sleep } from 'node:timers/promises'
import { arrowFormats } from '../adapters/arrow/index.ts'
import { fileBlobs } from '../adapters/files/index.ts'
import { parquetFormat } from '../adapters/parquet/index.ts'
import { prometheusText } from '../adapters/prometheus/index.ts'
import { pythonRuntime } from '../adapters/python/index.ts'
import { openEphemeral } from '../adapters/sqlite/ephemeral.ts'
import { attendFolder } from '../adapters/sqlite/lock.ts'
import { openServing } from '../adapters/sqlite/serving.ts'
import {
  authorizeControl,
  authorizePrediction,
  authorizeReading,
  EXCHANGE_MS,
  hashOf,
  KeyCache,
  Limiter,
  sameHash,
  sameSecret,
} from '../domain/governance/index.ts'
import { Inference, ModelRepository, type PredictionSink, ReleaseLoader } from '../domain/inference/index.ts'
import { mergeSnapshots, SeriesRecorder, type SnapshotStore } from '../domain/monitoring/index.ts'
import { localSegments, logFolders, SegmentLogWriter } from '../domain/predictionlog/index.ts'
import { systemClock } from '../kernel/clock.ts'
import { createLogger, type Logger } from '../kernel/logger.ts'
import { serveGrpc } from '../transport/grpc/index.ts'
import { type AccessRequest, serveHttp } from '../transport/http/index.ts'
import { artifactSource } from './artifacts.ts'
import { type DataFolder, dataFolderAt } from './data-folder.ts'
import { featureServicesOf } from './feature-services.ts'
import { Follower } from './follower.ts'
import { FormStore } from './form-store.ts'
import { logOutput, slotOf } from './log-output.ts'
import type { ServeInit } from './messages.ts'
import { modelRuntimes, modelWorker } from './model-worker.ts'
import { isLoopback } from './ports.ts'
import { Publisher } from './publisher.ts'
import { pythonOptions } from './python.ts'

/** A running serve process. */
export interface ServeProcess {
  port: number
  /** Desired state or keys have changed. */
  desiredChanged(): void
  /** Publishes what was counted so far. */
  publish(): void
  /** Settles when the keys in force are those of the store. */
  keysChanged(): Promise<void>
  stop(graceMs: number): Promise<void>
}

/** What a serve process tells those that watch over it. */
export interface ServeWatch {
  /** Lets the main thread be blocked for long, until `work` has ended. */
  patiently<T>(work: () => Promise<T>): Promise<T>
  /** Settles when the other processes have published what they have counted. */
  othersPublished(): Promise<void>
  /** A thread hangs in native code and goes only with the process. */
  onThreadLost(reason: string): void
}

/** Builds the serve role out of its parts, loads what should run, and listens. */
export async function startServe(init: ServeInit, watch: ServeWatch): Promise<ServeProcess> {
  const folder = dataFolderAt(init.dataDir)
  const attendance = attendFolder(folder.root)
  const logger = createLogger(init.logLevel, logOutput(folder.logs, slotOf(init.process)), { process: init.process, pid: process.pid })
  const store = openServing(folder.database)
  const ephemeral = openEphemeral(folder.observed)
  const writer = logWriter(init, folder, logger)
  const recorder = new SeriesRecorder({ queueRows: (deployment, release) => queueRows(inference, deployment, release) })
  const artifacts = artifactSource({ blobs: fileBlobs({ root: folder.blobs }), cache: folder.cache, forms: new FormStore(folder.forms), golden: store.golden })
  const features = featureServicesOf(init.features)
  const inference: Inference = new Inference({
    process: init.process,
    loader: new ReleaseLoader({
      artifacts: { ...artifacts, load: (release) => watch.patiently(() => artifacts.load(release)) },
      runtimes: [...modelRuntimes(), pythonRuntime(pythonOptions(folder, init.interpreters))].map((runtime) => ({
        ...runtime,
        open: (artifact) => (runtime.apart ? runtime.open(artifact) : watch.patiently(() => runtime.open(artifact))),
      })),
      spawn: modelWorker,
      features,
      counters: ({ deployment, number }) => recorder.counters(deployment, number),
      onWorkerReplaced: (release, reason) => logger.warn({ deployment: release.deployment, release: release.number, reason }, 'a model worker is replaced'),
      onWorkerLost(reason) {
        logger.error({ reason }, 'a model hangs in a thread that cannot be ended; this process will be replaced')
        watch.onThreadLost(reason)
      },
    }),
    observer: ephemeral.observed,
    sink: sinkOf(writer, recorder),
    models: { ...init.models, usedAt: lastUses(ephemeral.snapshots) },
  })
  const repository = new ModelRepository({
    inference,
    wishes: ephemeral.wishes,
    peers: () => [...new Set([init.process, ...servingPeers(ephemeral.snapshots)])],
    reports: (deployment) => ephemeral.observed.list(deployment),
  })
  repository.start()
  const keys = new KeyCache({ source: store.keys, clock: systemClock })
  const limiter = new Limiter({ store: ephemeral.limits, clock: systemClock, limitsOf: (key) => keys.limitsOf(key) })
  const follower = new Follower({ desired: store.desired, inference, keys, recorder, logger })
  await follower.refresh()

  let draining = false
  const snapshots = async () => {
    await watch.othersPublished()
    publisher.publish()
    return ephemeral.snapshots.list()
  }
  const access = { ...init, loopback: isLoopback(init.host) }
  const shared = {
    inference,
    counted: async () => mergeSnapshots(await snapshots()).series,
    repository,
    authorize: (request: AccessRequest) => authorize(request, keys, access),
    limiter,
    version: init.programVersion,
    isDraining: () => draining,
    onError: (error: unknown, requestId: string) => logger.error({ error, requestId }, 'a request failed inside'),
  }
  const connectionLimits = { connections: init.connections, connectionsPerAddress: init.connectionsPerAddress }
  const http = serveHttp({
    ...shared,
    localOnly: access.loopback && !init.open,
    metricsText: async () => {
      const processes = await snapshots()
      return prometheusText({ merged: mergeSnapshots(processes), processes, version: init.programVersion })
    },
    limits: { ...connectionLimits, rowBodyBytes: init.bodyBytes, oipBodyBytes: init.bodyBytes, keepAliveMs: init.keepAliveMs },
    allowedOrigins: init.allowedOrigins,
    fastLane: init.fastLane,
    tables: [...arrowFormats, parquetFormat],
  })
  const grpc = serveGrpc({ ...shared, limits: { ...connectionLimits, messageBytes: init.bodyBytes } })
  let listening = false
  // whoever asks for metrics as soon as the port is open has it publish
  const publisher = new Publisher({
    process: init.process,
    slot: init.slot,
    role: 'serve',
    restarts: init.restarts,
    hangs: init.hangs,
    restartReason: init.restartReason,
    store: ephemeral.snapshots,
    series: () => recorder.snapshot(),
    log: () => ({ ...writer.counters }),
    models: () => inference.models(),
    connections: () => http.connections() + grpc.connections(),
    refused: () => http.refused() + grpc.refused(),
    state: () => (draining ? 'draining' : listening && inference.knowsWanted ? 'ready' : 'starting'),
  })
  const { port } = await http.listen({ host: init.host, port: init.port, reusePort: init.reusePort })
  await grpc.listen({ host: init.host, port: init.grpcPort, reusePort: init.reusePort })
  listening = true
  publisher.publish()
  follower.start()
  const sharing = shareLimits(limiter, logger)
  return {
    port,
    desiredChanged: () => void follower.refresh(),
    publish: () => publisher.publish(),
    keysChanged: () => keysRead(keys),
    async stop(graceMs) {
      draining = true
      publisher.publish()
      await Promise.all([http.close(graceMs), grpc.close(graceMs)])
      follower.stop()
      sharing[Symbol.dispose]()
      repository[Symbol.dispose]()
      await inference[Symbol.asyncDispose]()
      features[Symbol.dispose]()
      await writer[Symbol.asyncDispose]()
      publisher.publish()
      publisher[Symbol.dispose]()
      ephemeral[Symbol.dispose]()
      store[Symbol.dispose]()
      attendance[Symbol.dispose]()
    },
  }
}

/** How long a process counts as one that answers after it was last heard. */
const HEARD_MS = 10_000

function servingPeers(snapshots: SnapshotStore): string[] {
  const now = Date.now()
  return snapshots.list().flatMap(({ process, role, state, at }) => (role === 'serve' && state === 'ready' && now - at < HEARD_MS ? [process] : []))
}

/** When each deployment was last asked, by what the processes told before this one began. */
function lastUses(snapshots: SnapshotStore): (deployment: string) => number {
  const uses = new Map<string, number>()
  for (const { deployment, lastAt } of snapshots.list().flatMap(({ series }) => series)) uses.set(deployment, Math.max(lastAt, uses.get(deployment) ?? 0))
  return (deployment) => uses.get(deployment) ?? 0
}

/** A store that is locked for a moment fails a question at once; this one is worth asking again. */
async function keysRead(keys: KeyCache): Promise<void> {
  for (let left = 20; ; left--) {
    try {
      keys.refresh()
      return
    } catch (error) {
      if (left === 0) throw error
      await sleep(50)
    }
  }
}

/** Tells the other processes, a few times a second and at the end, what was let through here. */
function shareLimits(limiter: Limiter, logger: Logger): Disposable {
  let failing = false
  const share = (): boolean => {
    try {
      const told = limiter.exchange()
      failing = false
      return told
    } catch (error) {
      if (!failing) logger.error({ error }, 'limits of callers could not be shared; each process goes by what it knows')
      failing = true
      return true
    }
  }
  const timer = setInterval(share, EXCHANGE_MS).unref()
  return {
    [Symbol.dispose]() {
      clearInterval(timer)
      for (let tries = 0; tries < 100 && !share(); tries++);
    },
  }
}

function queueRows(inference: Inference, deployment: string, release: number): number {
  return inference.queues().find((queue) => queue.deployment === deployment && queue.release === release)?.rows ?? 0
}

function logWriter(init: ServeInit, folder: DataFolder, logger: Logger): SegmentLogWriter {
  return new SegmentLogWriter({
    segments: localSegments(logFolders(folder.log).segments),
    writer: init.process,
    onDrop: (rows, cause) => logger.error({ rows, cause: String(cause) }, 'predictions could not be logged'),
    onOmit: (rows, columns) => logger.warn({ rows, columns }, 'values too large for the prediction log were left out of it'),
  })
}

/** Metrics count every prediction; the log takes those of releases that log. */
function sinkOf(writer: SegmentLogWriter, recorder: SeriesRecorder): PredictionSink {
  return {
    log(event) {
      const { settings } = event.answer.release
      if (!settings.logEnabled) return undefined
      writer.append(event)
      return settings.logDurability === 'sync' ? writer.synced() : undefined
    },
    predicted: (event) => recorder.predicted(event),
    failed: (event) => recorder.failed(event),
  }
}

function authorize({ presented, action, deployment, requireKey }: AccessRequest, keys: KeyCache, init: ServeInit & { loopback: boolean }) {
  if (presented !== undefined && sameSecret(presented, init.platformToken)) return { kind: 'platform' as const, id: 'platform' }
  if (action === 'control' && presented !== undefined && sameHash(hashOf(presented), init.adminTokenHash)) return { kind: 'platform' as const, id: 'admin' }
  const key = presented === undefined ? undefined : (keys.verify(presented) ?? ('invalid' as const))
  const { loopback } = init
  if (action === 'read') return authorizeReading({ key, loopback })
  if (action === 'control') return authorizeControl({ key, loopback, open: init.open, deployment: deployment ?? '' })
  return authorizePrediction({ key, loopback, open: init.open, requireKey, deployment: deployment ?? '' })
}
