import { OIP_TYPES, type TensorSpec } from '@fairlead/contract'
import type { ReleasePlan } from '../../domain/inference/index.ts'

type Schema = Record<string, unknown>

const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` })
const json = (name: string): Schema => ({ 'application/json': { schema: ref(name) } })

const FAILURES: [number, string][] = [
  [400, 'The request cannot be read, or does not fit the model.'],
  [401, 'An API key is needed.'],
  [403, 'The key does not allow this.'],
  [404, 'There is no such model or version.'],
  [408, 'The request did not arrive in time.'],
  [409, 'The version is out of service and not loaded.'],
  [413, 'The body is too large, also when it is inflated.'],
  [415, 'The content encoding is not supported.'],
  [429, 'The caller has asked too often; retry after the seconds in Retry-After.'],
  [500, 'The model failed.'],
  [501, 'The request asks for an extension that is not offered.'],
  [503, 'Not ready, or the queue is full; retry after the seconds in Retry-After.'],
  [504, 'The deadline passed.'],
]

function responses(success: Schema): Schema {
  const failures = FAILURES.map(([status, description]) => [String(status), { description, content: json('OipError') }])
  return { 200: success, ...Object.fromEntries(failures) }
}

const JSON_LENGTH = {
  name: 'Inference-Header-Content-Length',
  in: 'header',
  schema: { type: 'integer', minimum: 0 },
  description: 'Bytes of JSON in front of binary tensors, before any compression; 0 for a body that is the one input alone. Absent: all is JSON.',
}

const PARAMETERS: Schema = { type: 'object', additionalProperties: { type: ['string', 'number', 'boolean'] } }
const SHAPE: Schema = { type: 'array', items: { type: 'integer', minimum: 0 } }
const DATATYPES = Object.values(OIP_TYPES)

function inputSchema({ name, type, shape }: TensorSpec): Schema {
  return {
    type: 'object',
    required: ['name', 'shape', 'datatype'],
    properties: {
      name: { const: name },
      datatype: { const: OIP_TYPES[type] },
      shape: { ...SHAPE, description: `[${shape.join(', ')}], -1 being any number.` },
      data: { type: 'array', description: 'Row after row, flat or nested to the shape. Absent when the tensor travels as binary.' },
      parameters: {
        type: 'object',
        properties: { binary_data_size: { type: 'integer', minimum: 0, description: 'The tensor is behind the JSON, in so many bytes.' } },
      },
    },
  }
}

function outputSchema({ tensors }: ReleasePlan): Schema {
  return {
    type: 'object',
    required: ['name', 'shape', 'datatype'],
    properties: {
      name: { enum: tensors.outputs.map(({ name }) => name) },
      shape: SHAPE,
      datatype: { enum: DATATYPES },
      parameters: PARAMETERS,
      data: { type: 'array' },
    },
  }
}

function requestSchema({ tensors }: ReleasePlan): Schema {
  return {
    type: 'object',
    required: ['inputs'],
    properties: {
      id: { type: ['string', 'null'], maxLength: 1000, description: 'Comes back.' },
      parameters: {
        type: ['object', 'null'],
        properties: {
          binary_data_output: { type: 'boolean', description: 'Answer all outputs as binary, but for those that say otherwise.' },
          nonfinite: { enum: ['null', 'strings', 'tokens'], description: 'How NaN and infinities are written in JSON.' },
          timeout: { type: 'number', minimum: 0, description: 'Microseconds to wait for the answer; 0 is no limit.' },
        },
      },
      inputs: { type: 'array', items: { anyOf: tensors.inputs.map(inputSchema) } },
      outputs: {
        type: ['array', 'null'],
        items: {
          type: 'object',
          required: ['name'],
          properties: {
            name: { enum: tensors.outputs.map(({ name }) => name) },
            parameters: { type: 'object', properties: { binary_data: { type: 'boolean', description: 'Answer this output as binary.' } } },
          },
        },
      },
    },
  }
}

const TENSORS: Schema = {
  type: 'array',
  items: {
    type: 'object',
    required: ['name', 'datatype', 'shape'],
    properties: { name: { type: 'string' }, datatype: { enum: DATATYPES }, shape: { type: 'array', items: { type: 'integer', minimum: -1 } } },
  },
}

/** Schemas of the Open Inference Protocol for one release. */
export function oipSchemas(serving: ReleasePlan): Schema {
  return {
    OipError: { type: 'object', required: ['error'], properties: { error: { type: 'string' } } },
    InferRequest: requestSchema(serving),
    InferResponse: {
      type: 'object',
      required: ['model_name', 'model_version', 'id', 'outputs'],
      properties: {
        model_name: { type: 'string' },
        model_version: { type: 'string' },
        id: { type: 'string' },
        outputs: { type: 'array', items: outputSchema(serving) },
      },
    },
    ModelMetadata: {
      type: 'object',
      required: ['name', 'versions', 'platform', 'inputs', 'outputs'],
      properties: {
        name: { type: 'string' },
        versions: { type: 'array', items: { type: 'string' } },
        platform: { type: 'string' },
        inputs: TENSORS,
        outputs: TENSORS,
        properties: { type: 'object', additionalProperties: { type: 'string' } },
      },
    },
    ModelReady: { type: 'object', required: ['name', 'ready'], properties: { name: { type: 'string' }, ready: { type: 'boolean' } } },
    ServerMetadata: {
      type: 'object',
      required: ['name', 'version', 'extensions'],
      properties: { name: { type: 'string' }, version: { type: 'string' }, extensions: { type: 'array', items: { type: 'string' } } },
    },
    ServerLive: { type: 'object', required: ['live'], properties: { live: { type: 'boolean' } } },
    ServerReady: { type: 'object', required: ['ready'], properties: { ready: { type: 'boolean' }, error: { type: 'string' } } },
  }
}

function ask(operationId: string, summary: string, schema: string): Schema {
  return { get: { operationId, summary, responses: responses({ description: summary, content: json(schema) }) } }
}

function infer(operationId: string, parameters: readonly Schema[]): Schema {
  const binary = { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } }
  return {
    operationId,
    summary: 'Infer: tensors in, tensors out (Open Inference Protocol)',
    parameters: [...parameters, JSON_LENGTH],
    requestBody: { required: true, content: { ...json('InferRequest'), ...binary } },
    responses: responses({
      description: 'The outputs; with any of them as binary, the JSON is as long as the header says and the binary tensors follow.',
      headers: { 'Inference-Header-Content-Length': { schema: { type: 'integer' }, description: 'Bytes of JSON; there only with binary outputs.' } },
      content: { ...json('InferResponse'), ...binary },
    }),
  }
}

/** Paths of the Open Inference Protocol that concern one deployment, which is a model there. `headers` are those that every prediction may have. */
export function oipPaths(deployment: string, headers: readonly Schema[]): Schema {
  const model = `/v2/models/${deployment}`
  const version = { name: 'version', in: 'path', required: true, schema: { type: 'string' }, description: 'Number of a release.' }
  const notReady = { description: 'It is not ready.', content: json('ModelReady') }
  const ready = ask('modelReady', 'Whether the model is ready', 'ModelReady') as { get: { responses: Schema } }
  ready.get.responses[400] = notReady
  const serverReady = ask('serverReady', 'Whether all is ready', 'ServerReady') as { get: { responses: Schema } }
  serverReady.get.responses[400] = { description: 'Something is not ready.', content: json('ServerReady') }
  return {
    [`${model}/infer`]: { post: infer('infer', headers) },
    [`${model}/versions/{version}/infer`]: { parameters: [version], post: infer('inferVersion', headers) },
    [model]: ask('modelMetadata', 'The model and its tensors', 'ModelMetadata'),
    [`${model}/ready`]: ready,
    '/v2': ask('serverMetadata', 'The server and its extensions', 'ServerMetadata'),
    '/v2/health/live': ask('serverLive', 'Whether the server is alive', 'ServerLive'),
    '/v2/health/ready': serverReady,
  }
}
