import { Readable } from 'node:stream'
import { FairleadError } from '@fairlead/contract'
import type { DeployRequest } from '@fairlead/contract/control'
import type { PredictionQuery } from '../../domain/predictionlog/index.ts'
import { parseDuration } from '../../kernel/duration.ts'
import { bodyTextOf } from './body.ts'
import { ANSWERED, type Call, type Context, type Handlers, JsonText, whoOf } from './call.ts'
import { notModified, Preconditions } from './conditional.ts'

type Names =
  | 'listDeployments'
  | 'getDeployment'
  | 'deleteDeployment'
  | 'createRelease'
  | 'listReleases'
  | 'getRelease'
  | 'rollback'
  | 'tryDeployment'
  | 'getDeploymentSignature'
  | 'getTelemetry'
  | 'listPredictions'

/** Milliseconds since 1970 of an RFC 3339 time, or of a duration back from now. Throws `request-invalid`. */
export function instantOf(text: string, name: string, now: number): number {
  const back = parseDuration(text)
  if (back !== undefined) return now - back
  const at = /^\d{4}-\d\d-\d\d([T ]|$)/.test(text) ? Date.parse(text) : Number.NaN
  if (!Number.isNaN(at)) return at
  const detail = `"${text.slice(0, 100)}" is neither a time (2026-01-31T08:00:00Z) nor a duration back from now (15m, 1h, 7d).`
  throw new FairleadError('request-invalid', detail, { items: [{ path: name, code: 'request-invalid', detail }] })
}

const EXPORTS = { csv: 'text/csv; charset=utf-8', parquet: 'application/vnd.apache.parquet' } as const

function exportFormat(accept: string | undefined): keyof typeof EXPORTS | undefined {
  if (accept === undefined) return undefined
  if (/application\/vnd\.apache\.parquet/i.test(accept)) return 'parquet'
  return /text\/csv/i.test(accept) ? 'csv' : undefined
}

/** Deployments, releases, and what was predicted through them. */
export function deploymentHandlers(context: Context): Handlers<Names> {
  const { deployments, clock } = context
  const preconditions = new Preconditions()
  const change = <T>({ request, params }: Call<'createRelease'> | Call<'rollback'> | Call<'deleteDeployment'>, work: () => Promise<T>) => {
    const read = async () => ((await deployments.has(params.deployment)) ? deployments.get(params.deployment) : undefined)
    return preconditions.change(request, { key: params.deployment, read }, work)
  }
  return {
    listDeployments: ({ query }) => deployments.list(query),
    getDeployment: async ({ params, request, reply }) => {
      const found = await deployments.get(params.deployment)
      if (!notModified(request, reply, found)) return found
      reply.send()
      return ANSWERED
    },
    deleteDeployment: (call) => change(call, async () => void (await deployments.remove(call.params.deployment))),
    createRelease: (call) => change(call, () => deployments.deploy(call.params.deployment, call.body as DeployRequest, whoOf(call))),
    listReleases: ({ params, query }) => deployments.listReleases(params.deployment, query),
    getRelease: ({ params }) => deployments.getRelease(params.deployment, params.release),
    rollback: (call) => change(call, () => deployments.rollback(call.params.deployment, call.body)),
    tryDeployment: async ({ params, request, signal }) => new JsonText(await context.tryPredict(params.deployment, bodyTextOf(request), signal)),
    getDeploymentSignature: ({ params }) => deployments.signatureOf(params.deployment),
    getTelemetry: async ({ params, query }) => {
      await deployments.get(params.deployment)
      const now = clock.now()
      const until = query.until === undefined ? now : instantOf(query.until, 'until', now)
      const since = instantOf(query.since, 'since', now)
      if (since >= until) throw new FairleadError('request-invalid', 'The time of `since` is not before that of `until`.')
      return context.telemetry.telemetry(params.deployment, { since, until, step: query.step })
    },
    listPredictions: (call) => listPredictions(context, call),
  }
}

const PAGE_ROWS = 100

async function listPredictions({ predictions, deployments, clock }: Context, { params, query, request, reply }: Call<'listPredictions'>) {
  // the log of a deployment that was removed stays
  if (!(await deployments.has(params.deployment)) && !(await predictions.has(params.deployment))) await deployments.get(params.deployment)
  const now = clock.now()
  const format = exportFormat(request.headers.accept)
  const asked: PredictionQuery = {
    ...query,
    deployment: params.deployment,
    limit: query.limit ?? (format === undefined ? PAGE_ROWS : Number.POSITIVE_INFINITY),
    since: query.since === undefined ? undefined : instantOf(query.since, 'since', now),
    until: query.until === undefined ? undefined : instantOf(query.until, 'until', now),
  }
  reply.header('vary', 'accept')
  if (format === undefined) return predictions.query(asked)
  const body = await predictions.export(asked, format)
  reply.header('content-disposition', `attachment; filename="${params.deployment}.${format}"`).type(EXPORTS[format])
  reply.send(Readable.from(body, { objectMode: false }))
  return ANSWERED
}
