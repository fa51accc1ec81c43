import { z } from 'zod'
import { name, time } from '../name-schemas.ts'
import { row } from '../row-schema.ts'
import { signature } from '../signature-schemas.ts'
import { apiKey, createdKey, createKeyRequest, patchKeyRequest, session, signInLink } from './access.ts'
import { deployment, deployRequest, operation, release } from './deployment.ts'
import { modelComparison, modelTree, treeQuery } from './inside.ts'
import { job, jobPreview, jobRequest } from './job.ts'
import { importRequest, importResult, model, modelGraph, modelVersion, modelVersionSummary, verification, versionPatch } from './registry.ts'
import type { RouteName } from './routes.ts'
import { predictionPage, status, telemetry } from './status.ts'

/** Schemas of one operation. An absent part means there is none; `response` absent means not JSON. */
export interface RouteSchemas {
  params?: z.ZodObject
  query?: z.ZodObject
  body?: z.ZodType
  /** Status of success; 200 when absent. */
  success?: number
  response?: z.ZodType
  /** What each server-sent event of a stream carries. */
  event?: z.ZodType
}

const page = { limit: z.coerce.number().int().min(1).max(1000).default(100), next: z.string().optional() }
const list = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item), next: z.string().nullable() })
const versionParams = z.object({ model: name, version: z.coerce.number().int().positive() })
const modelParams = z.object({ model: name })
const jobParams = z.object({ job: z.string().max(100) })
const deploymentParams = z.object({ deployment: name })

const predictionQuery = z.object({
  /** RFC 3339, or a duration back from now (`1h`, `15m`, `7d`). */
  since: z.string().optional(),
  until: z.string().optional(),
  where: z.string().max(10_000).optional(),
  release: z.coerce.number().int().positive().optional(),
  id: z.string().optional(),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .optional()
    .describe('At most so many rows. A page of JSON has at most 10,000, and 100 when nothing is said; CSV and Parquet have them all.'),
  next: z.string().optional(),
  order: z.enum(['newest', 'oldest']).default('newest'),
})

/** Schemas of every operation, by the names of `ROUTES`. */
export const SCHEMAS = {
  getOpenApi: { response: z.record(z.string(), z.unknown()) },
  getStatus: { response: status },
  watchStatus: { event: status },

  createUpload: { success: 201, response: z.object({ upload: z.string(), expiresAt: time }) },
  putUploadFile: {
    params: z.object({ upload: z.string(), '*': z.string() }),
    success: 201,
    response: z.object({ path: z.string(), digest: z.string(), size: z.number() }),
  },
  deleteUpload: { params: z.object({ upload: z.string() }), success: 204 },

  listModels: { query: z.object(page), response: list(model) },
  getModel: { params: modelParams, response: model },
  patchModel: { params: modelParams, body: versionPatch.omit({ metrics: true }), response: model },
  deleteModel: { params: modelParams, success: 204 },
  importVersion: { params: modelParams, body: importRequest, success: 201, response: importResult },
  listVersions: { params: modelParams, query: z.object(page), response: list(modelVersionSummary) },
  getVersion: { params: versionParams, response: modelVersion },
  patchVersion: { params: versionParams, body: versionPatch, response: modelVersion },
  deleteVersion: { params: versionParams, success: 204 },
  getVersionGraph: { params: versionParams, response: modelGraph },
  getVersionTree: { params: versionParams, query: treeQuery, response: modelTree },
  compareVersions: { params: versionParams.extend({ other: z.coerce.number().int().positive() }), response: modelComparison },
  verifyVersion: { params: versionParams, response: verification },
  getVersionFile: { params: versionParams.extend({ '*': z.string() }) },
  setAlias: {
    params: z.object({ model: name, alias: z.string().regex(/^[a-z][a-z0-9_-]{0,99}$/) }),
    body: z.strictObject({ version: z.number().int().positive() }),
    response: model,
  },
  deleteAlias: { params: z.object({ model: name, alias: z.string() }), success: 204 },
  resolveModel: { query: z.object({ ref: z.string() }), response: modelVersion },

  listDeployments: { query: z.object(page), response: list(deployment) },
  getDeployment: { params: deploymentParams, response: deployment },
  deleteDeployment: { params: deploymentParams, success: 204 },
  createRelease: { params: deploymentParams, body: deployRequest, success: 202, response: operation },
  listReleases: { params: deploymentParams, query: z.object(page), response: list(release) },
  getRelease: { params: deploymentParams.extend({ release: z.coerce.number().int().positive() }), response: release },
  rollback: { params: deploymentParams, body: z.strictObject({ release: z.number().int().positive().optional() }), success: 202, response: operation },
  tryDeployment: {
    params: deploymentParams,
    body: z.object({ rows: z.array(row), explain: z.boolean().optional() }),
    response: z.record(z.string(), z.unknown()),
  },
  getDeploymentSignature: { params: deploymentParams, response: z.object({ signature, example: z.array(row) }) },
  getTelemetry: {
    params: deploymentParams,
    query: z.object({ since: z.string().default('1h'), until: z.string().optional(), step: z.coerce.number().int().min(10).max(86_400).optional() }),
    response: telemetry,
  },

  listPredictions: { params: deploymentParams, query: predictionQuery, response: predictionPage },

  createJob: { body: jobRequest, success: 202, response: job },
  previewJob: { body: jobRequest, response: jobPreview },
  listJobs: { query: z.object({ ...page, deployment: name.optional() }), response: list(job) },
  getJob: { params: jobParams, query: z.object({ wait: z.coerce.number().min(0).max(60).default(0) }), response: job },
  watchJob: { params: jobParams, event: job },
  pauseJob: { params: jobParams, response: job },
  resumeJob: { params: jobParams, response: job },
  cancelJob: { params: jobParams, response: job },

  getOperation: { params: z.object({ operation: z.string() }), query: z.object({ wait: z.coerce.number().min(0).max(60).default(0) }), response: operation },
  watchOperation: { params: z.object({ operation: z.string() }), event: operation },

  listKeys: { query: z.object(page), response: list(apiKey) },
  createKey: { body: createKeyRequest, success: 201, response: createdKey },
  patchKey: { params: z.object({ key: z.string() }), body: patchKeyRequest, response: apiKey },
  revokeKey: { params: z.object({ key: z.string() }), success: 204 },
  createSignInLink: { success: 201, response: signInLink },
  createSession: { body: z.strictObject({ token: z.string().min(1).max(1000) }), success: 201, response: session },
  getSession: { response: session },
  deleteSession: { success: 204 },
} as const satisfies Record<RouteName, RouteSchemas>

type Shape<K extends RouteName, P extends keyof RouteSchemas> = (typeof SCHEMAS)[K] extends { [Q in P]: infer S } ? S : undefined
/** Type of an operation's answer. */
export type ResponseOf<K extends RouteName> = Shape<K, 'response'> extends z.ZodType<infer T> ? T : undefined
/** Type of what the events of an operation carry. */
export type EventOf<K extends RouteName> = Shape<K, 'event'> extends z.ZodType<infer T> ? T : undefined
/** Type of an operation's body, as callers write it. */
export type BodyOf<K extends RouteName> = Shape<K, 'body'> extends z.ZodType ? z.input<Shape<K, 'body'>> : undefined
/** Type of an operation's query, as callers write it. */
export type QueryOf<K extends RouteName> = Shape<K, 'query'> extends z.ZodType ? z.input<Shape<K, 'query'>> : undefined
/** Type of an operation's path parameters. */
export type ParamsOf<K extends RouteName> = Shape<K, 'params'> extends z.ZodType ? { [P in keyof z.output<Shape<K, 'params'>>]: string | number } : undefined
