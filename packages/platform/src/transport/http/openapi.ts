import { INTEGER_RANGES, type InputColumn, isFloat, isInteger, type OutputField } from '@fairlead/contract'
import type { ReleasePlan } from '../../domain/inference/index.ts'
import { classesOf } from '../../domain/pipeline/index.ts'
import { syntheticExample } from '../../model/signature/example.ts'
import { FACT_HEADERS, otherContents, QUERY } from './formats/openapi.ts'
import { oipPaths, oipSchemas } from './openapi-oip.ts'

type Schema = Record<string, unknown>

function numberSchema(type: InputColumn['type']): Schema {
  if (!isInteger(type)) return { anyOf: [{ type: 'number', format: type === 'float64' ? 'double' : 'float' }, { enum: ['NaN', 'Infinity', '-Infinity'] }] }
  const [low, high] = INTEGER_RANGES[type]
  const format = type === 'int64' || type === 'int32' ? { format: type } : {}
  // bounds beyond 2^53 cannot be written in JSON exactly, and most readers would refuse them
  return Number.isSafeInteger(Number(low)) && Number.isSafeInteger(Number(high))
    ? { type: 'integer', ...format, minimum: Number(low), maximum: Number(high) }
    : { type: 'integer', ...format }
}

function valueSchema(type: InputColumn['type']): Schema {
  if (type === 'bool') return { type: 'boolean' }
  if (type === 'string') return { type: 'string' }
  return numberSchema(type)
}

function nested(schema: Schema, shape: readonly number[]): Schema {
  return shape.reduceRight<Schema>((items, size) => ({ type: 'array', items, ...(size >= 0 ? { minItems: size, maxItems: size } : {}) }), schema)
}

function describeColumn({ description, unit }: InputColumn): Schema {
  const words = [description, unit === undefined ? undefined : `Unit: ${unit}.`].filter((part) => part !== undefined)
  return words.length === 0 ? {} : { description: words.map((part) => (/[.!?]$/.test(part) ? part : `${part}.`)).join(' ') }
}

/** JSON Schema of one input column: type, range, allowed values, words. */
export function columnSchema(column: InputColumn, unknownValues: 'refuse' | 'pass'): Schema {
  const { min, max, values, unit, optional } = column
  let schema = valueSchema(column.type)
  // NaN is outside of every range
  if (isFloat(column.type) && (min !== undefined || max !== undefined)) schema = { type: 'number', format: column.type === 'float64' ? 'double' : 'float' }
  if (min !== undefined) schema = { ...schema, minimum: min }
  if (max !== undefined) schema = { ...schema, maximum: max }
  if (values && unknownValues === 'refuse') schema = { ...schema, enum: values }
  else if (values) schema = { ...schema, examples: values.slice(0, 20) }
  schema = nested(schema, column.shape ?? [])
  if (optional) schema = { anyOf: [schema, { type: 'null' }] }
  return { ...schema, ...describeColumn(column), ...(unit === undefined ? {} : { 'x-unit': unit }) }
}

/** JSON Schema of one field of an answer. */
function fieldSchema(field: OutputField, serving: ReleasePlan): Schema {
  if (!field.optional) return presentSchema(field, serving)
  const { optional: _, ...present } = field
  return field.kind === 'label' && field.classes
    ? { enum: [...field.classes, null], ...describeColumn({ ...field, tensor: '' }) }
    : { anyOf: [presentSchema(present, serving), { type: 'null' }] }
}

function presentSchema(field: OutputField, serving: ReleasePlan): Schema {
  const words = describeColumn({ ...field, tensor: '' })
  if (field.kind === 'label') return { ...(field.classes ? { type: 'string', enum: field.classes } : valueSchema(field.type)), ...words }
  if (field.kind === 'value') return { ...valueSchema(field.type), ...words }
  if (field.kind === 'values') return { type: 'array', ...words }
  const classes = classesOf(field, serving.release.signature)
  const one = valueSchema(field.type)
  return {
    type: 'object',
    properties: Object.fromEntries(classes.map((label) => [label, one])),
    ...(classes.length === 0 ? { additionalProperties: one } : { required: classes }),
    ...words,
  }
}

function predictionSchema(serving: ReleasePlan): Schema {
  const fields = serving.release.signature.fields.map((field) => [field.name, fieldSchema(field, serving)] as const)
  const properties = Object.fromEntries<Schema>(fields)
  return { type: 'object', properties, required: Object.keys(properties) }
}

function rowSchema({ release }: ReleasePlan): Schema {
  const { columns } = release.signature
  const { extraColumns, unknownValues } = release.settings
  return {
    type: 'object',
    properties: Object.fromEntries(columns.map((column) => [column.name, columnSchema(column, unknownValues)])),
    required: columns.filter((column) => !column.optional).map((column) => column.name),
    additionalProperties: extraColumns === 'ignore',
  }
}

function requestSchema({ release }: ReleasePlan): Schema {
  return {
    type: 'object',
    required: ['rows'],
    additionalProperties: false,
    properties: {
      rows: { type: 'array', minItems: 1, maxItems: release.settings.maxRows, items: { $ref: '#/components/schemas/Row' } },
      ids: {
        type: 'array',
        items: { type: 'string', minLength: 1, maxLength: 200 },
        description: 'Names of the rows, for labels that come later; as many as rows.',
      },
      key: {
        type: 'string',
        maxLength: 1000,
        description:
          'Will make routing sticky: who sends the same key gets the same variant. It has no effect as long as a deployment has one release at a time.',
      },
      parameters: {
        type: 'object',
        additionalProperties: false,
        properties: {
          timeout: { description: 'Milliseconds to wait for the answer, or a duration like 250ms.', type: ['number', 'string'] },
          priority: { description: 'Who goes first where requests wait, as X-Request-Priority has it.', type: 'integer', minimum: 0, maximum: 10 },
        },
      },
      explain: { type: 'boolean', description: 'Asks what each column contributed to every answer; at most 100 rows then.' },
    },
  }
}

const EXPLANATION: Schema = {
  type: 'object',
  required: ['method', 'outputs'],
  description: "What each column adds to the model's margin, its sum before sigmoid, softmax or exponential.",
  properties: {
    method: { type: 'string', enum: ['path-dependent', 'interventional', 'linear'] },
    background: {
      type: 'object',
      required: ['rows', 'from'],
      description: 'The rows that came with the model against which a value counts; only with the method interventional.',
      properties: { rows: { type: 'integer' }, from: { type: 'string', enum: ['golden rows', 'example'] } },
    },
    outputs: {
      type: 'array',
      description: 'One, or one for each class or target.',
      items: {
        type: 'object',
        required: ['margin', 'bias', 'contributions', 'reasons'],
        properties: {
          of: { type: 'string', description: 'The class that the margin speaks for.' },
          margin: { type: 'number', description: 'Bias and contributions together.' },
          bias: { type: 'number' },
          contributions: { type: 'object', additionalProperties: { type: 'number' } },
          reasons: { type: 'array', items: { type: 'string' }, description: 'What counts most, in words.' },
        },
      },
    },
  },
}

const PROBLEM: Schema = {
  type: 'object',
  required: ['type', 'title', 'status', 'code', 'detail'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string', description: 'Stable code of the error.' },
    detail: { type: 'string' },
    errors: {
      type: 'array',
      items: { type: 'object', properties: { path: { type: 'string' }, code: { type: 'string' }, detail: { type: 'string' } } },
      description: 'The offending places, at most 20.',
    },
    requestId: { type: 'string' },
  },
}

const FAILURES: [number, string][] = [
  [400, 'The body cannot be read: not of the form that its content type names, not UTF-8, nested too deeply, or of the wrong form.'],
  [401, 'An API key is needed.'],
  [403, 'The key does not allow this.'],
  [404, 'There is no such deployment or release.'],
  [406, 'Accept asks for a form that answers do not have.'],
  [408, 'The request did not arrive in time.'],
  [409, 'The release is out of service and not loaded.'],
  [413, 'The body is too large.'],
  [415, 'The content type or encoding is not supported.'],
  [422, 'The rows do not fit the signature; `errors` names each place, like `rows[3].age`.'],
  [500, 'The model failed.'],
  [503, 'Not ready, or the queue is full; retry after the seconds in Retry-After.'],
  [504, 'The deadline passed.'],
]

function responses(mediaTypes: readonly string[]): Schema {
  const failures = FAILURES.map(([status, description]) => [
    String(status),
    { description, content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } } },
  ])
  const success = {
    description: 'One prediction per row, in order.',
    content: { 'application/json': { schema: { $ref: '#/components/schemas/PredictResponse' } }, ...otherContents(mediaTypes, 'Prediction') },
    headers: FACT_HEADERS,
  }
  return { 200: success, ...Object.fromEntries(failures) }
}

const HEADERS = [
  {
    name: 'X-Request-Id',
    in: 'header',
    schema: { type: 'string', maxLength: 128 },
    description: 'What you call the request: it is recorded and comes back. The id of the answer is another one, and never the same twice.',
  },
  { name: 'traceparent', in: 'header', schema: { type: 'string' }, description: 'W3C trace context; comes back.' },
  {
    name: 'X-Request-Timeout',
    in: 'header',
    schema: { type: 'string', examples: ['250ms', '2s'] },
    description: 'How long to wait for the answer; milliseconds without a unit.',
  },
  {
    name: 'X-Request-Priority',
    in: 'header',
    schema: { type: 'integer', minimum: 0, maximum: 10 },
    description: 'Who goes first where requests wait: 1 before 2, up to 10; without it, or with 0, as the deployment says.',
  },
]

/**
 * OpenAPI 3.1 of one deployment, made from the signature of the release that answers: column names, types, ranges, allowed
 * values, units, and an example that works as it is.
 */
export function openApiOf(serving: ReleasePlan, mediaTypes: readonly string[]): Schema {
  const { deployment, number, model, signature, example } = serving.release
  const row = example[0] ?? syntheticExample(signature)
  const json = { 'application/json': { schema: { $ref: '#/components/schemas/PredictRequest' }, example: { rows: [row] } } }
  return {
    openapi: '3.1.0',
    info: { title: `Predictions of ${deployment}`, version: String(number), description: `Release ${number}: model ${model.name}, version ${model.version}.` },
    servers: [{ url: '/' }],
    security: [{}, { bearer: [] }, { apiKey: [] }],
    paths: {
      [`/v1/deployments/${deployment}/predict`]: {
        post: {
          operationId: 'predict',
          summary: 'Predict for one or many rows',
          parameters: [...HEADERS, ...QUERY],
          requestBody: { required: true, content: { ...json, ...otherContents(mediaTypes, 'Row', row) } },
          responses: responses(mediaTypes),
        },
      },
      ...oipPaths(deployment, HEADERS),
    },
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' }, apiKey: { type: 'apiKey', in: 'header', name: 'X-Api-Key' } },
      schemas: {
        Row: rowSchema(serving),
        PredictRequest: requestSchema(serving),
        Prediction: predictionSchema(serving),
        PredictResponse: {
          type: 'object',
          required: ['id', 'deployment', 'release', 'predictions'],
          properties: {
            id: { type: 'string', description: 'Id of this prediction, never the same twice; row i is named <id>/<i> unless `ids` named it.' },
            deployment: { type: 'string' },
            release: { type: 'integer' },
            predictions: { type: 'array', items: { $ref: '#/components/schemas/Prediction' } },
            explanations: { type: 'array', items: { $ref: '#/components/schemas/Explanation' }, description: 'One per row, where they were asked for.' },
          },
        },
        Explanation: EXPLANATION,
        Problem: PROBLEM,
        ...oipSchemas(serving),
      },
    },
  }
}
