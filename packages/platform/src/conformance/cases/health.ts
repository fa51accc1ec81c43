import { answers, callersMistake, errorObject, type HttpCase, type HttpExpectation, noFault, soft, status } from '../expect.ts'
import type { HttpAnswer } from '../http.ts'
import { modelPath } from '../infer-request.ts'
import { isObject, kindOf, parseJson, parseObject } from '../json.ts'
import { NO_MODEL } from '../subject.ts'
import { must } from '../unmet.ts'

const section = 'Health'

function member(name: string) {
  return soft({
    statement: `the body is a JSON object with "${name}": true`,
    check: (answer: HttpAnswer) => {
      const value = parseJson(answer.body)
      must(isObject(value) && value[name] === true, `the body is ${kindOf(value)}`)
    },
  })
}

/** The text gives the answer a "ready", so a server may also say no with it. */
const notReady: HttpExpectation = {
  statement: 'the status is an error (400 to 599), or the body says "ready": false',
  check: (answer) => {
    if (answer.status === 200) must(parseObject(answer.body).ready === false, 'the status is 200, and the body does not say so')
    else must(answer.status >= 400 && answer.status <= 599, `the status is ${answer.status}`)
  },
}

const emptyBody = [{ text: 'the body is empty, as that of Triton and MLServer', when: ([first]: readonly HttpAnswer[]) => first?.body.length === 0 }]

/** Health of the server and of the model. */
export const HEALTH: HttpCase[] = [
  {
    id: 'health/live',
    title: 'The server says that it is alive',
    level: 'required',
    section,
    steps: [{ request: () => ({ method: 'GET', path: '/v2/health/live' }), expect: [status(200)] }],
  },
  {
    id: 'health/ready',
    title: 'The server says that it is ready',
    level: 'required',
    section,
    steps: [{ request: () => ({ method: 'GET', path: '/v2/health/ready' }), expect: [status(200)] }],
  },
  {
    id: 'health/live-body',
    title: 'The answer to live says so in its body',
    level: 'deviation',
    section,
    steps: [{ request: () => ({ method: 'GET', path: '/v2/health/live' }), expect: [member('live')] }],
    known: emptyBody,
  },
  {
    id: 'health/ready-body',
    title: 'The answer to ready says so in its body',
    level: 'deviation',
    section,
    steps: [{ request: () => ({ method: 'GET', path: '/v2/health/ready' }), expect: [member('ready')] }],
    known: emptyBody,
  },
  {
    id: 'health/model-ready',
    title: 'The model says that it is ready',
    level: 'required',
    section,
    steps: [{ request: ({ model }) => ({ method: 'GET', path: modelPath(model, '/ready') }), expect: [status(200)] }],
  },
  {
    id: 'health/model-version-ready',
    title: 'A version of the model says that it is ready',
    level: 'required',
    section,
    unless: ({ version }) => (version === undefined ? 'the metadata list no versions' : undefined),
    steps: [{ request: ({ model, version }) => ({ method: 'GET', path: modelPath(model, '/ready', version) }), expect: [status(200)] }],
  },
  {
    id: 'health/unknown-model-ready',
    title: 'A model that is not there is not ready',
    level: 'required',
    section,
    steps: [{ request: () => ({ method: 'GET', path: modelPath(NO_MODEL, '/ready') }), expect: [notReady, callersMistake] }],
  },
  {
    id: 'health/wrong-method',
    title: 'A method that the protocol does not know is refused',
    level: 'deviation',
    section,
    steps: [{ request: () => ({ method: 'POST', path: '/v2/health/live', body: '' }), expect: [soft(status(405)), soft(errorObject), noFault] }],
    known: [{ text: 'MLServer and KServe answer FastAPI\'s {"detail": …}', when: ([first]) => first?.status === 405 }, answers(200, 'some servers')],
  },
]
