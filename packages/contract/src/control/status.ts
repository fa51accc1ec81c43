import { z } from 'zod'
import { time } from '../name-schemas.ts'
import { row } from '../row-schema.ts'
import { DEPLOYMENT_STATES } from './deployment.ts'

export const HEALTH_STATES = ['ok', 'warn', 'alert', 'unknown'] as const
export const healthState = z.enum(HEALTH_STATES)
export type HealthState = z.infer<typeof healthState>

/** Latencies in milliseconds; `null` where nothing was served. */
export const latency = z.object({ p50: z.number().nullable(), p90: z.number().nullable(), p99: z.number().nullable() })

export const deploymentStatus = z.object({
  name: z.string(),
  state: z.enum(DEPLOYMENT_STATES),
  health: healthState,
  /** One sentence that explains the health. */
  reason: z.string(),
  release: z.number().int().nullable(),
  model: z.string().nullable(),
  activatedAt: time.nullable(),
  /** Over the last five minutes, or as much of them as the platform was up. */
  requestsPerSecond: z.number(),
  errorRate: z.number().nullable(),
  /** Of the requests, those refused for what the caller sent (4xx), and those that failed for a fault of the platform (5xx); together `errorRate`. */
  refusedRate: z.number().nullable().optional(),
  failedRate: z.number().nullable().optional(),
  latency,
  lastPredictionAt: time.nullable(),
  /** Requests per second over the last hour, a value a minute, oldest first; `null` where nothing was recorded. */
  sparkline: z.array(z.number().nullable()),
})
export type DeploymentStatus = z.infer<typeof deploymentStatus>

export const processStatus = z.object({
  id: z.string(),
  role: z.enum(['control', 'serve']),
  pid: z.number().int(),
  state: z.enum(['starting', 'ready', 'draining', 'dead']),
  startedAt: time,
  restarts: z.number().int(),
  /** Why the process that filled the place before ended; absent where none did. */
  restartReason: z.string().optional(),
  memoryBytes: z.number(),
  cpu: z.number(),
})
export type ProcessStatus = z.infer<typeof processStatus>

export const status = z.object({
  at: time,
  version: z.string(),
  startedAt: time,
  health: healthState,
  /** One sentence that is true. */
  sentence: z.string(),
  deployments: z.array(deploymentStatus),
  processes: z.array(processStatus),
  storage: z.object({ dataDir: z.string(), freeBytes: z.number(), modelBytes: z.number(), logBytes: z.number() }),
  addresses: z.object({ control: z.string(), http: z.string(), grpc: z.string().nullable() }),
})
export type Status = z.infer<typeof status>

/** One step of the telemetry of a deployment. Counters are per step; latencies are milliseconds. */
export const telemetryPoint = z.object({
  at: time,
  requests: z.number(),
  rows: z.number(),
  errors: z.number(),
  /** Of the errors, those for what the caller sent (4xx), and those for a fault of the platform (5xx). */
  refused: z.number().optional(),
  failed: z.number().optional(),
  p50: z.number().nullable(),
  p90: z.number().nullable(),
  p99: z.number().nullable(),
  queueMs: z.number().nullable(),
  runMs: z.number().nullable(),
})
export const telemetry = z.object({
  deployment: z.string(),
  from: time,
  to: time,
  stepSeconds: z.number(),
  points: z.array(telemetryPoint),
  /** When releases became active within the window. */
  releases: z.array(z.object({ at: time, number: z.number().int(), model: z.string() })),
})
export type Telemetry = z.infer<typeof telemetry>

/** A page of logged predictions, one item a row. */
export const predictionPage = z.object({
  /** Column names in order; `_`-names are the log's own. */
  columns: z.array(z.object({ name: z.string(), type: z.string(), role: z.enum(['log', 'input', 'output']) })),
  items: z.array(row),
  next: z.string().nullable(),
  /** Where this page ended, also the last one: asked for as `next` later, in the order `oldest`, it gives what has come since. */
  end: z.string().nullable().optional(),
})
export type PredictionPage = z.infer<typeof predictionPage>
