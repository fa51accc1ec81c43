import { callersMistake, errorObject, errorStatus, type HttpCase, type HttpExpectation, jsonType, status } from '../expect.ts'
import type { HttpAnswer } from '../http.ts'
import { infer, modelPath } from '../infer-request.ts'
import { isObject, kindOf, parseObject } from '../json.ts'
import { NO_MODEL } from '../subject.ts'
import { must } from '../unmet.ts'
import { noJsonSample } from './unless.ts'

const statistics = ['statistics']
const configuration = ['model_configuration']
const DURATIONS = ['success', 'fail', 'queue', 'compute_input', 'compute_infer', 'compute_output']

function statsOf(answer: HttpAnswer, model: string): Record<string, unknown> {
  const { model_stats: list } = parseObject(answer.body)
  must(Array.isArray(list), `"model_stats" is ${kindOf(list)}, not an array`)
  const one: unknown = list.find((entry) => isObject(entry) && entry.name === model)
  must(isObject(one), `there are no statistics of "${model}"`)
  return one
}

function countAt(stats: Record<string, unknown>, path: string): bigint {
  const value = path.split('.').reduce<unknown>((inner, key) => (isObject(inner) ? inner[key] : undefined), stats)
  must(typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value) && value >= 0), `"${path}" is ${kindOf(value)}`)
  return BigInt(value)
}

const statsForm: HttpExpectation = {
  statement: `the model has "version", "inference_count", "execution_count", and in "inference_stats" count and ns of ${DURATIONS.join(', ')}`,
  check: (answer, { subject }) => {
    const stats = statsOf(answer, subject.model)
    must(typeof stats.version === 'string', `"version" is ${kindOf(stats.version)}`)
    for (const path of ['inference_count', 'execution_count']) countAt(stats, path)
    for (const name of DURATIONS) for (const part of ['count', 'ns']) countAt(stats, `inference_stats.${name}.${part}`)
  },
}

const statsGrew: HttpExpectation = {
  statement: 'the count of successes grew by the request between',
  check: (answer, { subject, before }) => {
    const [was, is] = [before[0]!, answer].map((one) => countAt(statsOf(one, subject.model), 'inference_stats.success.count'))
    must(is! > was!, `it was ${was} and is ${is}`)
  },
}

const rowsCounted: HttpExpectation = {
  statement: '"inference_count" grew by the rows of the request between',
  soft: true,
  check: (answer, { subject, before }) => {
    const rows = BigInt(subject.inputs[0]?.shape[0] === -1 ? (subject.sample[0]?.shape[0] ?? 1) : 1)
    const [was, is] = [before[0]!, answer].map((one) => countAt(statsOf(one, subject.model), 'inference_count'))
    must(is! - was! >= rows, `it was ${was} and is ${is}, and the request had ${rows} rows`)
  },
}

const configForm: HttpExpectation = {
  statement: 'the body has "name", and in "input" and "output" the tensors of the metadata with data types TYPE_…',
  check: ({ body }, { subject }) => {
    const config = parseObject(body)
    must(config.name === subject.model, `"name" is ${kindOf(config.name)}`)
    must(config.max_batch_size === undefined || Number.isInteger(config.max_batch_size), `"max_batch_size" is ${kindOf(config.max_batch_size)}`)
    for (const [key, specs] of [['input', subject.inputs] as const, ['output', subject.outputs] as const]) {
      const tensors = config[key]
      must(Array.isArray(tensors), `"${key}" is ${kindOf(tensors)}`)
      for (const tensor of tensors) {
        must(isObject(tensor) && specs.some(({ name }) => name === tensor.name), `"${key}" has a tensor that the metadata do not have`)
        must(/^TYPE_[A-Z0-9]+$/.test(String(tensor.data_type)), `"data_type" is ${kindOf(tensor.data_type)}`)
        must(Array.isArray(tensor.dims) && tensor.dims.every(Number.isInteger), `"dims" is ${kindOf(tensor.dims)}`)
      }
    }
  },
}

/** Statistics and configuration of models. */
export const TELEMETRY: HttpCase[] = [
  {
    id: 'statistics/model',
    title: 'The model tells its statistics',
    level: 'optional',
    section: 'Statistics extension',
    extension: statistics,
    steps: [{ request: ({ model }) => ({ method: 'GET', path: modelPath(model, '/stats') }), expect: [status(200), jsonType, statsForm] }],
  },
  {
    id: 'statistics/all',
    title: 'The server tells the statistics of all models',
    level: 'optional',
    section: 'Statistics extension',
    extension: statistics,
    steps: [{ request: () => ({ method: 'GET', path: '/v2/models/stats' }), expect: [status(200), jsonType, statsForm] }],
  },
  {
    id: 'statistics/grow',
    title: 'Statistics count a request',
    level: 'optional',
    section: 'Statistics extension',
    extension: statistics,
    unless: noJsonSample,
    steps: [
      { request: ({ model }) => ({ method: 'GET', path: modelPath(model, '/stats') }), expect: [status(200), statsForm] },
      { request: (subject) => infer(subject), expect: [status(200)] },
      { request: ({ model }) => ({ method: 'GET', path: modelPath(model, '/stats') }), expect: [status(200), statsForm, statsGrew, rowsCounted] },
    ],
  },
  {
    id: 'statistics/unknown-model',
    title: 'A model that is not there has no statistics',
    level: 'optional',
    section: 'Statistics extension',
    extension: statistics,
    steps: [
      { request: ({ model }) => ({ method: 'GET', path: modelPath(model, '/stats') }), expect: [status(200)] },
      { request: () => ({ method: 'GET', path: modelPath(NO_MODEL, '/stats') }), expect: [errorStatus, errorObject, callersMistake] },
    ],
  },
  {
    id: 'configuration/model',
    title: 'The model tells its configuration',
    level: 'optional',
    section: 'Model configuration extension',
    extension: configuration,
    steps: [{ request: ({ model }) => ({ method: 'GET', path: modelPath(model, '/config') }), expect: [status(200), jsonType, configForm] }],
  },
  {
    id: 'configuration/unknown-model',
    title: 'A model that is not there has no configuration',
    level: 'optional',
    section: 'Model configuration extension',
    extension: configuration,
    steps: [
      { request: ({ model }) => ({ method: 'GET', path: modelPath(model, '/config') }), expect: [status(200)] },
      { request: () => ({ method: 'GET', path: modelPath(NO_MODEL, '/config') }), expect: [errorStatus, errorObject, callersMistake] },
    ],
  },
]
