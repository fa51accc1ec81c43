import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { deflateSync, gunzipSync, gzipSync, inflateSync } from 'node:zlib'
import { DATATYPES } from '../datatypes.ts'
import { isObject, parseObject } from '../json.ts'
import type { Tensor } from '../tensors.ts'
import { Unmet } from '../unmet.ts'
import { answer, demand, type EchoModel, echoModel, fromBytes, fromJson, outputText, Refusal, type Sent } from './echo-model.ts'

/** A request as the server read it. */
export interface Asked {
  method: string
  path: string
  headers: IncomingMessage['headers']
  body: Buffer
}

/** What the server answers. */
export interface Answered {
  status: number
  headers: Record<string, string>
  body: Buffer
}

/** What differs from a server that does all as the protocol says. */
export interface EchoOptions {
  datatypes?: readonly string[]
  extensions?: readonly string[]
  /** Spoils an answer, or keeps it back. */
  wrong?: (asked: Asked, right: Answered) => Answered | undefined
}

const ALL = ['binary_tensor_data', 'model_repository', 'statistics', 'model_configuration']
const JSONABLE = Object.keys(DATATYPES).filter((name) => DATATYPES[name]!.json)

interface World {
  model: EchoModel
  extensions: readonly string[]
  loaded: boolean
  requests: number
  rows: number
}

/** Starts a server of the Open Inference Protocol with all extensions and one model, `echo`. */
export async function echoServer({ datatypes = JSONABLE, extensions = ALL, wrong = (_asked, right) => right }: EchoOptions = {}) {
  const world: World = { model: echoModel(datatypes), extensions, loaded: true, requests: 0, rows: 0 }
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const asked = { method: request.method ?? '', path: (request.url ?? '').replace(/\?.*$/, ''), headers: request.headers, body: Buffer.concat(chunks) }
    const answered = wrong(asked, respond(world, asked))
    if (answered) response.writeHead(answered.status, answered.headers).end(answered.body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    model: world.model,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** An answer in JSON. */
export function json(value: unknown, status = 200): Answered {
  return { status, headers: { 'content-type': 'application/json' }, body: Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)) }
}

function respond(world: World, asked: Asked): Answered {
  try {
    return compressed(asked, route(world, asked))
  } catch (error) {
    if (error instanceof Refusal) return json({ error: error.message }, error.status)
    if (error instanceof Unmet) return json({ error: error.message }, 400)
    throw error
  }
}

function compressed({ headers }: Asked, right: Answered): Answered {
  const form = headers['accept-encoding']
  if (form !== 'gzip' && form !== 'deflate') return right
  return { ...right, headers: { ...right.headers, 'content-encoding': form }, body: (form === 'gzip' ? gzipSync : deflateSync)(right.body) }
}

function route(world: World, asked: Asked): Answered {
  const key = `${asked.method} ${asked.path}`
  const { model } = world
  const fixed: Record<string, () => Answered> = {
    'GET /v2': () => json({ name: 'echo-server', version: '1', extensions: world.extensions }),
    'GET /v2/': () => json({ name: 'echo-server', version: '1', extensions: world.extensions }),
    'GET /v2/health/live': () => json({ live: true }),
    'GET /v2/health/ready': () => json({ ready: true }),
    'POST /v2/repository/index': () => json([{ name: 'echo', version: '1', state: 'READY', reason: '' }]),
    'GET /v2/models/stats': () => json(statistics(world)),
  }
  if (fixed[key]) return fixed[key]()
  if (Object.keys(fixed).some((one) => one.endsWith(` ${asked.path}`))) throw new Refusal('method not allowed', 405)
  const control = /^\/v2\/repository\/models\/([^/]+)\/(load|unload)$/.exec(asked.path)
  if (control) {
    if (control[1] !== 'echo') throw new Refusal(`failed to load ${control[1]}`)
    world.loaded = control[2] === 'load'
    return { status: 200, headers: {}, body: Buffer.alloc(0) }
  }
  const [, name = '', version, action] = /^\/v2\/models\/([^/]+)(?:\/versions\/([^/]+))?(?:\/(\w+))?$/.exec(asked.path) ?? []
  if (decodeURIComponent(name) !== 'echo') throw new Refusal(name ? `Request for unknown model: ${name}` : 'Not Found', 404)
  if (version !== undefined && version !== '1') throw new Refusal(`unknown version ${version}`, 404)
  if (action === undefined) return json({ name: 'echo', versions: ['1'], platform: 'echo', ...model })
  if (action === 'stats') return json(statistics(world))
  if (action === 'config') return json({ name: 'echo', max_batch_size: 0, input: model.inputs.map(configOf), output: model.outputs.map(configOf) })
  if (!world.loaded) throw new Refusal('the model is not loaded')
  if (action === 'ready') return json({ name: 'echo', ready: true })
  if (action !== 'infer') throw new Refusal('Not Found', 404)
  if (asked.method !== 'POST') throw new Refusal('method not allowed', 405)
  return infer(world, asked)
}

function configOf({ name, datatype, shape }: EchoModel['inputs'][number]) {
  return { name, data_type: `TYPE_${datatype === 'BYTES' ? 'STRING' : datatype}`, dims: shape }
}

function statistics({ requests, rows }: World) {
  const duration = { count: requests, ns: requests * 1000 }
  const inference = { success: duration, fail: duration, queue: duration, compute_input: duration, compute_infer: duration, compute_output: duration }
  return { model_stats: [{ name: 'echo', version: '1', inference_count: rows, execution_count: requests, inference_stats: inference }] }
}

function plainBody({ headers, body }: Asked): Buffer {
  const encoding = headers['content-encoding']
  if (encoding === undefined) return body
  if (encoding !== 'gzip' && encoding !== 'deflate') throw new Refusal('unsupported encoding', 415)
  try {
    return (encoding === 'gzip' ? gunzipSync : inflateSync)(body)
  } catch {
    throw new Refusal(`the body is not ${encoding}`)
  }
}

function infer(world: World, asked: Asked): Answered {
  const { model } = world
  const body = plainBody(asked)
  const header = asked.headers['inference-header-content-length']
  demand(header === undefined || (/^\d+$/.test(String(header)) && Number(header) <= body.length), 'wrong Inference-Header-Content-Length')
  if (header === '0') {
    demand(model.inputs.length === 1, 'a raw request is for one input')
    const [spec] = model.inputs
    const values = fromBytes(body, spec!.datatype)
    const tensors = answer(model, [{ ...spec!, shape: [values.length / 2, 2], values: () => values }])
    return inferenceAnswer(tensors, { id: undefined, isBinary: () => true })
  }
  const request = parseObject(body.subarray(0, header === undefined ? undefined : Number(header)))
  demand(Array.isArray(request.inputs), 'inputs must be an array')
  const part = { bytes: body.subarray(header === undefined ? body.length : Number(header)), at: 0 }
  const sent = request.inputs.map((input) => sentOf(input, part))
  demand(part.at === part.bytes.length, 'there are bytes after the last tensor')
  const wanted = (request.outputs ?? []) as { name: string; parameters?: { binary_data?: boolean } }[]
  const tensors = answer(
    model,
    sent,
    wanted.map(({ name }) => name),
  )
  world.requests++
  world.rows += tensors[0]!.shape[0]!
  const all = isObject(request.parameters) && request.parameters.binary_data_output === true
  return inferenceAnswer(tensors, { id: request.id, isBinary: (name) => wanted.find((one) => one.name === name)?.parameters?.binary_data ?? all })
}

function sentOf(input: unknown, part: { bytes: Buffer; at: number }): Sent {
  demand(isObject(input), 'an input must be an object')
  const { name, datatype, shape, data } = input
  const size = isObject(input.parameters) ? input.parameters.binary_data_size : undefined
  if (size === undefined) return { name, datatype, shape, values: (type) => fromJson(data, shape, type) }
  demand(data === undefined, 'an input has both data and binary_data_size')
  const bytes = part.bytes.subarray(part.at, part.at + Number(size))
  demand(bytes.length === size, 'the binary part is too short')
  part.at += bytes.length
  return { name, datatype, shape, values: (type) => fromBytes(bytes, type) }
}

function inferenceAnswer(tensors: Tensor[], { id, isBinary }: { id: unknown; isBinary: (name: string) => boolean }): Answered {
  const parts = tensors.map((tensor) => outputText(tensor, isBinary(tensor.name)))
  const idText = id === undefined ? '' : `"id":${JSON.stringify(id)},`
  const text = Buffer.from(`{"model_name":"echo","model_version":"1",${idText}"outputs":[${parts.map((one) => one.text).join(',')}]}`)
  if (!tensors.some(({ name }) => isBinary(name))) return json(text.toString())
  const headers = { 'content-type': 'application/octet-stream', 'inference-header-content-length': String(text.length) }
  return { status: 200, headers, body: Buffer.concat([text, ...parts.map(({ bytes }) => bytes)]) }
}
