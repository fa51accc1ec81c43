import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ARTIFACTS_PATH } from '../uri.ts'

/** One request as the fake took it. */
export interface Asked {
  method: string
  path: string
  query: Record<string, string>
  body: Record<string, unknown>
  authorization: string | undefined
}

/** What the fake answers: JSON with a status, or whatever a function writes. */
export type Answer = { status?: number; json?: unknown; headers?: Record<string, string>; text?: string } | ((response: ServerResponse) => void)

/** A tracking server in memory. */
export interface FakeTracking extends AsyncDisposable {
  url: string
  asked: Asked[]
  /** Answers by `METHOD path`, the path without `api/2.0/mlflow/`; they go before those the fake has itself. */
  routes: Record<string, (asked: Asked) => Answer>
  /** Artifacts by path. */
  files: Record<string, string>
}

/** MLflow's form of an error. */
export function mlflowError(status: number, code: string, message: string): Answer {
  return { status, json: { error_code: code, message } }
}

/** Starts a fake that hands out `files` as artifacts and answers what `routes` say; all else is not found. */
export async function fakeTracking(files: Record<string, string> = {}, routes: FakeTracking['routes'] = {}): Promise<FakeTracking> {
  const fake = { asked: [] as Asked[], routes, files }
  const server = createServer(async (request, response) => {
    const asked = await askedOf(request)
    fake.asked.push(asked)
    const answer = fake.routes[`${asked.method} ${asked.path}`]?.(asked) ?? artifact(fake.files, asked) ?? mlflowError(404, 'ENDPOINT_NOT_FOUND', asked.path)
    if (typeof answer === 'function') return answer(response)
    const { status = 200, json, text, headers } = answer
    response.writeHead(status, { 'content-type': text === undefined ? 'application/json' : 'text/plain', ...headers })
    response.end(text ?? JSON.stringify(json ?? {}))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  return Object.assign(fake, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, [Symbol.asyncDispose]: close })
}

async function askedOf(request: IncomingMessage): Promise<Asked> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const url = new URL(request.url ?? '/', 'http://fake')
  const text = Buffer.concat(chunks).toString()
  return {
    method: request.method ?? '',
    path: decodeURIComponent(url.pathname).replace(/^\/(?:api\/2\.0\/mlflow\/)?/, ''),
    query: Object.fromEntries(url.searchParams),
    body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
    authorization: request.headers.authorization,
  }
}

function artifact(files: Record<string, string>, { method, path, query }: Asked): Answer | undefined {
  if (method !== 'GET' || !path.startsWith(ARTIFACTS_PATH)) return undefined
  if (path === ARTIFACTS_PATH) return { json: listing(files, query.path ?? '') }
  const content = files[path.slice(ARTIFACTS_PATH.length + 1)]
  return content === undefined ? mlflowError(404, 'RESOURCE_DOES_NOT_EXIST', 'No such artifact') : { text: content }
}

function listing(files: Record<string, string>, folder: string): unknown {
  const found = new Map<string, unknown>()
  for (const [path, content] of Object.entries(files)) {
    if (!path.startsWith(`${folder}/`)) continue
    const [name = '', ...rest] = path.slice(folder.length + 1).split('/')
    found.set(name, rest.length > 0 ? { path: name, is_dir: true } : { path: name, is_dir: false, file_size: Buffer.byteLength(content) })
  }
  return found.size === 0 ? {} : { files: [...found.values()] }
}

/** A model `credit` of one version with two files, its run and its logged model, as MLflow 3 keeps them. */
export function creditRoutes(): FakeTracking['routes'] {
  const version = {
    name: 'credit',
    version: '3',
    current_stage: 'Production',
    description: 'the third',
    run_id: 'abc123',
    model_id: `m-${'1'.repeat(32)}`,
    aliases: ['champion'],
    tags: [{ key: 'approved', value: 'yes' }],
  }
  const run = {
    info: {
      run_id: 'abc123',
      run_name: 'night',
      experiment_id: '1',
      user_id: 'ann',
      status: 'FINISHED',
      start_time: 1767225600000,
      end_time: '1767225601000',
      artifact_uri: 'mlflow-artifacts:/1/abc123/artifacts',
    },
    data: {
      metrics: [
        { key: 'auc', value: 0.79, timestamp: 1, step: 4 },
        { key: 'odd', value: 'NaN', step: 0 },
      ],
      params: [{ key: 'leaves', value: '7' }],
      tags: [
        { key: 'mlflow.source.name', value: 'train.py' },
        { key: 'mlflow.source.git.commit', value: 'c0ffee' },
        { key: 'mlflow.source.git.repoURL', value: 'https://ann:secret@git.example.com/credit.git' },
        { key: 'mlflow.log-model.history', value: '[{}]' },
        { key: 'team', value: 'risk' },
      ],
    },
    inputs: { dataset_inputs: [{ dataset: { name: 'loans', digest: 'd1', source: '{}' }, tags: [{ key: 'mlflow.data.context', value: 'training' }] }] },
  }
  const logged = {
    info: { model_id: version.model_id, name: 'model', artifact_uri: `mlflow-artifacts:/1/models/${version.model_id}/artifacts`, source_run_id: 'abc123' },
    data: {},
  }
  return {
    'GET model-versions/get-download-uri': ({ query }) =>
      query.name === 'credit' && query.version === '3'
        ? { json: { artifact_uri: `models:/${version.model_id}` } }
        : mlflowError(404, 'RESOURCE_DOES_NOT_EXIST', `Model Version (name=${query.name}, version=${query.version}) not found`),
    'GET model-versions/get': () => ({ json: { model_version: version } }),
    'GET registered-models/alias': ({ query }) =>
      query.alias === 'champion'
        ? { json: { model_version: version } }
        : mlflowError(400, 'INVALID_PARAMETER_VALUE', `Registered model alias ${query.alias} not found.`),
    'POST registered-models/get-latest-versions': ({ body }) => ({
      json: (body.stages as string[] | undefined)?.includes('Staging') ? {} : { model_versions: [{ ...version, version: '2' }, version] },
    }),
    'GET runs/get': ({ query }) =>
      query.run_id === 'abc123' ? { json: { run } } : mlflowError(404, 'RESOURCE_DOES_NOT_EXIST', `Run with id=${query.run_id} not found`),
    'GET experiments/get': () => ({ json: { experiment: { experiment_id: '1', name: 'nightly' } } }),
    [`GET logged-models/${version.model_id}`]: () => ({ json: { model: logged } }),
    'POST logged-models/search': ({ body }) => ({ json: body.filter === "name = 'model'" ? { models: [logged] } : {} }),
  }
}

/** Where the files of `credit` are. */
export const CREDIT_ROOT = `1/models/m-${'1'.repeat(32)}/artifacts`
