import { answers, answersForm, type HttpCase, type HttpExpectation, inferenceForm, noFault, REFUSED, soft, status } from '../expect.ts'
import type { HttpAnswer, HttpRequest } from '../http.ts'
import { infer, inferBody, inferSpoiled, inferTexts } from '../infer-request.ts'
import { NO_MODEL, type Subject } from '../subject.ts'
import { flatText, inputText, type Members, type Tensor, valueText, withFirstValue } from '../tensors.ts'
import type { KnownDeviation } from '../types.ts'
import { first, noInputOf, noJsonSample, noVersion } from './unless.ts'

const section = 'Inference, errors'

const KNOWN: KnownDeviation<HttpAnswer>[] = [
  { text: 'known of Triton, MLServer and KServe: a fault of the server (500) where the caller is wrong', when: ([one]) => one?.status === 500 },
  { text: 'known of servers on FastAPI: an error of another form than {"error": …}', when: (all) => all[0]?.status === 422 },
  { text: 'known of servers that do not compare with the declared inputs: it is answered', when: ([one]) => one?.status === 200 },
  answersForm('an error of another form', 'FastAPI'),
]

interface Wrong {
  id: string
  title: string
  level?: 'required' | 'deviation'
  unless?: (subject: Subject) => string | undefined
  request: (subject: Subject) => HttpRequest
  expect?: HttpExpectation[]
}

/** A case about a wrong request: refused as the text says, or, where it is silent, refused as it does elsewhere. */
function wrong({ id, title, level = 'required', unless = noJsonSample, request, expect = REFUSED }: Wrong): HttpCase {
  const expected = level === 'required' ? expect : expect.map(soft)
  return { id: `errors/${id}`, title, level, section, unless, steps: [{ request, expect: expected }], known: KNOWN }
}

/** A case whose first input has members changed. */
function spoiled(id: string, title: string, change: (first: Tensor) => Members): HttpCase {
  return wrong({ id, title, request: (subject) => inferSpoiled(subject, change) })
}

function onFirst(subject: Subject, { kind, change }: { kind: (datatype: string) => boolean; change: (tensor: Tensor) => Members }): HttpRequest {
  const at = subject.sample.findIndex(({ datatype }) => kind(datatype))
  return inferTexts(
    subject,
    subject.sample.map((tensor, i) => (i === at ? inputText(tensor, change(tensor)) : inputText(tensor))),
  )
}

const isInteger = (datatype: string) => /INT/.test(datatype)
const isNumber = (datatype: string) => /INT|FP/.test(datatype)
const noSecond = (subject: Subject) => noJsonSample(subject) ?? (subject.sample.length > 1 ? undefined : 'the model has one input')

/** One more than the largest value of an integer datatype. */
function beyond(datatype: string): string {
  const bits = Number(datatype.replace(/\D/g, ''))
  return String(1n << BigInt(datatype.startsWith('U') ? bits : bits - 1))
}

const raw = (id: string, title: string, body: string) => wrong({ id, title, request: (subject) => inferBody(subject, body) })

const BODIES: HttpCase[] = [
  raw('malformed-json', 'A body that is not JSON is refused', '{"inputs": [}'),
  raw('empty-body', 'An empty body is refused', ''),
  raw('not-an-object', 'A body that is no object is refused', '[1, 2]'),
  raw('inputs-absent', 'A request without "inputs" is refused', '{"id":"a"}'),
  raw('inputs-not-array', 'A request whose "inputs" is no array is refused', '{"inputs": {"a": 1}}'),
  raw('input-not-object', 'An input that is no object is refused', '{"inputs": [17]}'),
  raw('deep-json', 'JSON that is nested 20 000 levels is refused', `{"inputs":${'['.repeat(20_000)}${']'.repeat(20_000)}}`),
  wrong({
    id: 'not-utf8',
    title: 'A body that is not UTF-8 is refused',
    level: 'deviation',
    request: (subject) =>
      inferBody(subject, Buffer.concat([Buffer.from('{"id":"'), Buffer.from([0xff, 0xfe]), Buffer.from(String(infer(subject).body).replace('{', '",'))])),
  }),
]

const TENSORS: HttpCase[] = [
  spoiled('name-absent', 'An input without a name is refused', () => ({ name: undefined })),
  spoiled('shape-absent', 'An input without a shape is refused', () => ({ shape: undefined })),
  spoiled('datatype-absent', 'An input without a datatype is refused', () => ({ datatype: undefined })),
  spoiled('data-absent', 'An input without data is refused', () => ({ data: undefined })),
  spoiled('data-null', 'An input whose data are null is refused', () => ({ data: 'null' })),
  spoiled('datatype-unknown', 'A datatype that the protocol does not have is refused', () => ({ datatype: '"FP31"' })),
  spoiled('data-short', 'Fewer values than the shape says are refused', ({ values }) => ({ data: flatText(values.slice(1)) })),
  spoiled('data-long', 'More values than the shape says are refused', ({ values }) => ({ data: flatText([...values, values[0] ?? 0]) })),
  spoiled('data-ragged', 'Data whose nesting is ragged are refused', ({ values }) => ({ data: `[[${values.map(valueText).join(',')}],[]]` })),
  spoiled('shape-negative', 'A negative dimension is refused', ({ shape }) => ({ shape: JSON.stringify([-1, ...shape.slice(1)]) })),
  spoiled('shape-fraction', 'A dimension that is no whole number is refused', ({ shape }) => ({ shape: JSON.stringify([1.5, ...shape.slice(1)]) })),
  spoiled('shape-overflow', 'A shape whose product overflows is refused', () => ({ shape: '[4294967296,4294967296,4294967296]' })),
  wrong({
    id: 'text-for-number',
    title: 'Text where numbers are declared is refused',
    unless: noInputOf('int', 'float'),
    request: (subject) => onFirst(subject, { kind: isNumber, change: (tensor) => withFirstValue(tensor, '"abc"') }),
  }),
  wrong({
    id: 'object-as-value',
    title: 'An object as a value is refused',
    request: (subject) => inferSpoiled(subject, (tensor) => withFirstValue(tensor, '{"a":1}')),
  }),
]

const NAMES: HttpCase[] = [
  wrong({ id: 'missing-inputs', title: 'A request without the inputs of the model is refused', request: (subject) => inferTexts(subject, []) }),
  wrong({
    id: 'missing-input',
    title: 'A request without one of the inputs of the model is refused',
    unless: noSecond,
    request: (subject) => infer(subject, { inputs: subject.sample.slice(0, -1) }),
  }),
  wrong({
    id: 'unknown-model',
    title: 'Inference on a model that is not there is refused',
    request: (subject) => ({ ...infer(subject), path: `/v2/models/${NO_MODEL}/infer` }),
    expect: [...REFUSED, soft(status(404))],
  }),
  wrong({
    id: 'unknown-version',
    title: 'Inference on a version that is not there is refused',
    unless: noVersion,
    request: (subject) => infer(subject, { version: '987654321' }),
  }),
  wrong({
    id: 'unknown-output',
    title: 'An output that the model does not have is refused',
    level: 'deviation',
    request: (subject) => infer(subject, { members: { outputs: '[{"name":"fairlead-no-such-output"}]' } }),
  }),
  wrong({
    id: 'output-twice',
    title: 'An output that is asked for twice is refused',
    level: 'deviation',
    unless: first(noJsonSample, ({ outputs }) => (outputs.length > 0 ? undefined : 'no output is declared')),
    request: (subject) => {
      const one = `{"name":${JSON.stringify(subject.outputs[0]?.name)}}`
      return infer(subject, { members: { outputs: `[${one},${one}]` } })
    },
  }),
  wrong({
    id: 'unknown-input',
    title: 'An input that the model does not have is refused',
    level: 'deviation',
    request: (subject) => infer(subject, { inputs: [...subject.sample, { ...subject.sample[0]!, name: 'fairlead-no-such-input' }] }),
  }),
  wrong({
    id: 'input-twice',
    title: 'An input that is there twice is refused',
    level: 'deviation',
    request: (subject) => infer(subject, { inputs: [...subject.sample, subject.sample[0]!] }),
  }),
  wrong({
    id: 'wrong-rank',
    title: 'A shape with another number of dimensions than declared is refused',
    level: 'deviation',
    request: (subject) => inferSpoiled(subject, ({ shape }) => ({ shape: JSON.stringify([...shape, 1, 1]) })),
  }),
  wrong({
    id: 'wrong-datatype',
    title: 'Another datatype than declared is refused',
    level: 'deviation',
    request: (subject) =>
      inferSpoiled(subject, ({ datatype, values }) =>
        datatype === 'BYTES' ? { datatype: '"BOOL"', data: flatText(values.map(() => true)) } : { datatype: '"BYTES"', data: flatText(values.map(() => 'x')) },
      ),
  }),
  wrong({
    id: 'datatype-lower-case',
    title: 'A datatype in lower case is refused',
    level: 'deviation',
    request: (subject) => inferSpoiled(subject, ({ datatype }) => ({ datatype: JSON.stringify(datatype.toLowerCase()) })),
  }),
]

const VALUES: HttpCase[] = [
  wrong({
    id: 'fraction-for-integer',
    title: 'A fraction where whole numbers are declared is refused',
    level: 'deviation',
    unless: noInputOf('int'),
    request: (subject) => onFirst(subject, { kind: isInteger, change: (tensor) => withFirstValue(tensor, '1.5') }),
  }),
  wrong({
    id: 'integer-out-of-range',
    title: 'A whole number beyond the range of its datatype is refused',
    level: 'deviation',
    unless: noInputOf('int'),
    request: (subject) => onFirst(subject, { kind: isInteger, change: (tensor) => withFirstValue(tensor, beyond(tensor.datatype)) }),
  }),
  wrong({
    id: 'number-for-bool',
    title: 'A number other than 0 and 1 where BOOL is declared is refused',
    level: 'deviation',
    unless: noInputOf('bool'),
    request: (subject) => onFirst(subject, { kind: (datatype) => datatype === 'BOOL', change: (tensor) => withFirstValue(tensor, '7') }),
  }),
  wrong({
    id: 'number-for-bytes',
    title: 'A number where BYTES is declared is refused',
    level: 'deviation',
    unless: noInputOf('bytes'),
    request: (subject) => onFirst(subject, { kind: (datatype) => datatype === 'BYTES', change: (tensor) => withFirstValue(tensor, '7') }),
  }),
  wrong({
    id: 'null-for-integer',
    title: 'null where whole numbers are declared is refused',
    level: 'deviation',
    unless: noInputOf('int'),
    request: (subject) => onFirst(subject, { kind: isInteger, change: (tensor) => withFirstValue(tensor, 'null') }),
  }),
]

/** Wrong requests, and that the server is none the worse for them. */
export const ERRORS: HttpCase[] = [
  ...BODIES,
  ...TENSORS,
  ...NAMES,
  ...VALUES,
  {
    id: 'errors/wrong-method',
    title: 'GET of an inference path is refused',
    level: 'deviation',
    section,
    unless: noJsonSample,
    steps: [{ request: (subject) => ({ method: 'GET', path: infer(subject).path }), expect: [soft(status(405)), ...REFUSED.map(soft), noFault] }],
    known: [{ text: 'servers on FastAPI answer {"detail": …}', when: ([one]) => one?.status === 405 }, answers(404, 'Triton')],
  },
  {
    id: 'errors/afterwards',
    title: 'After all wrong requests a right one is answered',
    level: 'required',
    section,
    unless: noJsonSample,
    steps: [{ request: (subject) => infer(subject), expect: [status(200), inferenceForm] }],
  },
]
