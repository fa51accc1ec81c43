import { datatypeOf } from '../datatypes.ts'
import { answersForm, callersMistake, errorObject, errorStatus, type HttpCase, type HttpExpectation, jsonType, REFUSED, soft, status } from '../expect.ts'
import { modelPath } from '../infer-request.ts'
import { isObject, kindOf, parseObject } from '../json.ts'
import { NO_MODEL } from '../subject.ts'
import { must } from '../unmet.ts'

const section = 'Server and model metadata'

const serverForm: HttpExpectation = {
  statement: 'the body has "name" and "version" as text and "extensions" as an array of texts',
  check: ({ body }) => {
    const { name, version, extensions } = parseObject(body)
    must(typeof name === 'string', `"name" is ${kindOf(name)}`)
    must(typeof version === 'string', `"version" is ${kindOf(version)}`)
    must(Array.isArray(extensions) && extensions.every((one) => typeof one === 'string'), `"extensions" is ${kindOf(extensions)}`)
  },
}

function checkTensors(value: unknown, path: string): void {
  must(Array.isArray(value), `"${path}" is ${kindOf(value)}, not an array`)
  for (const [i, tensor] of value.entries()) {
    const at = `${path}[${i}]`
    must(isObject(tensor), `${at} is ${kindOf(tensor)}`)
    must(typeof tensor.name === 'string' && tensor.name !== '', `${at}.name is ${kindOf(tensor.name)}`)
    must(datatypeOf(tensor.datatype), `${at}.datatype is ${kindOf(tensor.datatype)}, no datatype of the protocol`)
    const { shape } = tensor
    must(Array.isArray(shape) && shape.every((size) => Number.isSafeInteger(size) && size >= -1), `${at}.shape is ${kindOf(shape)}`)
  }
}

const modelForm: HttpExpectation = {
  statement: 'the body has the model\'s "name", "platform" as text, "inputs" and "outputs" as arrays of name, datatype and shape, and "versions" only as texts',
  check: ({ body }, { subject }) => {
    const { name, versions, platform, inputs, outputs } = parseObject(body)
    must(name === subject.model, `"name" is ${kindOf(name)}`)
    must(typeof platform === 'string', `"platform" is ${kindOf(platform)}`)
    const listed = versions === undefined || versions === null || (Array.isArray(versions) && versions.every((one) => typeof one === 'string'))
    must(listed, `"versions" is ${kindOf(versions)}`)
    checkTensors(inputs, 'inputs')
    checkTensors(outputs, 'outputs')
  },
}

const declared: HttpExpectation = {
  statement: 'at least one input and one output are declared',
  soft: true,
  check: ({ body }) => {
    const { inputs, outputs } = parseObject(body)
    must(Array.isArray(inputs) && inputs.length > 0, 'there are no inputs')
    must(Array.isArray(outputs) && outputs.length > 0, 'there are no outputs')
  },
}

/** What the server and the model say of themselves. */
export const METADATA: HttpCase[] = [
  {
    id: 'metadata/server',
    title: 'The server tells its name, version and extensions',
    level: 'required',
    section,
    steps: [{ request: () => ({ method: 'GET', path: '/v2' }), expect: [status(200), jsonType, serverForm] }],
  },
  {
    id: 'metadata/server-slash',
    title: 'The same at /v2/, as the OpenAPI file spells it',
    level: 'deviation',
    section,
    steps: [{ request: () => ({ method: 'GET', path: '/v2/' }), expect: [soft(status(200)), soft(serverForm)] }],
    known: [{ text: 'MLServer and KServe redirect to /v2', when: ([first]) => first?.status === 307 }],
  },
  {
    id: 'metadata/query-ignored',
    title: 'A query string that clients add does no harm',
    level: 'deviation',
    section,
    steps: [{ request: () => ({ method: 'GET', path: '/v2?test_1=1&test_2=2' }), expect: [soft(status(200)), soft(serverForm)] }],
  },
  {
    id: 'metadata/model',
    title: 'The model tells its inputs and outputs',
    level: 'required',
    section,
    steps: [{ request: ({ model }) => ({ method: 'GET', path: modelPath(model) }), expect: [status(200), jsonType, modelForm, declared] }],
    known: [{ text: 'MLServer tells what its settings file declares, and nothing otherwise', when: ([first]) => first?.status === 200 }],
  },
  {
    id: 'metadata/model-version',
    title: 'A version of the model tells its inputs and outputs',
    level: 'required',
    section,
    unless: ({ version }) => (version === undefined ? 'the metadata list no versions' : undefined),
    steps: [{ request: ({ model, version }) => ({ method: 'GET', path: modelPath(model, '', version) }), expect: [status(200), jsonType, modelForm] }],
  },
  {
    id: 'metadata/name-encoded',
    title: "The model's name may be percent-encoded",
    level: 'deviation',
    section,
    steps: [{ request: ({ model }) => ({ method: 'GET', path: `/v2/models/${everyByte(model)}` }), expect: [soft(status(200)), soft(modelForm)] }],
  },
  {
    id: 'metadata/unknown-model',
    title: 'A model that is not there has no metadata',
    level: 'required',
    section,
    steps: [{ request: () => ({ method: 'GET', path: modelPath(NO_MODEL) }), expect: [...REFUSED, soft(status(404))] }],
    known: [answersForm('{"detail": …}', 'FastAPI without handlers')],
  },
  {
    id: 'metadata/unknown-version',
    title: 'A version that is not there has no metadata',
    level: 'required',
    section,
    unless: ({ version }) => (version === undefined ? 'the metadata list no versions' : undefined),
    steps: [{ request: ({ model }) => ({ method: 'GET', path: modelPath(model, '', '987654321') }), expect: [errorStatus, errorObject, callersMistake] }],
  },
  {
    id: 'metadata/unknown-path',
    title: 'A path that is not there is told in the form of every error',
    level: 'deviation',
    section,
    steps: [{ request: () => ({ method: 'GET', path: '/v2/fairlead-conformance/no/such/path' }), expect: [soft(status(404)), soft(errorObject)] }],
    known: [{ text: 'MLServer and KServe answer FastAPI\'s {"detail": "Not Found"}', when: ([first]) => first?.status === 404 }],
  },
]

function everyByte(text: string): string {
  return [...Buffer.from(text)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('')
}
