import { callersMistake, errorObject, errorStatus, type HttpCase, type HttpExpectation, jsonType, soft, status } from '../expect.ts'
import { errorOf, type HttpAnswer, type HttpRequest } from '../http.ts'
import { infer, modelPath } from '../infer-request.ts'
import { isObject, kindOf, parseJson } from '../json.ts'
import { NO_MODEL, type Subject } from '../subject.ts'
import { must } from '../unmet.ts'
import { first, noJsonSample } from './unless.ts'

const section = 'Model repository extension'
const extension = ['model_repository', 'model_repository_extension']
const STATES = ['UNKNOWN', 'READY', 'UNAVAILABLE', 'LOADING', 'UNLOADING', '']

function post(path: string, body = '{}'): HttpRequest {
  return { method: 'POST', path, headers: { 'content-type': 'application/json' }, body }
}

function control(name: string, verb: 'load' | 'unload'): HttpRequest {
  return post(`/v2/repository/models/${encodeURIComponent(name)}/${verb}`)
}

function entriesOf({ body }: HttpAnswer): Record<string, unknown>[] {
  const value = parseJson(body)
  must(Array.isArray(value), `the body is ${kindOf(value)}`)
  for (const [i, entry] of value.entries()) {
    must(isObject(entry), `entry ${i} is ${kindOf(entry)}`)
    must(typeof entry.name === 'string', `the name of entry ${i} is ${kindOf(entry.name)}`)
    for (const key of ['version', 'state', 'reason'])
      must(entry[key] === undefined || typeof entry[key] === 'string', `"${key}" of entry ${i} is ${kindOf(entry[key])}`)
  }
  return value as Record<string, unknown>[]
}

const list: HttpExpectation = { statement: 'the body is an array of models, each with a name, and version, state and reason only as texts', check: entriesOf }

const states: HttpExpectation = {
  statement: 'every state is one of the extension',
  soft: true,
  check: (answer) => {
    for (const { state } of entriesOf(answer)) must(state === undefined || STATES.includes(String(state)), `there is ${kindOf(state)}`)
  },
}

const namesModel: HttpExpectation = {
  statement: 'the model is in the list',
  check: (answer, { subject }) => {
    const names = entriesOf(answer).map(({ name }) => name)
    must(names.includes(subject.model), `there are ${names.slice(0, 10).join(', ') || 'none'}`)
  },
}

const notAllowed = ({ mayUnload }: Subject) => (mayUnload ? undefined : 'the model would be away for a moment; allow it with --allow-unload')

/** The list of models, and taking them up and down. */
export const REPOSITORY: HttpCase[] = [
  {
    id: 'repository/index',
    title: 'The repository lists its models',
    level: 'optional',
    section,
    extension,
    steps: [{ request: () => post('/v2/repository/index'), expect: [status(200), jsonType, list, namesModel, states] }],
    known: [{ text: 'MLServer writes State.READY', when: ([one]) => one?.body.includes('State.') ?? false }],
  },
  {
    id: 'repository/index-ready',
    title: 'The repository lists only models that are ready when asked to',
    level: 'optional',
    section,
    extension,
    steps: [{ request: () => post('/v2/repository/index', '{"ready":true}'), expect: [status(200), list, namesModel] }],
  },
  {
    id: 'repository/index-no-body',
    title: 'The index may be asked without a body, as tritonclient does',
    level: 'deviation',
    section,
    extension,
    steps: [
      { request: () => post('/v2/repository/index'), expect: [status(200)] },
      { request: () => ({ method: 'POST', path: '/v2/repository/index', body: '' }), expect: [status(200), list].map(soft) },
    ],
    known: [{ text: 'MLServer wants a body', when: ([, one]) => one?.status === 422 }],
  },
  {
    id: 'repository/load-unknown',
    title: 'Loading a model that is not there is refused',
    level: 'optional',
    section,
    extension,
    steps: [
      { request: () => post('/v2/repository/index'), expect: [status(200)] },
      { request: () => control(NO_MODEL, 'load'), expect: [errorStatus, errorObject, callersMistake] },
    ],
    lacks: ([, load]) => load !== undefined && ([405, 501].includes(load.status) || (load.status === 404 && errorOf(load) === undefined)),
  },
  {
    id: 'repository/reload',
    title: 'Loading a model that is loaded keeps it serving',
    level: 'optional',
    section,
    extension,
    unless: first(notAllowed, noJsonSample),
    steps: [
      { request: ({ model }) => control(model, 'load'), expect: [status(200)] },
      { request: (subject) => infer(subject), expect: [status(200)] },
    ],
  },
  {
    id: 'repository/unload-load',
    title: 'A model that is unloaded does not answer, and does again when it is loaded',
    level: 'optional',
    section,
    extension,
    unless: first(notAllowed, noJsonSample),
    steps: [
      { request: ({ model }) => control(model, 'unload'), expect: [status(200)] },
      { request: ({ model }) => ({ method: 'GET', path: modelPath(model, '/ready') }), expect: [soft(errorStatus)] },
      { request: ({ model }) => control(model, 'load'), expect: [status(200)] },
      { request: ({ model }) => ({ method: 'GET', path: modelPath(model, '/ready') }), expect: [status(200)] },
      { request: (subject) => infer(subject), expect: [status(200)] },
    ],
  },
]
