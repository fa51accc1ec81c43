import { ERRORS } from '@fairlead/contract'
import * as contract from '@fairlead/contract/control'
import { ROUTES, type Route, type RouteName, type RouteSchemas, SCHEMAS } from '@fairlead/contract/control'
import { z } from 'zod'
import { GUARDED } from './conditional.ts'
import { isRepeatable } from './idempotency.ts'

type Json = Record<string, unknown>

/** Schemas that appear under a name of their own. */
const NAMED = {
  Model: contract.model,
  ModelVersion: contract.modelVersion,
  ModelVersionSummary: contract.modelVersionSummary,
  ModelGraph: contract.modelGraph,
  Verification: contract.verification,
  ImportRequest: contract.importRequest,
  ImportResult: contract.importResult,
  Deployment: contract.deployment,
  Release: contract.release,
  ReleaseSettings: contract.releaseSettings,
  DeployRequest: contract.deployRequest,
  Operation: contract.operation,
  ApiKey: contract.apiKey,
  CreatedKey: contract.createdKey,
  CreateKeyRequest: contract.createKeyRequest,
  PatchKeyRequest: contract.patchKeyRequest,
  KeyLimits: contract.keyLimits,
  Session: contract.session,
  SignInLink: contract.signInLink,
  Status: contract.status,
  Telemetry: contract.telemetry,
  PredictionPage: contract.predictionPage,
  Job: contract.job,
  JobPreview: contract.jobPreview,
  JobRequest: contract.jobRequest,
}

const PROBLEM: Json = {
  type: 'object',
  required: ['type', 'title', 'status', 'code', 'detail'],
  properties: {
    type: { type: 'string', format: 'uri' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string', enum: Object.keys(ERRORS) },
    detail: { type: 'string' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['path', 'code', 'detail'],
        properties: { path: { type: 'string' }, code: { type: 'string' }, detail: { type: 'string' } },
      },
    },
    requestId: { type: 'string' },
  },
}

/** JSON Schemas of zod schemas; named ones are written once, apart for what is sent and what is answered. */
class Components {
  readonly schemas: Json = { Problem: PROBLEM }
  readonly #registry = z.registry<{ id: string }>()

  constructor() {
    for (const [id, schema] of Object.entries(NAMED)) this.#registry.add(schema, { id })
  }

  of(schema: z.ZodType, io: 'input' | 'output'): Json {
    const suffix = io === 'input' ? 'Input' : ''
    const made = z.toJSONSchema(schema, { io, unrepresentable: 'any', metadata: this.#registry }) as Json
    const own = made.id
    const definitions = (made.$defs ?? {}) as Json
    const place = (node: unknown): unknown => {
      if (Array.isArray(node)) return node.map(place)
      if (typeof node !== 'object' || node === null) return node
      const entries = Object.entries(node).filter(
        ([key]) => (key !== '$schema' && key !== '$defs' && key !== 'id') || (typeof (node as Json)[key] === 'object' && key === 'id'),
      )
      return Object.fromEntries(
        entries.map(([key, value]) => [
          key,
          key === '$ref' && typeof value === 'string' ? value.replace('#/$defs/', '#/components/schemas/').concat(suffix) : place(value),
        ]),
      )
    }
    for (const [id, definition] of Object.entries(definitions)) this.schemas[`${id}${suffix}`] ??= place(definition)
    const body = place(made) as Json
    if (typeof own !== 'string') return body
    this.schemas[`${own}${suffix}`] ??= body
    return { $ref: `#/components/schemas/${own}${suffix}` }
  }
}

/** Parameters of one place, from an object schema. */
function parametersOf(components: Components, schema: z.ZodObject | undefined, place: 'path' | 'query'): Json[] {
  if (!schema) return []
  const { properties = {}, required = [] } = components.of(schema, 'input') as { properties?: Json; required?: string[] }
  return Object.entries(properties).map(([name, one]) => ({
    name: name === '*' ? 'path' : name,
    in: place,
    required: place === 'path' || required.includes(name),
    schema: one,
  }))
}

const HEADERS: Record<string, Json> = {
  idempotency: {
    name: 'Idempotency-Key',
    in: 'header',
    required: false,
    schema: { type: 'string', maxLength: 200 },
    description: 'Repeating the request with the same key answers as the first time, for 24 hours.',
  },
  ifMatch: { name: 'If-Match', in: 'header', required: false, schema: { type: 'string' }, description: 'ETag of the state that the change is meant for.' },
}

function successOf(components: Components, name: string, schemas: RouteSchemas): Json {
  if (schemas.success === 204) return { description: 'Done.' }
  if (schemas.event) {
    components.of(schemas.event, 'output')
    return { description: `Server-sent events; the data of each is JSON.`, content: { 'text/event-stream': { schema: { type: 'string' } } } }
  }
  if (!schemas.response) return { description: 'The file.', content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } } }
  const json = { 'application/json': { schema: components.of(schemas.response, 'output') } }
  if (name !== 'listPredictions') return { description: 'Success.', content: json }
  const more = { 'text/csv': { schema: { type: 'string' } }, 'application/vnd.apache.parquet': { schema: { type: 'string', format: 'binary' } } }
  return { description: 'Success.', content: { ...json, ...more } }
}

function bodyOf(components: Components, name: string, schemas: RouteSchemas): Json {
  if (name === 'putUploadFile')
    return { requestBody: { required: true, content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } } } }
  return schemas.body ? { requestBody: { required: true, content: { 'application/json': { schema: components.of(schemas.body, 'input') } } } } : {}
}

function operationOf(components: Components, name: RouteName, route: Route): Json {
  const schemas: RouteSchemas = SCHEMAS[name]
  const parameters = [...parametersOf(components, schemas.params, 'path'), ...parametersOf(components, schemas.query, 'query')]
  if (route.method !== 'GET' && isRepeatable(name)) parameters.push(HEADERS.idempotency!)
  if (GUARDED.has(name)) parameters.push(HEADERS.ifMatch!)
  return {
    operationId: name,
    summary: route.summary,
    tags: [route.tag],
    ...(route.access === 'open' ? { security: [] } : { 'x-scope': route.access }),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...bodyOf(components, name, schemas),
    responses: {
      [schemas.success ?? 200]: successOf(components, name, schemas),
      default: {
        description: 'A problem; `code` is one of the error table.',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  }
}

/** The OpenAPI 3.1 document of the control API, made of its routes and schemas. */
export function openApi(version: string): Json {
  const components = new Components()
  const paths: Record<string, Json> = {}
  for (const [name, route] of Object.entries<Route>(ROUTES) as [RouteName, Route][]) {
    const path = `/api/v1${route.path.replace(/:(\w+)/g, '{$1}').replace('*', '{path}')}`
    paths[path] ??= {}
    paths[path][route.method.toLowerCase()] = operationOf(components, name, route)
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Fairlead control API', version, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    servers: [{ url: '/' }],
    tags: [...new Set(Object.values<Route>(ROUTES).map((route) => route.tag))].map((name) => ({ name })),
    security: [{ bearer: [] }, { session: [] }],
    paths,
    components: {
      schemas: components.schemas,
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' }, session: { type: 'apiKey', in: 'cookie', name: 'fairlead_session' } },
    },
  }
}
