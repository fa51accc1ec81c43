import { deflateSync, gzipSync } from 'node:zlib'
import {
  ANSWERED,
  callersMistake,
  errorObject,
  errorStatus,
  type HttpCase,
  type HttpExpectation,
  inferenceForm,
  noFault,
  sameOutputs,
  soft,
  status,
} from '../expect.ts'
import type { HttpAnswer, HttpRequest } from '../http.ts'
import { infer, inferBinary } from '../infer-request.ts'
import type { Subject } from '../subject.ts'
import { must } from '../unmet.ts'
import { noJsonSample, noSample } from './unless.ts'

const section = 'Compression'
const FORMS = { gzip: gzipSync, deflate: deflateSync }
type Form = keyof typeof FORMS
/** The id comes back: with one of this length no answer is so small that a server may find it not worth compressing. */
const LONG_ID = { id: JSON.stringify('fairlead'.repeat(120)) }

function compressed(request: HttpRequest, form: Form): HttpRequest {
  return { ...request, headers: { ...request.headers, 'content-encoding': form }, body: FORMS[form](request.body ?? '') }
}

function accepting(request: HttpRequest, form: Form): HttpRequest {
  return { ...request, headers: { ...request.headers, 'accept-encoding': form } }
}

function encodedAs(form: Form): HttpExpectation {
  return {
    statement: `a compressed answer says Content-Encoding: ${form} and is`,
    check: ({ headers, decoded }) => {
      must(headers['content-encoding'] === form, `Content-Encoding is ${headers['content-encoding']}`)
      must(decoded, `the body is not ${form}${form === 'deflate' ? ' (in the zlib format of RFC 1950)' : ''}`)
    },
  }
}

const asSent = (answers: readonly HttpAnswer[]) => answers[0]?.status === 200 && (answers[0].headers['content-encoding'] ?? 'identity') === 'identity'

function requestCase(form: Form): HttpCase {
  return {
    id: `compression/request-${form}`,
    title: `A body compressed with ${form} is read`,
    level: 'optional',
    section,
    unless: noJsonSample,
    steps: [{ request: (subject) => compressed(infer(subject), form), expect: ANSWERED }],
  }
}

function responseCase(form: Form): HttpCase {
  return {
    id: `compression/response-${form}`,
    title: `The answer is compressed with ${form} when Accept-Encoding asks`,
    level: 'optional',
    section,
    unless: noJsonSample,
    steps: [
      { request: (subject) => accepting(infer(subject, { members: LONG_ID }), form), expect: [status(200), encodedAs(form), inferenceForm, sameOutputs] },
    ],
    lacks: asSent,
  }
}

/** Compressed requests and answers. */
export const COMPRESSION: HttpCase[] = [
  requestCase('gzip'),
  requestCase('deflate'),
  responseCase('gzip'),
  responseCase('deflate'),
  {
    id: 'compression/binary',
    title: 'JSON and binary part are compressed together, and the header counts the JSON before that',
    level: 'optional',
    section,
    unless: noSample,
    steps: [
      {
        request: (subject: Subject) =>
          accepting(compressed(inferBinary(subject, { members: { ...LONG_ID, parameters: '{"binary_data_output":true}' } }), 'gzip'), 'gzip'),
        expect: [status(200), encodedAs('gzip'), inferenceForm, sameOutputs],
      },
    ],
    lacks: asSent,
  },
  {
    id: 'compression/not-asked',
    title: 'An answer is not compressed unless Accept-Encoding asks',
    level: 'required',
    section,
    unless: noJsonSample,
    steps: [
      {
        request: (subject) => infer(subject),
        expect: [
          {
            statement: 'there is no Content-Encoding',
            check: ({ headers }) => must((headers['content-encoding'] ?? 'identity') === 'identity', `it is ${headers['content-encoding']}`),
          },
        ],
      },
    ],
  },
  {
    id: 'compression/broken',
    title: 'A body that is not what Content-Encoding says is refused',
    level: 'required',
    section,
    unless: noJsonSample,
    steps: [
      {
        request: (subject) => ({
          ...infer(subject),
          headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
          body: Buffer.from([31, 139, 8, 0, 1, 2, 3]),
        }),
        expect: [errorStatus, errorObject, callersMistake],
      },
    ],
  },
  {
    id: 'compression/unknown',
    title: 'A Content-Encoding that nobody knows is refused',
    level: 'deviation',
    section,
    unless: noJsonSample,
    steps: [
      {
        request: (subject) => ({ ...infer(subject), headers: { 'content-type': 'application/json', 'content-encoding': 'fairlead' } }),
        expect: [soft(errorStatus), soft(errorObject), noFault],
      },
    ],
    known: [{ text: 'servers on FastAPI do not look at Content-Encoding', when: ([one]) => one?.status === 200 }],
  },
]
