import { FairleadError, toProblem } from '@fairlead/contract'
import type { Caller, ReleasePlan, ServableRelease } from '../../domain/inference/index.ts'
import type { Budget } from '../budget.ts'
import { presentedSecret } from '../credentials.ts'
import { refuseForeignPages } from '../foreign-pages.ts'
import { modelConfig } from '../model-config.ts'
import { OIP_EXTENSIONS } from '../oip-extensions.ts'
import { modelStatistics } from '../statistics.ts'
import { contentCoding } from './codings.ts'
import type { Cors } from './cors.ts'
import type { Exchange } from './exchange.ts'
import { failExchange } from './fail-exchange.ts'
import type { FormChoice } from './formats/forms.ts'
import { inferTensors, modelMetadata } from './oip.ts'
import type { AccessRequest, HttpLimits, ServeHttpOptions } from './options.ts'
import type { AnswerCall, PredictCall, PredictionHead } from './predict-call.ts'
import { answerRows, predictRows } from './predict-rows.ts'
import { answerRepository, REPOSITORY_BYTES } from './repository.ts'
import type { RepositoryRoute, Route } from './routes.ts'
import { scoringType, scoringTypes } from './scoring/content-type.ts'
import type { UnreadAnswers } from './unread-answers.ts'
import { deploymentView, unreadyReasons } from './views.ts'

/** What answering needs beside the request; one for all requests of a connection. */
export interface Handling {
  options: ServeHttpOptions
  limits: HttpLimits
  unread: UnreadAnswers
  /** Whether the connection comes from this machine. */
  loopback: boolean
  /** Whether answers are the last ones of their connections. */
  draining(): boolean
  /** Forms of rows that are read and written. */
  forms: FormChoice
  /** Room for bodies in hand, on all connections. */
  bodies: Budget
  /** Which pages of other addresses may ask. */
  cors: Cors | undefined
}

const HTML = 'text/html; charset=utf-8'
const PROBLEM = 'application/problem+json'
const METRICS = 'text/plain; version=0.0.4; charset=utf-8'
/** The version of MLflow whose scoring protocol is answered. */
const SCORING_VERSION = '3.17.2'
const OPENAPI = new WeakMap<ReleasePlan, string>()

function access(exchange: Exchange, handling: Handling, deployment: string | undefined, release?: number): Caller {
  const requireKey = deployment !== undefined && handling.options.inference.find(deployment, release)?.release.settings.requireKey === true
  return authorized(exchange, handling, { deployment, requireKey, action: 'predict' })
}

/** Who calls; those who are refused are counted for no deployment, because they are none of its callers. */
function authorized(
  exchange: Exchange,
  handling: Handling,
  { deployment, requireKey, action }: Pick<AccessRequest, 'deployment' | 'requireKey' | 'action'>,
): Caller {
  const { options, loopback } = handling
  const prediction = knownHead(exchange)
  try {
    const presented = prediction && action === 'predict' ? prediction.presented : presentedOf(exchange, handling, action)
    return options.authorize({ presented, loopback, deployment, requireKey, action })
  } catch (error) {
    options.inference.failed('', error, { rows: 0, receivedAt: exchange.receivedAt })
    throw error
  }
}

/** The secret that came with a request. Throws `origin-refused`. */
function presentedOf({ headers }: Exchange, { options, cors }: Handling, action: AccessRequest['action']): string | undefined {
  const presented = presentedSecret(headers)
  // a key is not sent by a browser of its own accord
  if ((options.localOnly || action === 'control') && presented === undefined) {
    refuseForeignPages(headers, action === 'predict' ? (origin) => cors?.names(origin) === true : undefined)
  }
  return presented
}

function releaseNumber({ release, deployment }: Route): number | undefined {
  if (release === undefined) return undefined
  if (!/^[1-9][0-9]{0,8}$/.test(release))
    throw new FairleadError('release-unknown', `release "${release.slice(0, 100)}" of "${deployment}" cannot be: releases are numbers from 1`)
  return Number(release)
}

/** Largest body of a prediction. */
export function bodyLimit({ name }: Route, limits: HttpLimits): number {
  return name === 'infer' ? limits.oipBodyBytes : limits.rowBodyBytes
}

/** Answers a prediction: access first, then the body, then the middle. Both lanes come here. */
export function handlePrediction(exchange: Exchange, route: Route, handling: Handling): void {
  try {
    predict(exchange, route, handling)
  } catch (error) {
    failExchange(exchange, error, handling.options)
  }
}

/** Counts a request against what its caller may ask for, and has every answer tell what is left. Throws `rate-limited` and `quota-exhausted`. */
function limited(exchange: Exchange, { limiter }: ServeHttpOptions, asked: { caller: Caller; release: ServableRelease }): Caller {
  const { caller, release } = asked
  const { deployment, settings } = release
  const allowance = limiter?.allowance({ caller, deployment, settings, address: () => exchange.peer })
  if (!allowance) return caller
  exchange.limitedBy(allowance)
  allowance.takeRequest()
  return { ...caller, allowance }
}

/** The deployment that a path means: at the root, the only one there is. */
function deploymentOf(route: Route, { options: { inference } }: Handling): string {
  if (route.deployment !== undefined) return route.deployment
  const [only, ...others] = inference.list()
  if (only && others.length === 0) return only.name
  const count = others.length + (only ? 1 : 0)
  throw new FairleadError('path-unknown', `at the root the only deployment answers, and there are ${count}; ask at /deployments/{name}/invocations`)
}

function predict(exchange: Exchange, route: Route, handling: Handling): void {
  const { options, limits } = handling
  const { inference } = options
  let known = knownHead(exchange)
  const deployment = deploymentOf(route, handling)
  const release = known ? known.release : releaseNumber(route)
  let caller = access(exchange, handling, deployment, release)
  const failed = (error: unknown) => inference.failed(deployment, error, { release, rows: 0, receivedAt: exchange.receivedAt })
  try {
    caller = limited(exchange, options, { caller, release: inference.resolve(deployment, release).release })
    if (known === undefined) exchange.head.prediction = known = readHead(exchange, route, handling)
  } catch (error) {
    failed(error)
    throw error
  }
  const { answer } = known
  const call: PredictCall = { options, exchange, deployment, release, caller }
  exchange.readBody(bodyLimit(route, limits), { done: (bytes) => answerCall(answer, call, bytes), refused: failed })
}

function answerCall(answer: AnswerCall, call: PredictCall, body: Buffer): void {
  const { exchange, options } = call
  try {
    answer(call, body)?.catch((error: unknown) => failExchange(exchange, error, options))
  } catch (error) {
    failExchange(exchange, error, options)
  }
}

/** What was noted of a head when a request that sent it was let through. */
function knownHead({ head }: Exchange): PredictionHead | undefined {
  return head.prediction as PredictionHead | undefined
}

/** What a head says that was let through. Throws for forms and codings that there are not, before any of the body is read. */
function readHead({ headers }: Exchange, route: Route, { forms }: Handling): PredictionHead {
  const answer = answerOf(headers, route, forms)
  contentCoding(headers['content-encoding'])
  return { release: releaseNumber(route), presented: presentedSecret(headers), answer }
}

function answerOf(headers: Exchange['headers'], { name }: Route, forms: FormChoice): AnswerCall {
  if (name === 'predict') {
    const chosen = forms.choose(headers['content-type'], headers.accept)
    if (chosen.body.kind === 'json' && chosen.answer.kind === 'json') return answerRows
    return async (call, body) => predictRows(call, chosen, body)
  }
  if (name === 'invocations') {
    const type = scoringType(headers['content-type'], scoringTypes(forms))
    // read when it is first asked for, like the documents: most processes never are
    return async (call, body) => (await import('./scoring/invocations.ts')).score({ ...call, type, forms }, body)
  }
  return inferTensors
}

/** Answers a call to the model repository: access first, then the body. */
export function handleRepository(exchange: Exchange, route: Route, handling: Handling): void {
  const { options } = handling
  const fail = (error: unknown) => failExchange(exchange, error, options)
  try {
    if (route.name === 'repository-index') access(exchange, handling, undefined)
    else authorized(exchange, handling, { deployment: route.deployment, requireKey: true, action: 'control' })
    exchange.readBody(REPOSITORY_BYTES, {
      done: (bytes) => void answerRepository(options.repository, route, bytes).then((text) => exchange.json(200, text), fail),
      refused: () => {},
    })
  } catch (error) {
    fail(error)
  }
}

async function openApiText(serving: ReleasePlan, forms: FormChoice): Promise<string> {
  const known = OPENAPI.get(serving)
  if (known !== undefined) return known
  const { openApiOf } = await import('./openapi.ts')
  const text = JSON.stringify(openApiOf(serving, forms.mediaTypes))
  OPENAPI.set(serving, text)
  return text
}

function reasonsAgainst({ options, draining }: Handling): string[] {
  return unreadyReasons(options.inference, { draining: draining() })
}

function oipReady(exchange: Exchange, handling: Handling): void {
  const reasons = reasonsAgainst(handling)
  if (reasons.length === 0) exchange.json(200, '{"ready":true}')
  else exchange.json(400, JSON.stringify({ ready: false, error: reasons.join('; ') }), ['Retry-After', '1'])
}

/** Readiness as control tells it too. */
function readiness(exchange: Exchange, handling: Handling): void {
  const reasons = reasonsAgainst(handling)
  const ready = reasons.length === 0
  const text = JSON.stringify({ status: ready ? 'ready' : 'not ready', reasons, degraded: [] })
  exchange.json(ready ? 200 : 503, text, ready ? [] : ['Retry-After', '1'])
}

function deploymentStatus(exchange: Exchange, handling: Handling, name: string): void {
  const view = handling.options.inference.describe(name)
  if (view.ready) {
    exchange.json(200, JSON.stringify(deploymentView(view)))
    return
  }
  const problem = toProblem(new FairleadError('release-not-ready', view.reason ?? 'it is not ready'), exchange.id)
  exchange.send(503, { type: PROBLEM, text: JSON.stringify({ ...problem, ...deploymentView(view) }), more: ['Retry-After', '1'] })
}

const NOT_READY: ReadonlySet<string> = new Set(['release-not-ready', 'release-not-loaded', 'model-unloaded'])

function modelReady(exchange: Exchange, route: Route, { options }: Handling): void {
  const name = route.deployment!
  try {
    options.inference.resolve(name, releaseNumber(route))
    exchange.json(200, JSON.stringify({ name, ready: true }))
  } catch (error) {
    if (!(error instanceof FairleadError) || !NOT_READY.has(error.code)) throw error
    // 400 is what Triton answers and its clients expect of a model that is not ready
    exchange.json(400, JSON.stringify({ name, ready: false, error: error.message }))
  }
}

async function statistics(exchange: Exchange, { options }: Handling, which: { deployment?: string; release?: number | undefined }): Promise<void> {
  const { inference } = options
  // what is not there is told before the other processes are asked
  modelStatistics(inference, [], which)
  const model_stats = modelStatistics(inference, await options.counted(), which)
  exchange.json(200, JSON.stringify({ model_stats }))
}

const VIEWS: Record<
  Exclude<Route['name'], 'predict' | 'infer' | 'invocations' | RepositoryRoute>,
  (exchange: Exchange, route: Route, handling: Handling) => void | Promise<void>
> = {
  'oip-server': (exchange, _route, { options }) =>
    exchange.json(200, JSON.stringify({ name: 'fairlead', version: options.version, extensions: OIP_EXTENSIONS })),
  'oip-live': (exchange) => exchange.json(200, '{"live":true}'),
  'oip-ready': (exchange, _route, handling) => oipReady(exchange, handling),
  'oip-models': (exchange, _route, handling) => {
    access(exchange, handling, undefined)
    exchange.json(200, JSON.stringify({ models: handling.options.inference.list().map((view) => view.name) }))
  },
  'oip-model': (exchange, route, handling) => {
    access(exchange, handling, route.deployment)
    const { inference } = handling.options
    if (route.deployment === 'stats' && inference.list().every(({ name }) => name !== 'stats')) return statistics(exchange, handling, {})
    exchange.json(200, JSON.stringify(modelMetadata(inference, inference.resolve(route.deployment!, releaseNumber(route)))))
  },
  'oip-model-ready': modelReady,
  'oip-model-stats': (exchange, route, handling) => {
    access(exchange, handling, route.deployment)
    return statistics(exchange, handling, { deployment: route.deployment!, release: releaseNumber(route) })
  },
  'oip-model-config': (exchange, route, handling) => {
    access(exchange, handling, route.deployment)
    exchange.json(200, JSON.stringify(modelConfig(handling.options.inference.resolve(route.deployment!, releaseNumber(route)))))
  },
  deployments: (exchange, _route, handling) => {
    access(exchange, handling, undefined)
    exchange.json(200, JSON.stringify({ items: handling.options.inference.list().map(deploymentView), next: null }))
  },
  deployment: (exchange, route, handling) => {
    access(exchange, handling, route.deployment)
    deploymentStatus(exchange, handling, route.deployment!)
  },
  openapi: async (exchange, route, handling) => {
    access(exchange, handling, route.deployment)
    exchange.json(200, await openApiText(handling.options.inference.resolve(route.deployment!), handling.forms))
  },
  // the page is the same for every deployment and tells nothing; what it shows comes through openapi.json
  docs: async (exchange) => {
    const { DOCS_PAGE, DOCS_POLICY } = await import('./docs-page.ts')
    const more = ['Content-Security-Policy', DOCS_POLICY, 'X-Content-Type-Options', 'nosniff', 'Referrer-Policy', 'no-referrer']
    exchange.send(200, { type: HTML, text: DOCS_PAGE, more })
  },
  metrics: async (exchange, _route, handling) => {
    authorized(exchange, handling, { deployment: undefined, requireKey: false, action: 'read' })
    exchange.send(200, { type: METRICS, text: await handling.options.metricsText() })
  },
  'scoring-ping': (exchange, route, handling) => {
    handling.options.inference.resolve(deploymentOf(route, handling))
    exchange.json(200, '\n')
  },
  'scoring-version': (exchange, route, handling) => {
    handling.options.inference.resolve(deploymentOf(route, handling))
    exchange.json(200, SCORING_VERSION)
  },
  healthz: (exchange) => exchange.json(200, '{"status":"alive"}'),
  readyz: (exchange, _route, handling) => readiness(exchange, handling),
}

/** Answers everything that is not a prediction. */
export async function handleView(exchange: Exchange, route: Route, handling: Handling): Promise<void> {
  await VIEWS[route.name as keyof typeof VIEWS](exchange, route, handling)
}
