import { DATATYPES, sameValue, type Value } from '../datatypes.ts'
import { type HttpCase, type HttpExpectation, inferenceForm, noFault, soft, status } from '../expect.ts'
import { errorOf, type HttpAnswer, type HttpRequest } from '../http.ts'
import { infer, inferTexts } from '../infer-request.ts'
import { readInference } from '../inference.ts'
import { shown } from '../json.ts'
import { echoOf, type Subject } from '../subject.ts'
import { countOf, inputText, type Tensor, withFirstValue, withRows } from '../tensors.ts'
import { must } from '../unmet.ts'
import { first, noEcho, noInputOf, noJsonSample, rowsFixed } from './unless.ts'

const section = 'Tensor data'

/** The inputs of the model with the echoed one beginning with these values; all get the rows that it needs. */
export function inputsHolding(subject: Subject, datatypes: readonly string[], values: readonly Value[]): Tensor[] {
  const { input } = echoOf(subject, datatypes)!
  const vary = rowsFixed(subject) === undefined
  return subject.sample.map((tensor) => {
    const perRow = Math.max(1, countOf(tensorOf(subject, input.name).shape.slice(1)))
    const sized = vary ? withRows(tensor, Math.ceil(values.length / perRow)) : tensor
    return tensor.name === input.name ? { ...sized, values: sized.values.map((value, i) => values[i] ?? value) } : sized
  })
}

function tensorOf({ sample }: Subject, name: string): Tensor {
  return sample.find((tensor) => tensor.name === name)!
}

/** Throws `Unmet` unless the output that answers the input unchanged begins with these values, as far as they were sent. */
export function returned(
  outputs: readonly Tensor[],
  subject: Subject,
  { datatypes, values }: { datatypes: readonly string[]; values: readonly Value[] },
): void {
  const { input, output } = echoOf(subject, datatypes)!
  const found = outputs.find(({ name }) => name === output)?.values
  must(found, `the output "${output}" is missing`)
  const sent = rowsFixed(subject) ? tensorOf(subject, input.name).values.length : values.length
  for (const [i, value] of values.slice(0, sent).entries()) {
    must(found[i] !== undefined && sameValue(input.datatype, found[i], value), `value ${i} is ${shown(found[i])} and should be ${shown(value)}`)
  }
}

/** The values come back under the output that answers the input unchanged. */
export function comesBack(datatypes: readonly string[], values: readonly Value[]): HttpExpectation {
  return {
    statement: `the values come back as they are: ${shown(values.map((value) => (typeof value === 'string' ? value.slice(0, 20) : String(value))))}`,
    check: (answer, { subject }) => returned(readInference(answer).outputs, subject, { datatypes, values }),
  }
}

interface Exact {
  id: string
  title: string
  datatypes: string[]
  values: Value[]
}

function exact({ id, title, datatypes, values }: Exact): HttpCase {
  return {
    id: `numbers/${id}`,
    title,
    level: 'required',
    section,
    unless: first(noEcho(...datatypes), noJsonSample),
    steps: [
      {
        request: (subject) => infer(subject, { inputs: inputsHolding(subject, datatypes, values) }),
        expect: [status(200), inferenceForm, comesBack(datatypes, values)],
      },
    ],
  }
}

const SMALL = Object.entries(DATATYPES).filter(([, { kind, size }]) => kind === 'int' && size < 8)

const EXACT: HttpCase[] = [
  exact({
    id: 'int64',
    title: 'INT64 beyond 2^53 is exact both ways',
    datatypes: ['INT64'],
    values: [9007199254740993n, -9007199254740993n, 9223372036854775807n, -9223372036854775808n],
  }),
  exact({ id: 'uint64', title: 'UINT64 beyond 2^53 is exact both ways', datatypes: ['UINT64'], values: [9007199254740993n, 18446744073709551615n] }),
  ...SMALL.map(([name, { range }]) =>
    exact({ id: name.toLowerCase(), title: `The smallest and the largest ${name} come back`, datatypes: [name], values: [range![0], range![1]] }),
  ),
  exact({
    id: 'fp32',
    title: 'FP32 comes back to the last bit',
    datatypes: ['FP32'],
    values: [Math.fround(0.1), Math.fround(3.4028234663852886e38), Math.fround(1e-45), -1.5, 16777217].map(Math.fround),
  }),
  exact({ id: 'fp64', title: 'FP64 comes back to the last bit', datatypes: ['FP64'], values: [0.1, Number.MAX_VALUE, Number.MIN_VALUE, -1 / 3, 2 ** 53] }),
  exact({ id: 'bool', title: 'BOOL is true and false', datatypes: ['BOOL'], values: [true, false, false, true] }),
  exact({
    id: 'bytes',
    title: 'BYTES keeps every character, also none, NUL and those beyond 16 bits',
    datatypes: ['BYTES'],
    values: ['', 'ü€𝄞', 'a\u0000b', '"\\/\b\n', ' '],
  }),
  exact({ id: 'bytes-long', title: 'BYTES keeps a text of 100 000 characters', datatypes: ['BYTES'], values: ['ab'.repeat(50_000)] }),
]

/** The inputs with the first float replaced by a word. */
function withWord(subject: Subject, word: string): HttpRequest {
  const at = subject.sample.findIndex(({ datatype }) => DATATYPES[datatype]?.kind === 'float')
  return inferTexts(
    subject,
    subject.sample.map((tensor, i) => (i === at ? inputText(tensor, withFirstValue(tensor, word)) : inputText(tensor))),
  )
}

const validAnswer: HttpExpectation = {
  statement: 'an answer, where there is one, is valid JSON of the right form; a refusal says "error"',
  soft: true,
  check: (answer) => {
    if (answer.status === 200) readInference(answer)
    else must(errorOf(answer) !== undefined, 'there is no "error" in the body')
  },
}

const bareWords = (answers: readonly HttpAnswer[]) => answers[0]?.status === 200 && /[[,:]\s*-?(NaN|Infinity)\b/.test(answers[0].body.toString())
const KNOWN = [
  { text: 'Triton writes the bare words NaN and Infinity, which is no JSON', when: bareWords },
  { text: 'hand-written servers on FastAPI answer 500', when: ([one]: readonly HttpAnswer[]) => one?.status === 500 },
]

function word(id: string, title: string, text: string): HttpCase {
  return {
    id: `numbers/${id}`,
    title,
    level: 'deviation',
    section,
    unless: noInputOf('float'),
    steps: [{ request: (subject) => withWord(subject, text), expect: [noFault, validAnswer] }],
    known: KNOWN,
  }
}

/** Values at the edges of their datatypes. */
export const NUMBERS: HttpCase[] = [
  ...EXACT,
  {
    id: 'numbers/whole-for-float',
    title: 'A float may be written as a whole number or with an exponent',
    level: 'required',
    section,
    unless: noInputOf('float'),
    steps: [
      { request: (subject) => withWord(subject, '1'), expect: [status(200), inferenceForm] },
      { request: (subject) => withWord(subject, '1.0E0'), expect: [status(200), inferenceForm] },
    ],
  },
  {
    id: 'numbers/integer-with-point',
    title: 'A whole number may be written as 1.0',
    level: 'deviation',
    section,
    unless: noInputOf('int'),
    steps: [
      {
        request: (subject) => {
          const at = subject.sample.findIndex(({ datatype }) => DATATYPES[datatype]?.kind === 'int')
          const texts = subject.sample.map((tensor, i) =>
            i === at ? inputText(tensor, { data: `[${tensor.values.map((value) => `${value}.0`)}]` }) : inputText(tensor),
          )
          return inferTexts(subject, texts)
        },
        expect: [soft(status(200)), noFault],
      },
    ],
  },
  word('nan-word', 'The bare word NaN is read or refused, and never a fault', 'NaN'),
  word('infinity-word', 'The bare word -Infinity is read or refused, and never a fault', '-Infinity'),
  word('nan-null', 'null for a float is read or refused, and never a fault', 'null'),
  word('nan-text', 'The text "NaN" for a float is read or refused, and never a fault', '"NaN"'),
  word('float-overflow', '1e400 for a float is read or refused, and never a fault', '1e400'),
  {
    id: 'numbers/no-rows',
    title: 'A tensor of no rows is answered or refused, and never a fault',
    level: 'deviation',
    section,
    unless: first(noJsonSample, rowsFixed),
    steps: [{ request: (subject) => infer(subject, { inputs: subject.sample.map((tensor) => withRows(tensor, 0)) }), expect: [noFault, validAnswer] }],
    known: KNOWN,
  },
]
