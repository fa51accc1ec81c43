import { encodeBinary } from '../datatypes.ts'
import {
  ANSWERED,
  allOutputs,
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
import { type BinaryOptions, infer, inferBinary, inferBody } from '../infer-request.ts'
import { headerLength, readInference } from '../inference.ts'
import { kindOf } from '../json.ts'
import type { Subject } from '../subject.ts'
import { binaryInput, inputText } from '../tensors.ts'
import { must } from '../unmet.ts'
import { comesBack, inputsHolding } from './numbers.ts'
import { first, noEcho, noJsonSample, noSample } from './unless.ts'

const section = 'Binary tensor data extension'
const extension = ['binary_tensor_data', 'binary_data']

type Unless = (subject: Subject) => string | undefined

interface Shape {
  id: string
  title: string
  level?: 'optional' | 'deviation'
  unless?: Unless
  request: (subject: Subject) => HttpRequest
  expect: HttpExpectation[]
}

/** A server that answers JSON to who asks for binary does not have the extension. */
const jsonInstead = ([first]: readonly HttpAnswer[]) => first?.status === 200 && first.headers['inference-header-content-length'] === undefined

function binary({ id, title, level = 'optional', unless = noSample, request, expect }: Shape): HttpCase {
  return { id: `binary/${id}`, title, level, section, extension, unless, steps: [{ request, expect }] }
}

/** A case about binary outputs. */
function binaryOut(shape: Shape): HttpCase {
  return { ...binary(shape), lacks: jsonInstead }
}

/** A case that says something only where binary outputs are known to work. */
function afterBinaryOut(one: HttpCase): HttpCase {
  const right = { request: (subject: Subject) => infer(subject, { members: { parameters: '{"binary_data_output":true}' } }), expect: [status(200), lengthTold] }
  return { ...one, lacks: jsonInstead, steps: [right, ...one.steps] }
}

const jsonValues: HttpExpectation[] = [status(200), inferenceForm, allOutputs, sameOutputs]

function travels(name: (subject: Subject) => string | undefined, how: 'binary' | 'json'): HttpExpectation {
  return {
    statement: name === every ? `all outputs travel as ${how}` : `the output that says so travels as ${how}`,
    check: (answer, { subject }) => {
      const wanted = name(subject)
      for (const output of readInference(answer).outputs.filter((one) => wanted === undefined || one.name === wanted)) {
        must(output.binary === (how === 'binary'), `"${output.name}" travels as ${output.binary ? 'binary' : 'json'}`)
      }
    },
  }
}

const every = () => undefined

const lengthTold: HttpExpectation = {
  statement: 'Inference-Header-Content-Length is the length of the JSON',
  check: (answer) => must(headerLength(answer) !== undefined, 'there is none'),
}

const binaryType: HttpExpectation = {
  statement: 'Content-Type is application/octet-stream',
  check: ({ headers }) => must(headers['content-type'] === 'application/octet-stream', `it is ${kindOf(headers['content-type'])}`),
}

const outputName = ({ outputs, reference }: Subject, i = 0) => outputs[i]?.name ?? reference?.[i]?.name
const noOutput = first(noJsonSample, (subject) => (outputName(subject) === undefined ? 'no output is known' : undefined))
const noSecondOutput = first(noOutput, (subject) => (outputName(subject, 1) === undefined ? 'the model has one output' : undefined))
const noSecondInput = first(noJsonSample, ({ sample }) => (sample.length > 1 ? undefined : 'the model has one input'))
const noBytes = first(noSample, ({ sample }) => (sample.some(({ datatype }) => datatype === 'BYTES') ? undefined : 'the model has no BYTES input'))

/** The JSON request with wanted outputs, each with its `binary_data` or none. */
function wanting(subject: Subject, wanted: (boolean | undefined)[], parameters?: string): HttpRequest {
  const outputs = wanted.map(
    (flag, i) => `{"name":${JSON.stringify(outputName(subject, i))}${flag === undefined ? '' : `,"parameters":{"binary_data":${flag}}`}}`,
  )
  return infer(subject, { members: { outputs: `[${outputs.join(',')}]`, parameters } })
}

const ASKED: HttpCase[] = [
  binary({ id: 'inputs', title: 'Inputs may travel as binary', request: (subject) => inferBinary(subject), expect: jsonValues }),
  binary({
    id: 'inputs-mixed',
    title: 'Some inputs may travel as binary and others as JSON',
    unless: noSecondInput,
    request: (subject) => inferBinary(subject, { jsonInputs: 1 }),
    expect: jsonValues,
  }),
  binary({
    id: 'header-on-json',
    title: 'The header may be there when all is JSON',
    unless: noJsonSample,
    request: (subject) => {
      const body = Buffer.from(String(infer(subject).body))
      return inferBody(subject, body, { headers: { 'content-type': 'application/json', 'inference-header-content-length': String(body.length) } })
    },
    expect: ANSWERED,
  }),
  binaryOut({
    id: 'all-outputs',
    title: 'binary_data_output asks for all outputs as binary',
    unless: noJsonSample,
    request: (subject) => infer(subject, { members: { parameters: '{"binary_data_output":true}' } }),
    expect: [status(200), lengthTold, binaryType, inferenceForm, allOutputs, travels(every, 'binary'), sameOutputs],
  }),
  binaryOut({
    id: 'one-output',
    title: 'binary_data asks for one output as binary',
    unless: noOutput,
    request: (subject) => wanting(subject, [true]),
    expect: [status(200), lengthTold, inferenceForm, travels(outputName, 'binary')],
  }),
  binaryOut({
    id: 'outputs-mixed',
    title: 'Some outputs may travel as binary and others as JSON',
    unless: noSecondOutput,
    request: (subject) => wanting(subject, [true, false]),
    expect: [status(200), inferenceForm, travels(outputName, 'binary'), travels((subject) => outputName(subject, 1), 'json')],
  }),
  afterBinaryOut(
    binary({
      id: 'output-overrides',
      title: 'An output that says binary_data: false stays JSON under binary_data_output',
      unless: noOutput,
      request: (subject) => wanting(subject, [false], '{"binary_data_output":true}'),
      expect: [status(200), inferenceForm, travels(outputName, 'json')],
    }),
  ),
  {
    ...afterBinaryOut(
      binary({
        id: 'output-follows',
        title: 'A wanted output that says nothing follows binary_data_output',
        level: 'deviation',
        unless: noOutput,
        request: (subject) => wanting(subject, [undefined], '{"binary_data_output":true}'),
        expect: [status(200), inferenceForm, travels(outputName, 'binary')].map(soft),
      }),
    ),
    known: [{ text: 'Triton and KServe answer JSON for every output that is asked for by name', when: ([, one]) => one?.status === 200 }],
  },
  binaryOut({
    id: 'both-ways',
    title: 'Inputs and outputs may both travel as binary',
    request: (subject) => inferBinary(subject, { members: { parameters: '{"binary_data_output":true}' } }),
    expect: [status(200), lengthTold, inferenceForm, allOutputs, travels(every, 'binary'), sameOutputs],
  }),
]

function exact(datatype: string, values: number[]): HttpCase {
  const one = binary({
    id: `exact-${datatype.toLowerCase()}`,
    title: `NaN, infinities and negative zero of ${datatype} travel bit by bit`,
    unless: noEcho(datatype),
    request: (subject) => inferBinary(subject, { inputs: inputsHolding(subject, [datatype], values), members: { parameters: '{"binary_data_output":true}' } }),
    expect: [status(200), lengthTold, inferenceForm, comesBack([datatype], values)],
  })
  return { ...one, lacks: jsonInstead }
}

const ODD = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0]

const varying = (shape: readonly number[]) => shape.slice(shape[0] === -1 ? 1 : 0).filter((size) => size < 0).length

const noRaw: Unless = first(noSample, ({ inputs }) => {
  if (inputs.length !== 1) return 'raw requests are for models with one input'
  const [{ datatype, shape }] = inputs as [(typeof inputs)[number]]
  return datatype === 'BYTES' || varying(shape) > 1 ? 'the shape of a raw request cannot be told from its length' : undefined
})

function rawRequest(subject: Subject): HttpRequest {
  const [tensor] = subject.sample
  const body = tensor ? encodeBinary(tensor.datatype, tensor.values.slice(0, Math.max(1, tensor.values.length / (tensor.shape[0] || 1)))) : ''
  return inferBody(subject, body, { headers: { 'content-type': 'application/octet-stream', 'inference-header-content-length': '0' } })
}

const RAW_CASES: HttpCase[] = [
  binary({
    id: 'raw',
    title: 'A header length of 0 makes the body the one input, and outputs come back as binary',
    unless: noRaw,
    request: rawRequest,
    expect: [status(200), lengthTold, inferenceForm, allOutputs, travels(every, 'binary')],
  }),
]

const REFUSED = [errorStatus, errorObject, noFault]

function spoiled(id: string, title: string, options: BinaryOptions): HttpCase {
  return binary({ id, title, request: (subject) => inferBinary(subject, options), expect: REFUSED })
}

/** The first input as binary and as JSON at once. */
function twice(subject: Subject): HttpRequest {
  const [tensor] = subject.sample
  const { bytes } = binaryInput(tensor!)
  const texts = subject.sample.map((one, i) => (i === 0 ? inputText(one, { parameters: `{"binary_data_size":${bytes.length}}` }) : inputText(one)))
  const json = Buffer.from(`{"inputs":[${texts.join(',')}]}`)
  const headers = { 'content-type': 'application/octet-stream', 'inference-header-content-length': String(json.length) }
  return inferBody(subject, Buffer.concat([json, bytes]), { headers })
}

/** The BYTES input says that its last text is longer than the binary part. */
function lying(subject: Subject): HttpRequest {
  const request = inferBinary({ ...subject, sample: [...subject.sample].sort((a, b) => Number(a.datatype === 'BYTES') - Number(b.datatype === 'BYTES')) })
  const body = Buffer.from(request.body as Uint8Array)
  const last = subject.sample.findLast(({ datatype }) => datatype === 'BYTES')!.values.at(-1)
  body.writeUInt32LE(0x7fffffff, body.length - Buffer.byteLength(String(last)) - 4)
  return { ...request, body }
}

const WRONG: HttpCase[] = [
  spoiled('size-long', 'A size beyond the binary part is refused', { sizeError: 8 }),
  spoiled('trailing', 'Bytes after the last tensor are refused', { trailing: Buffer.alloc(8) }),
  spoiled('header-beyond', 'A header length beyond the body is refused', { header: '99999999' }),
  spoiled('header-negative', 'A negative header length is refused', { header: '-1' }),
  spoiled('header-text', 'A header length that is no number is refused', { header: 'abc' }),
  binary({
    id: 'twice',
    title: 'An input with both "data" and binary_data_size is refused',
    level: 'deviation',
    unless: noJsonSample,
    request: twice,
    expect: REFUSED.map(soft),
  }),
  binary({
    id: 'raw-refused',
    title: 'A header length of 0 is refused for a model with several inputs',
    level: 'deviation',
    unless: first(noSample, ({ inputs }) => (inputs.length > 1 ? undefined : 'the model has one input')),
    request: rawRequest,
    expect: [errorStatus, errorObject, noFault].map(soft),
  }),
  binary({ id: 'bytes-lie', title: 'BYTES that lie about their length are refused', unless: noBytes, request: lying, expect: REFUSED }),
]

/** A refusal says something only where a right binary request is answered. */
function afterRight(one: HttpCase): HttpCase {
  return { ...one, steps: [{ request: (subject) => inferBinary(subject), expect: [status(200)] }, ...one.steps] }
}

/** Tensors as bytes beside or without JSON. */
export const BINARY: HttpCase[] = [
  ...ASKED,
  ...['FP32', 'FP64', 'FP16', 'BF16'].map((datatype) => exact(datatype, ODD)),
  ...RAW_CASES,
  ...WRONG.map(afterRight),
]
