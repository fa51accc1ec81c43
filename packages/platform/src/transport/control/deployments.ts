import { Readable } from 'node:stream'
import { FairleadError } from '@fairlead/contract'
import type { DeployRequest } from '@fairlead/contract/control'
import type { PredictionQuery } from '../../domain/predictionlog/index.ts'
import { parseDuration } from '../../kernel/duration.ts'
import { ANSWERED, type Call, type Context, type Handlers, whoOf } from './call.ts'

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
  return {
    listDeployments: ({ query }) => deployments.list(query),
    getDeployment: ({ params }) => deployments.get(params.deployment),
    deleteDeployment: async ({ params }) => void (await deployments.remove(params.deployment)),
    createRelease: (call) => deployments.deploy(call.params.deployment, call.body as DeployRequest, whoOf(call)),
    listReleases: ({ params, query }) => deployments.listReleases(params.deployment, query),
    getRelease: ({ params }) => deployments.getRelease(params.deployment, params.release),
    rollback: ({ params, body }) => deployments.rollback(params.deployment, body),
    tryDeployment: ({ params, body, signal }) => context.tryPredict(params.deployment, body.rows, signal),
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

async function listPredictions({ predictions, clock }: Context, { params, query, request, reply }: Call<'listPredictions'>) {
  const now = clock.now()
  const asked: PredictionQuery = {
    ...query,
    deployment: params.deployment,
    since: query.since === undefined ? undefined : instantOf(query.since, 'since', now),
    until: query.until === undefined ? undefined : instantOf(query.until, 'until', now),
  }
  reply.header('vary', 'accept')
  const format = exportFormat(request.headers.accept)
  if (format === undefined) return predictions.query(asked)
  const body = await predictions.export(asked, format)
  reply.header('content-disposition', `attachment; filename="${params.deployment}.${format}"`).type(EXPORTS[format])
  reply.send(Readable.from(body, { objectMode: false }))
  return ANSWERED
}
