// A platform of canned answers, for looking at the console in every state. The answers are typed by the contract, so they cannot drift from it.
import { readdir, readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Row } from '@fairlead/contract'
import type { Operation, ResponseOf, RouteName } from '@fairlead/contract/control'
import { ROUTES } from '@fairlead/contract/control/routes'
import { deployment, keys, names, predictions, release, status, telemetry } from './canned-deployments.ts'
import { comparison, explanation, isWide, tree, wideAnswer } from './canned-inside.ts'
import { ago, exampleRow, graph, model, signature, summary, version } from './canned-models.ts'

/** What the platform of canned answers looks like. `error`: every read fails; `lost`: the event stream ends after one state. */
export const STATES = ['empty', 'little', 'lots', 'error', 'lost', 'signed-out'] as const
export type CannedState = (typeof STATES)[number]

const DIST = fileURLToPath(new URL('../../packages/console/dist/', import.meta.url))
const TYPES: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' }
const CSP = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:"

interface Call {
  state: CannedState
  params: Record<string, string>
  query: URLSearchParams
  body: unknown
}
/** A refusal in place of a canned answer. */
class Refusal extends Error {
  readonly status: number
  readonly code: string
  constructor(status: number, code: string, detail: string) {
    super(detail)
    this.status = status
    this.code = code
  }
}
type Answers = { [K in RouteName]?: (call: Call) => ResponseOf<K> }

const operation = (call: Call): Operation => ({
  id: 'op-1',
  kind: 'deploy',
  state: 'done',
  step: 'Release 8 answers',
  progress: 1,
  target: { deployment: call.params.deployment ?? '', release: 8 },
  error: null,
  startedAt: ago(0),
  endedAt: ago(0),
})
const list = <T>(items: T[]) => ({ items, next: null })
const named = (call: Call, key: string) => call.params[key] ?? ''

function tried(call: Call): ResponseOf<'tryDeployment'> {
  const name = named(call, 'deployment')
  const { rows = [], explain = false } = call.body as { rows?: Row[]; explain?: boolean }
  if (explain && name === 'churn')
    throw new Refusal(422, 'explanation-unavailable', 'the model runs with onnx; only trees and linear models that run compiled are explained')
  return {
    id: '0193a7c2-2b1e-7000-8000-5f1e2d3c4b5a',
    deployment: name,
    release: 7,
    predictions: [isWide(name) ? wideAnswer : { label: 'good', probabilities: { bad: 0.19, good: 0.81 }, decision: 'accept' }],
    ...(explain ? { explanations: rows.map((row) => explanation(name, row)) } : {}),
  }
}

const ANSWERS: Answers = {
  getStatus: ({ state }) => status(state),
  getSession: () => ({ subject: 'admin', expiresAt: ago(-600) }),
  createSession: () => ({ subject: 'admin', expiresAt: ago(-600) }),
  listModels: ({ state }) =>
    list(
      state === 'empty'
        ? []
        : names(state).map((name, at) => model(name, at === 0 ? 5 : (at % 3) + 1, at % 4 ? [name] : [name, 'shadow-a', 'shadow-b', 'shadow-c'])),
    ),
  getModel: (call) => model(named(call, 'model'), 5, ['credit-risk']),
  listVersions: (call) => list([5, 4, 3, 2, 1].map((number) => summary(named(call, 'model'), number))),
  getVersion: (call) => version(named(call, 'model'), Number(named(call, 'version'))),
  getVersionGraph: () => graph,
  getVersionTree: ({ query }) => tree(Number(query.get('tree') ?? 0), Number(query.get('depth') ?? 4)),
  compareVersions: (call) => {
    if (named(call, 'version') === '1') throw new Refusal(422, 'model-part-unsupported', 'credit-risk:1: the operator Tokenizer is not understood.')
    return comparison()
  },
  verifyVersion: (call) => {
    const { digest, files } = version(named(call, 'model'), Number(named(call, 'version')))
    return { model: named(call, 'model'), version: Number(named(call, 'version')), digest, ok: true, files: files.map((file) => ({ ...file, ok: true })) }
  },
  setAlias: (call) => model(named(call, 'model'), 5, ['credit-risk']),
  listDeployments: ({ state }) => list(names(state).map(deployment)),
  getDeployment: (call) => deployment(named(call, 'deployment')),
  listReleases: (call) =>
    list([7, 6, 5, 4, 3, 2, 1].map((number) => release(named(call, 'deployment'), number, number === 7 ? 'active' : number === 5 ? 'failed' : 'superseded'))),
  getDeploymentSignature: () => ({ signature, example: [exampleRow] }),
  getTelemetry: ({ params, query, state }) => telemetry(params.deployment ?? '', query, state),
  tryDeployment: tried,
  listPredictions: ({ query, state }) => predictions(query, state),
  createRelease: operation,
  rollback: operation,
  getOperation: operation,
  listKeys: ({ state }) => list(keys(state)),
  createKey: () => ({
    id: 'k9',
    name: 'new',
    prefix: 'fl_new1',
    scopes: ['predict'],
    deployments: [],
    createdAt: ago(0),
    createdBy: 'admin',
    expiresAt: null,
    revokedAt: null,
    limits: null,
    usage: [],
    key: 'fl_new1_4fQ8s0m3canned',
    warnings: ['There is no deployment "credit-rsik" yet; the key will work once there is.'],
  }),
}

function match(method: string, path: string): { route: RouteName; params: Record<string, string> } | undefined {
  for (const [route, { method: wanted, path: pattern }] of Object.entries(ROUTES) as [RouteName, (typeof ROUTES)[RouteName]][]) {
    const found = new RegExp(`^${pattern.replace(/:(\w+)/g, '(?<$1>[^/]+)').replace('*', '.*')}$`).exec(path)
    if (wanted === method && found)
      return { route, params: Object.fromEntries(Object.entries(found.groups ?? {}).map(([key, value]) => [key, decodeURIComponent(value)])) }
  }
  return undefined
}

function refuse(response: ServerResponse, status: number, code: string, detail: string): void {
  response.writeHead(status, { 'content-type': 'application/problem+json' })
  response.end(
    JSON.stringify({ type: `https://fairlead.dev/errors/${code}`, title: detail, status, code, detail, requestId: '0193a7c2-2b1e-7000-8000-000000000001' }),
  )
}

function events(response: ServerResponse, state: CannedState): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  const send = () => response.write(`event: status\ndata: ${JSON.stringify(status(state))}\n\n`)
  send()
  if (state === 'lost') {
    response.end()
    return
  }
  const timer = setInterval(send, 2000)
  response.on('close', () => clearInterval(timer))
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const text = Buffer.concat(await request.toArray()).toString()
  return text === '' ? undefined : JSON.parse(text)
}

/** Answers a call of the API; the event stream and refusals of a state come before the canned answers. */
async function api(request: IncomingMessage, response: ServerResponse, state: CannedState): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost')
  const body = await bodyOf(request)
  const found = match(request.method ?? 'GET', url.pathname.slice('/api/v1'.length))
  if (!found) refuse(response, 404, 'path-unknown', `There is nothing at ${url.pathname}`)
  else if (state === 'signed-out') refuse(response, 401, found.route === 'createSession' ? 'sign-in-invalid' : 'not-authenticated', 'The session has ended')
  else if (state === 'error') refuse(response, 503, 'not-ready', 'The metadata store is being opened; retry in 2 s.')
  else if (found.route === 'watchStatus') events(response, state)
  else answer(response, found.route, { state, params: found.params, query: url.searchParams, body })
}

function answer(response: ServerResponse, route: RouteName, call: Call): void {
  try {
    const body = ANSWERS[route]?.(call)
    if (body === undefined) response.writeHead(204).end()
    else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    refuse(response, error.status, error.code, error.message)
  }
}

/** The built console in memory, so that a build in between does not tear a page. */
async function readConsole(): Promise<Map<string, Buffer>> {
  const entries = await readdir(DIST, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  return new Map(await Promise.all(files.map(async (file) => [`/${relative(DIST, file)}`, await readFile(file)] as const)))
}

function page(response: ServerResponse, files: Map<string, Buffer>, path: string): void {
  const file = extname(path) ? path : '/index.html'
  const body = files.get(file)
  if (body === undefined) response.writeHead(404).end()
  else response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream', 'content-security-policy': CSP }).end(body)
}

/** Serves the built console and the canned answers of a state on loopback. */
export async function startCanned(state: CannedState, port = 0): Promise<{ url: string; server: Server }> {
  const files = await readConsole()
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost')
    if (url.pathname.startsWith('/api/v1/')) void api(request, response, state)
    else page(response, files, url.pathname)
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server }
}
