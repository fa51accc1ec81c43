import { ANSWERED, allOutputs, answers, type HttpCase, type HttpExpectation, inferenceForm, jsonType, noFault, sameOutputs, soft, status } from '../expect.ts'
import { infer, inferBody, inferNested, inferTexts } from '../infer-request.ts'
import { readInference } from '../inference.ts'
import type { Subject } from '../subject.ts'
import { inputMembers, inputText, type Tensor, withRows } from '../tensors.ts'
import { must } from '../unmet.ts'
import { first, noJsonSample, notJson, noVersion, rowsFixed } from './unless.ts'

const section = 'Inference'
const SOFTLY = ANSWERED.map(soft)

function idIs(id: string): HttpExpectation {
  return {
    statement: `the answer's id is ${JSON.stringify(id)}`,
    check: (answer) => {
      const found = readInference(answer).id
      must(found === id, found === undefined ? 'there is none' : `it is "${found}"`)
    },
  }
}

const onlyFirst: HttpExpectation = {
  statement: 'the output that was asked for is there, and no other',
  check: (answer, { subject }) => {
    const names = readInference(answer).outputs.map(({ name }) => name)
    const wanted = firstOutput(subject)
    must(names.join() === wanted, `there are ${names.join(', ') || 'none'}`)
  },
}

function firstOutput(subject: Subject): string {
  return subject.outputs[0]?.name ?? subject.reference?.[0]?.name ?? ''
}

const wholeBody = (subject: Subject) => String(infer(subject).body)

/** Inference as it should be asked. */
export const INFER: HttpCase[] = [
  {
    id: 'infer/flat',
    title: 'Flat data are answered',
    level: 'required',
    section,
    // asked even where the model refused: a server that refuses everything does not conform
    unless: (subject) => (subject.sample.length === 0 ? noJsonSample(subject) : notJson(subject)),
    steps: [{ request: (subject) => infer(subject), expect: ANSWERED }],
  },
  {
    id: 'infer/nested',
    title: 'Data nested to the shape are answered the same way',
    level: 'required',
    section,
    unless: noJsonSample,
    steps: [{ request: inferNested, expect: ANSWERED }],
  },
  {
    id: 'infer/one-row',
    title: 'A variable first dimension may be 1',
    level: 'required',
    section,
    unless: first(noJsonSample, rowsFixed),
    steps: [
      {
        request: (subject) => infer(subject, { inputs: subject.sample.map((tensor) => withRows(tensor, 1)) }),
        expect: [status(200), inferenceForm, allOutputs],
      },
    ],
  },
  {
    id: 'infer/many-rows',
    title: 'A variable first dimension may be 17',
    level: 'required',
    section,
    unless: first(noJsonSample, rowsFixed),
    steps: [
      {
        request: (subject) => infer(subject, { inputs: subject.sample.map((tensor) => withRows(tensor, 17)) }),
        expect: [status(200), inferenceForm, allOutputs],
      },
    ],
  },
  {
    id: 'infer/version',
    title: 'A version can be asked for',
    level: 'required',
    section,
    unless: noVersion,
    steps: [{ request: (subject) => infer(subject, { version: subject.version! }), expect: ANSWERED }],
  },
  {
    id: 'infer/version-told',
    title: 'The answer tells the version that answered',
    level: 'deviation',
    section,
    unless: noVersion,
    steps: [
      {
        request: (subject) => infer(subject),
        expect: [soft({ statement: '"model_version" is there', check: (answer) => must(readInference(answer).modelVersion, 'there is none') })],
      },
    ],
  },
  {
    id: 'infer/no-id',
    title: 'A request needs no id',
    level: 'required',
    section,
    unless: noJsonSample,
    steps: [{ request: (subject) => infer(subject, { members: { id: undefined } }), expect: ANSWERED }],
    known: [answers(500, 'KServe, whose answer needs an id,')],
  },
  {
    id: 'infer/id',
    title: 'The id of a request comes back',
    level: 'required',
    section,
    unless: noJsonSample,
    steps: [{ request: (subject) => infer(subject, { members: { id: '"order-17"' } }), expect: [status(200), idIs('order-17')] }],
  },
  {
    id: 'infer/id-unicode',
    title: 'An id beyond ASCII comes back',
    level: 'required',
    section,
    unless: noJsonSample,
    steps: [{ request: (subject) => infer(subject, { members: { id: '"Größe-名-\\ud834\\udd1e"' } }), expect: [status(200), idIs('Größe-名-𝄞')] }],
    known: [answers(500, 'MLServer puts the id into a header and')],
  },
  {
    id: 'infer/wanted-output',
    title: 'Only the outputs that are asked for are answered',
    level: 'required',
    section,
    unless: first(noJsonSample, (subject) => (firstOutput(subject) === '' ? 'no output is known' : undefined)),
    steps: [
      {
        request: (subject) => infer(subject, { members: { outputs: `[{"name":${JSON.stringify(firstOutput(subject))}}]` } }),
        expect: [status(200), jsonType, inferenceForm, onlyFirst],
      },
    ],
  },
  {
    id: 'infer/wanted-empty',
    title: 'An empty list of wanted outputs means all',
    level: 'deviation',
    section,
    unless: noJsonSample,
    steps: [{ request: (subject) => infer(subject, { members: { outputs: '[]' } }), expect: SOFTLY }],
  },
  {
    id: 'infer/parameters',
    title: 'Parameters that the server does not know do no harm',
    level: 'deviation',
    section,
    unless: noJsonSample,
    steps: [
      {
        request: (subject) =>
          inferTexts(
            subject,
            subject.sample.map((tensor) => inputText(tensor, { parameters: '{"fairlead_text":"x"}' })),
            { members: { parameters: '{"fairlead_text":"x","fairlead_number":1.5,"fairlead_flag":true}' } },
          ),
        expect: SOFTLY,
      },
    ],
  },
  {
    id: 'infer/unknown-members',
    title: 'Members that the protocol does not know do no harm',
    level: 'deviation',
    section,
    unless: noJsonSample,
    steps: [{ request: (subject) => infer(subject, { members: { model_name: '"x"', fairlead: '{"a":[1]}' } }), expect: [...SOFTLY, noFault] }],
  },
  {
    id: 'infer/json-freedom',
    title: 'Escapes, spaces and the order of members are those of JSON',
    level: 'required',
    section,
    unless: noJsonSample,
    steps: [{ request: (subject) => inferTexts(subject, subject.sample.map(unusual), { members: { id: ' "a" ' } }), expect: [...ANSWERED, idIs('a')] }],
  },
  {
    id: 'infer/charset',
    title: 'Content-Type may name the charset',
    level: 'required',
    section,
    unless: noJsonSample,
    steps: [{ request: (subject) => infer(subject, { headers: { 'content-type': 'application/json; charset=utf-8' } }), expect: ANSWERED }],
  },
  {
    id: 'infer/chunked',
    title: 'The body may come in chunks, without Content-Length',
    level: 'required',
    section,
    unless: noJsonSample,
    steps: [{ request: (subject) => ({ ...infer(subject), chunked: true }), expect: ANSWERED }],
  },
  {
    id: 'infer/no-content-type',
    title: "JSON without Content-Type is read, as tritonclient's HTTP client sends it",
    level: 'deviation',
    section,
    unless: noJsonSample,
    steps: [{ request: (subject) => inferBody(subject, wholeBody(subject), { headers: {} }), expect: SOFTLY }],
  },
  {
    id: 'infer/octet-stream',
    title: "JSON as application/octet-stream without a header length is read, as tritonclient's asyncio client sends it",
    level: 'deviation',
    section,
    unless: noJsonSample,
    steps: [{ request: (subject) => inferBody(subject, wholeBody(subject), { headers: { 'content-type': 'application/octet-stream' } }), expect: SOFTLY }],
  },
  {
    id: 'infer/form-content-type',
    title: 'JSON as a form is read, as curl -d sends it',
    level: 'deviation',
    section,
    unless: noJsonSample,
    steps: [
      { request: (subject) => inferBody(subject, wholeBody(subject), { headers: { 'content-type': 'application/x-www-form-urlencoded' } }), expect: SOFTLY },
    ],
  },
  {
    id: 'infer/repeatable',
    title: 'The same request twice is answered the same way',
    level: 'deviation',
    section,
    unless: noJsonSample,
    steps: [
      { request: (subject) => infer(subject), expect: [soft(status(200))] },
      { request: (subject) => infer(subject), expect: [soft(status(200)), soft(sameOutputs)] },
    ],
  },
]

/** The same input with its members in another order, spaces between them and its name in escapes. */
function unusual(tensor: Tensor): string {
  const { data, datatype, shape } = inputMembers(tensor)
  const name = tensor.name.split('').map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
  return ` {\n\t"data" : ${data} ,\r\n "datatype": ${datatype} , "sh\\u0061pe" : ${shape}, "name":"${name.join('')}" } `
}
