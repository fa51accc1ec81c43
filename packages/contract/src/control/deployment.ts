import { z } from 'zod'
import { digest, name, time } from '../name-schemas.ts'
import { burst, quotaText, rateText } from './limits.ts'
import { pipeline } from './pipeline.ts'
import { RUNTIMES } from './registry.ts'

/** Settings of a release; every key has a default. Times in milliseconds. */
export const releaseSettings = z.strictObject({
  extraColumns: z.enum(['refuse', 'ignore']).default('refuse'),
  /** `null` as an answer to unknown text is not given: columns with `values` refuse others, unless set to `pass`. */
  unknownValues: z.enum(['refuse', 'pass']).default('refuse'),
  requireKey: z.boolean().default(false),
  maxRows: z.number().int().min(1).max(1_000_000).default(10_000),
  queueRows: z.number().int().min(1).max(10_000_000).default(20_000),
  /** Bytes of inputs that may wait. */
  queueBytes: z
    .number()
    .int()
    .min(1_000_000)
    .max(2 ** 40)
    .default(256 * 1024 * 1024),
  /** Level of requests that name none: 1 goes first. */
  priority: z.number().int().min(1).max(10).default(5),
  deadlineMs: z.number().int().min(1).max(3_600_000).default(30_000),
  execution: z.enum(['auto', 'inline', 'worker']).default('auto'),
  /** The way to run the model: the fastest exact one of those tried at import, or the one named. */
  runtime: z.enum(['auto', ...RUNTIMES]).default('auto'),
  workers: z.number().int().min(1).max(64).default(1),
  /** Bytes that a Python worker and all that it starts may take. */
  pythonMemory: z
    .number()
    .int()
    .min(64 * 2 ** 20)
    .max(2 ** 40)
    .default(2 * 2 ** 30),
  /** Whether a Python worker reaches the network. */
  pythonNetwork: z.boolean().default(false),
  logEnabled: z.boolean().default(true),
  logDurability: z.enum(['async', 'sync']).default('async'),
  /** Columns and outputs whose values are replaced by null in the prediction log. */
  logRedact: z.array(z.string()).default([]),
  /** Requests of each caller whose key says nothing of its own: a rate, how many may come at once, and rows. */
  rateLimit: rateText.nullable().default(null),
  rateBurst: burst.nullable().default(null),
  rowQuota: quotaText.nullable().default(null),
})
export type ReleaseSettings = z.infer<typeof releaseSettings>
export type ReleaseSettingsInput = z.input<typeof releaseSettings>

const setting = releaseSettings.shape
/** Settings to change. Unlike `releaseSettings.partial()` it fills in no defaults, so that those not named keep their value. */
export const releaseSettingsPatch = z
  .strictObject({
    extraColumns: setting.extraColumns.unwrap(),
    unknownValues: setting.unknownValues.unwrap(),
    requireKey: setting.requireKey.unwrap(),
    maxRows: setting.maxRows.unwrap(),
    queueRows: setting.queueRows.unwrap(),
    queueBytes: setting.queueBytes.unwrap(),
    priority: setting.priority.unwrap(),
    deadlineMs: setting.deadlineMs.unwrap(),
    execution: setting.execution.unwrap(),
    runtime: setting.runtime.unwrap(),
    workers: setting.workers.unwrap(),
    pythonMemory: setting.pythonMemory.unwrap(),
    pythonNetwork: setting.pythonNetwork.unwrap(),
    logEnabled: setting.logEnabled.unwrap(),
    logDurability: setting.logDurability.unwrap(),
    logRedact: setting.logRedact.unwrap(),
    rateLimit: setting.rateLimit.unwrap(),
    rateBurst: setting.rateBurst.unwrap(),
    rowQuota: setting.rowQuota.unwrap(),
  })
  .partial()

export const RELEASE_STATES = ['pending', 'loading', 'active', 'superseded', 'failed'] as const

/** How the release runs, as measured while it was loaded. */
export const execution = z.object({
  runtime: z.string(),
  mode: z.enum(['inline', 'worker']),
  /** Why, in words, with the figures that decided. */
  reason: z.string(),
  workers: z.number().int(),
  loadMs: z.number(),
  /** Median duration of one run by rows per run, in microseconds. */
  measured: z.array(z.object({ rows: z.number().int(), micros: z.number() })),
  /** Most rows given to one run. */
  tile: z.number().int(),
  /** Whether rows of several requests may share a run. */
  joinable: z.boolean().optional(),
  /** What keeps a model apart that runs in processes of its own, in words; no more is claimed than is in force. */
  isolation: z.string().optional(),
  /** The processor it was measured on; on the same one the figures are taken over at the next start. */
  machine: z.string().optional(),
})
export type Execution = z.infer<typeof execution>

export const check = z.object({
  kind: z.enum(['example', 'golden']),
  rows: z.number().int(),
  passed: z.boolean(),
  largestDifference: z.number().optional(),
  detail: z.string().optional(),
})
export type Check = z.infer<typeof check>

/** Somebody who asked a deployment in the last days, as its prediction log has it. */
export const recentCaller = z.object({
  deployment: name,
  /** `key:<id>`, `loopback` or `open`. */
  caller: z.string(),
  /** What the key is called. */
  name: z.string().optional(),
  interfaces: z.array(z.string()),
  /** Rows that were asked. */
  rows: z.number().int(),
  lastSeen: time,
})
export type RecentCaller = z.infer<typeof recentCaller>

/** One difference between the signatures of two releases, as callers meet it. */
export const signatureChange = z.object({
  /** `columns.age`, `fields.label`, `task`. */
  path: z.string(),
  /** Whether a caller of the release before may fail, or read the answer wrongly. */
  breaking: z.boolean(),
  detail: z.string(),
  /**
   * Of a breaking change, who would break: those of the last seven days who send the column that changed, or leave out the one that is needed
   * now, the latest first; absent where the log does not tell.
   */
  callers: z.array(recentCaller).optional(),
})
export type SignatureChange = z.infer<typeof signatureChange>

export const release = z.object({
  deployment: name,
  number: z.number().int(),
  digest,
  model: z.object({ name, version: z.number().int(), digest }),
  pipeline,
  settings: releaseSettings,
  state: z.enum(RELEASE_STATES),
  /** Why it failed, with the error's code. */
  failure: z.object({ code: z.string(), detail: z.string() }).nullable(),
  execution: execution.nullable(),
  checks: z.array(check),
  /** What changed for callers against the release that answered when this one was made, breaking changes first; absent when nothing did. */
  signatureChanges: z.array(signatureChange).optional(),
  createdAt: time,
  createdBy: z.string(),
  activatedAt: time.nullable(),
})
export type Release = z.infer<typeof release>

/** How one serve process stands with a deployment. */
export const observed = z.object({
  process: z.string(),
  release: z.number().int(),
  /** `unloaded`: not in memory. `waiting`: its load waits for others. */
  state: z.enum(['loading', 'ready', 'failed', 'unloaded', 'waiting']),
  detail: z.string().optional(),
  since: time,
})
export type Observed = z.infer<typeof observed>

export const DEPLOYMENT_STATES = ['ready', 'loading', 'degraded', 'failed', 'empty', 'unloaded'] as const

export const deployment = z.object({
  name,
  state: z.enum(DEPLOYMENT_STATES),
  /** One sentence that explains the state. */
  reason: z.string(),
  current: release.nullable(),
  releases: z.number().int(),
  observed: z.array(observed),
  urls: z.object({ predict: z.string(), openapi: z.string(), docs: z.string(), oip: z.string() }),
  createdAt: time,
  updatedAt: time,
})
export type Deployment = z.infer<typeof deployment>

export const deployRequest = z.strictObject({
  model: z.string(),
  pipeline: pipeline.optional(),
  settings: releaseSettingsPatch.optional(),
  /** Keep the settings and pipeline of the current release where none are given. Default true. */
  inherit: z.boolean().default(true),
})
export type DeployRequest = z.input<typeof deployRequest>

/** A piece of long work that can be watched. */
export const operation = z.object({
  id: z.string(),
  kind: z.enum(['deploy', 'rollback']),
  state: z.enum(['running', 'done', 'failed']),
  /** What is happening now, in words. */
  step: z.string(),
  /** From 0 to 1, where it can be told. */
  progress: z.number().min(0).max(1).nullable(),
  target: z.object({ deployment: z.string(), release: z.number().int() }),
  error: z.object({ code: z.string(), detail: z.string() }).nullable(),
  startedAt: time,
  endedAt: time.nullable(),
})
export type Operation = z.infer<typeof operation>
