import type { Socket } from 'node:net'
import { FairleadError, toProblem, writeJson } from '@fairlead/contract'
import { deployRequest, ROUTES, type Route, type RouteName, type RouteSchemas, SCHEMAS } from '@fairlead/contract/control'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest, LogController } from 'fastify'
import { z } from 'zod'
import type { Principal } from '../../domain/governance/index.ts'
import { requestId } from '../../kernel/request-id.ts'
import { keepBodyText, readJson, readText } from './body.ts'
import { ANSWERED, type Call, type Context, type Handlers, JsonText } from './call.ts'
import { refuseUnguarded } from './conditional.ts'
import { sendConsole } from './console-files.ts'
import { deploymentHandlers } from './deployments.ts'
import { Idempotency } from './idempotency.ts'
import { authorize, checkHost, checkOrigin, identify } from './identity.ts'
import { jobHandlers } from './jobs.ts'
import { modelHandlers } from './models.ts'
import type { ControlServerOptions } from './ports.ts'
import { parsed, sendProblem } from './problem.ts'
import { allowSlow, HEAD_MS, refuseSlow } from './slow.ts'
import { Streams } from './sse.ts'
import { systemHandlers } from './system.ts'

const MEGABYTE = 2 ** 20
const PREFIX = '/api/v1'
/** Bodies that may be larger than a megabyte: golden rows, and rows to try. */
const BODY_LIMITS: Partial<Record<RouteName, number>> = { importVersion: 64 * MEGABYTE, tryDeployment: 16 * MEGABYTE }
/** Settings and pipeline are left to the domain, which names what is wrong with them by their own codes. */
const BODIES: Partial<Record<RouteName, z.ZodType>> = {
  createRelease: deployRequest.extend({ settings: z.record(z.string(), z.unknown()).optional(), pipeline: z.unknown().optional() }),
}

/** The server of the control port: the API, health, metrics and the console. Not listening yet. */
export function controlServer(options: ControlServerOptions): FastifyInstance {
  const streams = new Streams()
  const server = fastify({
    loggerInstance: options.logger.child({ part: 'control' }),
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: MEGABYTE,
    // a file may take its time, a connection on which nothing moves may not; heads and other bodies have limits of their own
    requestTimeout: 0,
    http: { headersTimeout: HEAD_MS, connectionsCheckingInterval: 2000 },
    connectionTimeout: 300_000,
    clientErrorHandler: refuseUnreadable,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 500 },
    // what comes while it closes is answered, and the connection ends after it
    return503OnClosing: false,
    genReqId: (request) => requestId(request.headers['x-request-id']),
    frameworkErrors: (error, request, reply) => void sendProblem(request, reply, error),
  }) as unknown as FastifyInstance
  addParsers(server)
  refuseSlow(server, options.bodyMs)
  addHooks(server, options)
  server.addHook('preClose', async () => streams.closeAll())
  addRoutes(server, { ...options, streams })
  addSystem(server, options)
  return server
}

function addParsers(server: FastifyInstance): void {
  server.removeAllContentTypeParsers()
  server.addContentTypeParser('application/json', { parseAs: 'buffer' }, async (request: FastifyRequest, body: Buffer) => {
    if (body.length === 0) return undefined
    const text = readText(body)
    if (request.routeOptions.url === `${PREFIX}${ROUTES.tryDeployment.path}`) keepBodyText(request, text)
    return readJson(text)
  })
}

function addHooks(server: FastifyInstance, { host, loopback }: ControlServerOptions): void {
  server.addHook('onRequest', async (request, reply) => {
    reply.headers({
      'x-request-id': request.id,
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    })
    if (loopback) checkHost(request, host)
  })
  server.addHook('onResponse', async (request, reply) => {
    const line = {
      method: request.method,
      path: request.url.split('?', 1)[0],
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime * 10) / 10,
      requestId: request.id,
    }
    if (request.method === 'GET' || request.method === 'HEAD') request.log.debug(line, 'request')
    else request.log.info(line, 'request')
  })
  server.setErrorHandler((error, request, reply) => sendProblem(request, reply, error))
}

type AnyHandlers = Handlers<RouteName>

function addRoutes(server: FastifyInstance, context: Context): void {
  const handlers: AnyHandlers = { ...systemHandlers(context), ...modelHandlers(context), ...deploymentHandlers(context), ...jobHandlers(context) }
  const idempotency = new Idempotency(context.idempotency)
  for (const [name, route] of Object.entries<Route>(ROUTES) as [RouteName, Route][]) {
    const add = (scope: FastifyInstance) =>
      addRoute(scope, { name, route, context, idempotency, handler: handlers[name] as (call: Call<RouteName>) => Promise<unknown> })
    if (name !== 'putUploadFile') add(server)
    // whatever its type, an uploaded file is bytes; they go on as they arrive
    else
      server.register(async (scope) => {
        scope.removeAllContentTypeParsers()
        scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
        add(scope)
      })
  }
}

interface RouteParts {
  name: RouteName
  route: Route
  context: Context
  idempotency: Idempotency
  handler: (call: Call<RouteName>) => Promise<unknown>
}

function addRoute(scope: FastifyInstance, { name, route, context, idempotency, handler }: RouteParts): void {
  const schemas: RouteSchemas = SCHEMAS[name]
  const bodySchema = BODIES[name] ?? schemas.body
  const principals = new WeakMap<FastifyRequest, Principal>()
  const identified = async (request: FastifyRequest, access: Exclude<Route['access'], 'open'>) => {
    const principal = await identify(context.access, request)
    authorize(principal, access, await deploymentAskedFor(context, name, request))
    return principal
  }
  scope.route({
    method: route.method,
    url: `${PREFIX}${route.path}`,
    ...(BODY_LIMITS[name] === undefined ? {} : { bodyLimit: BODY_LIMITS[name] }),
    onRequest: async (request, reply) => {
      reply.header('cache-control', 'no-store')
      if (route.access === 'open') {
        // a foreign page must not sign its reader in as somebody else
        if (request.headers.origin !== undefined && route.method !== 'GET') checkOrigin(request)
        return
      }
      const principal = await identified(request, route.access)
      if (principal) principals.set(request, principal)
      if (name === 'putUploadFile') allowSlow(request, 'file')
      else if (BODY_LIMITS[name] !== undefined) allowSlow(request, 'large')
      refuseUnguarded(name, request)
    },
    handler: async (request, reply) => {
      const principal = principals.get(request)
      const work = async () => {
        const allowed = () => route.access === 'open' || stillTrue(identified(request, route.access))
        const call = { ...partsOf(schemas, bodySchema, request), principal, request, reply, signal: goneSignal(reply), allowed }
        if (schemas.success !== undefined) reply.code(schemas.success)
        return handler(call as Call<RouteName>)
      }
      const answer = route.method === 'GET' ? await work() : await idempotency.run({ name, request, reply, who: principal?.id ?? 'nobody' }, work)
      if (answer === ANSWERED) return reply
      if (answer === undefined) return reply.send()
      return reply.type('application/json; charset=utf-8').send(answer instanceof JsonText ? answer.text : writeJson(answer))
    },
  })
}

function partsOf(schemas: RouteSchemas, bodySchema: z.ZodType | undefined, request: FastifyRequest) {
  return {
    params: schemas.params && parsed(schemas.params, request.params, 'path'),
    query: schemas.query && parsed(schemas.query, request.query, 'query'),
    body: bodySchema && parsed(bodySchema, request.body, 'body'),
  }
}

/** The deployment that a request is about, so that a key bound to some reaches no other. */
async function deploymentAskedFor({ deployments }: Context, name: RouteName, request: FastifyRequest): Promise<string | undefined> {
  const { deployment, operation } = request.params as { deployment?: string; operation?: string }
  if (deployment !== undefined) return deployment
  if (operation === undefined || (name !== 'getOperation' && name !== 'watchOperation')) return undefined
  return deployments.getOperation(operation).then(
    (found) => found.target.deployment,
    () => undefined,
  )
}

/** Whether a check passes still. One that could not be made, because a store does not answer, is no refusal. */
function stillTrue(check: Promise<unknown>): Promise<boolean> {
  return check.then(
    () => true,
    (error) => !(error instanceof FairleadError),
  )
}

function goneSignal(reply: FastifyReply): AbortSignal {
  const gone = new AbortController()
  reply.raw.once('close', () => gone.abort())
  return gone.signal
}

/** Answers bytes that are no HTTP request. There is no reply object for them. */
function refuseUnreadable(error: Error, socket: Socket): void {
  if (!socket.writable) return void socket.destroy()
  const code = 'code' in error && error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 'request-timeout' : 'request-invalid'
  const problem = toProblem(new FairleadError(code, `This is not a request that can be read: ${error.message}.`))
  const body = JSON.stringify(problem)
  const head = `HTTP/1.1 ${problem.status} ${problem.status === 408 ? 'Request Timeout' : 'Bad Request'}`
  socket.end(`${head}\r\ncontent-type: application/problem+json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`, () =>
    socket.destroy(),
  )
}

/** Methods that a path takes, by the table of routes. */
function methodsOf(url: string): string[] {
  const path = url.split('?', 1)[0] ?? ''
  const matches = (pattern: string) => new RegExp(`^${PREFIX}${pattern.replace(/\./g, '\\.').replace(/:\w+/g, '[^/]+').replace('*', '.+')}$`).test(path)
  const methods = Object.values<Route>(ROUTES)
    .filter((route) => matches(route.path))
    .map((route) => route.method)
  if (methods.length === 0 && ['/healthz', '/readyz', '/metrics'].includes(path)) return ['GET']
  return [...new Set(methods)]
}

function addSystem(server: FastifyInstance, options: ControlServerOptions): void {
  server.get('/healthz', async (_request, reply) => reply.header('cache-control', 'no-store').send({ status: 'alive' }))
  server.get('/readyz', async (_request, reply) => {
    const { ready, reasons, degraded } = await options.readiness()
    if (!ready) reply.code(503).header('retry-after', '1')
    return reply.header('cache-control', 'no-store').send({ status: ready ? 'ready' : 'not ready', reasons, degraded })
  })
  server.get('/metrics', async (request, reply) => {
    if (!options.loopback) authorize(await identify(options.access, request), 'read', undefined)
    return reply.type('text/plain; version=0.0.4; charset=utf-8').send(await options.metricsText())
  })
  server.setNotFoundHandler((request, reply) => notFound(request, reply, options.consoleDir))
}

async function notFound(request: FastifyRequest, reply: FastifyReply, consoleDir: string | undefined): Promise<FastifyReply> {
  const methods = methodsOf(request.url)
  if (methods.length > 0) {
    reply.header('allow', methods.includes('GET') ? [...methods, 'HEAD'].join(', ') : methods.join(', '))
    throw new FairleadError('method-not-allowed', `${request.method} is not a method of this path; it takes ${methods.join(', ')}.`)
  }
  const page = (request.method === 'GET' || request.method === 'HEAD') && !/^\/api(\/|$)/.test(request.url)
  if (page && consoleDir !== undefined && (await sendConsole(consoleDir, request, reply))) return reply
  const hint = page && consoleDir === undefined ? ' The console is not built; run `npm run build:console`.' : ''
  throw new FairleadError('path-unknown', `There is nothing at ${request.url.split('?', 1)[0]?.slice(0, 200)}.${hint}`)
}
