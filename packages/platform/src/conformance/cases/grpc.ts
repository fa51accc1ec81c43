import { DATATYPES } from '../datatypes.ts'
import { codeName, type GrpcAnswer, type GrpcRequest } from '../grpc/call.ts'
import {
  type InferCall,
  inferRequest,
  named,
  readFlag,
  readIndexNames,
  readInferResponse,
  readModelMetadata,
  readServerMetadata,
  typeable,
} from '../grpc/messages.ts'
import { bytes } from '../grpc/wire.ts'
import { kindOf } from '../json.ts'
import { NO_MODEL, type Subject } from '../subject.ts'
import { differenceOf, withRows } from '../tensors.ts'
import type { Case, Expectation, KnownDeviation } from '../types.ts'
import { must } from '../unmet.ts'
import { inputsHolding, returned } from './numbers.ts'
import { first, noEcho, noSample, rowsFixed } from './unless.ts'

/** A case asked over gRPC. */
export type GrpcCase = Case<GrpcRequest, GrpcAnswer>
type GrpcExpectation = Expectation<GrpcRequest, GrpcAnswer>

const section = 'gRPC'
const SERVICE = 'inference.GRPCInferenceService'

function method(name: string, message: Uint8Array = Buffer.alloc(0)): GrpcRequest {
  return { method: `${SERVICE}/${name}`, message }
}

function ask(subject: Subject, call: Partial<InferCall> = {}): GrpcRequest {
  return method('ModelInfer', inferRequest({ model: subject.model, inputs: subject.sample, form: 'raw', id: 'fairlead', ...call }))
}

function soft(expectation: GrpcExpectation): GrpcExpectation {
  return { ...expectation, soft: true }
}

const ok: GrpcExpectation = {
  statement: 'the status is OK, with a message',
  check: ({ status, detail, message }) => {
    must(status === 0, `it is ${codeName(status)}${detail ? ` (${detail.slice(0, 200)})` : ''}`)
    must(message, 'there is no message')
  },
}

const refused: GrpcExpectation = { statement: 'the status is not OK', check: ({ status }) => must(status !== 0, 'it is OK') }

function code(...allowed: number[]): GrpcExpectation {
  return {
    statement: `the status is ${allowed.map(codeName).join(' or ')}`,
    check: ({ status }) => must(allowed.includes(status), `it is ${codeName(status)}`),
  }
}

const callersMistake = soft(code(3, 5, 9, 11))
const REFUSED = [refused, callersMistake]

function states(statement: string, check: (message: Buffer, subject: Subject) => void): GrpcExpectation {
  return { statement, check: ({ message }, { subject }) => check(message ?? Buffer.alloc(0), subject) }
}

const inferenceForm = states('the message is an inference response for the model, each output with as many values as its shape says', (message, subject) => {
  const { modelName, outputs } = readInferResponse(message)
  must(modelName === subject.model, `"model_name" is "${modelName}"`)
  for (const { name } of subject.outputs)
    must(
      outputs.some((output) => output.name === name),
      `the output "${name}" is missing`,
    )
})

const sameOutputs = states('the outputs are those that REST answers to the same values', (message, subject) => {
  if (!subject.reference || !subject.deterministic) return
  const difference = differenceOf(readInferResponse(message).outputs, subject.reference)
  must(difference === undefined, difference ?? '')
})

const ANSWERED = [ok, inferenceForm, sameOutputs]
const flag = states('field 1 is true', (message) => must(readFlag(message), 'it is false'))

interface Plain {
  id: string
  title: string
  level?: Case<GrpcRequest, GrpcAnswer>['level']
  unless?: (subject: Subject) => string | undefined
  extension?: readonly string[]
  request: (subject: Subject) => GrpcRequest
  expect: GrpcExpectation[]
  known?: KnownDeviation<GrpcAnswer>[]
}

function grpc({ id, title, level = 'required', request, expect, ...more }: Plain): GrpcCase {
  return { id: `grpc/${id}`, title, level, section, steps: [{ request, expect }], ...more }
}

const noTyped = first(noSample, ({ sample }) => (typeable(sample) ? undefined : 'FP16 and BF16 travel raw only'))
const noVersion = ({ version }: Subject) => (version === undefined ? 'the metadata list no versions' : undefined)

const SERVER: GrpcCase[] = [
  grpc({ id: 'live', title: 'The server says that it is alive', request: () => method('ServerLive'), expect: [ok, flag] }),
  grpc({ id: 'ready', title: 'The server says that it is ready', request: () => method('ServerReady'), expect: [ok, flag] }),
  grpc({ id: 'model-ready', title: 'The model says that it is ready', request: ({ model }) => method('ModelReady', named(model)), expect: [ok, flag] }),
  grpc({
    id: 'unknown-model-ready',
    title: 'A model that is not there is not ready',
    request: () => method('ModelReady', named(NO_MODEL)),
    expect: [
      {
        statement: 'the status is not OK, or field 1 is false',
        check: ({ status, message }) => must(status !== 0 || !readFlag(message ?? Buffer.alloc(0)), 'it is ready'),
      },
    ],
  }),
  grpc({
    id: 'server-metadata',
    title: 'The server tells the same name and extensions as over REST',
    request: () => method('ServerMetadata'),
    expect: [
      ok,
      states('name is there', (message) => must(readServerMetadata(message).name, 'it is empty')),
      soft(
        states('name and extensions are those of REST', (message, { server }) => {
          const { name, extensions } = readServerMetadata(message)
          must(name === server.name, `the name is ${kindOf(name)}`)
          must([...extensions].sort().join() === [...server.extensions].sort().join(), `the extensions are ${extensions.join(', ') || 'none'}`)
        }),
      ),
    ],
  }),
  ...['', 'version-'].map((prefix) =>
    grpc({
      id: `model-${prefix}metadata`,
      title: `${prefix ? 'A version of the model' : 'The model'} tells the same inputs and outputs as over REST`,
      ...(prefix ? { unless: noVersion } : {}),
      request: ({ model, version }) => method('ModelMetadata', named(model, prefix ? version : '')),
      expect: [
        ok,
        states('name, inputs and outputs are those of REST', (message, { model, inputs, outputs }) => {
          const found = readModelMetadata(message)
          must(found.name === model, `the name is "${found.name}"`)
          const told = (specs: typeof inputs) => JSON.stringify(specs.map(({ name, datatype, shape }) => [name, datatype, shape]))
          must(told(found.inputs) === told(inputs), `the inputs are ${told(found.inputs)}`)
          must(told(found.outputs) === told(outputs), `the outputs are ${told(found.outputs)}`)
        }),
      ],
    }),
  ),
  grpc({
    id: 'unknown-model',
    title: 'A model that is not there has no metadata',
    request: () => method('ModelMetadata', named(NO_MODEL)),
    expect: [...REFUSED, soft(code(5))],
  }),
]

const INFER: GrpcCase[] = [
  grpc({ id: 'infer-raw', title: 'Raw inputs are answered', unless: noSample, request: (subject) => ask(subject), expect: ANSWERED }),
  grpc({
    id: 'infer-typed',
    title: 'Typed inputs are answered the same way',
    unless: noTyped,
    request: (subject) => ask(subject, { form: 'typed' }),
    expect: ANSWERED,
  }),
  grpc({
    id: 'infer-version',
    title: 'A version can be asked for',
    unless: first(noSample, noVersion),
    request: (subject) => ask(subject, { version: subject.version! }),
    expect: ANSWERED,
  }),
  grpc({
    id: 'infer-many-rows',
    title: 'A variable first dimension may be 17',
    unless: first(noSample, rowsFixed),
    request: (subject) => ask(subject, { inputs: subject.sample.map((tensor) => withRows(tensor, 17)) }),
    expect: [ok, inferenceForm],
  }),
  grpc({ id: 'infer-no-id', title: 'A request needs no id', unless: noSample, request: (subject) => ask(subject, { id: '' }), expect: ANSWERED }),
  grpc({
    id: 'infer-id',
    title: 'The id of a request comes back',
    unless: noSample,
    request: (subject) => ask(subject, { id: 'Größe-17' }),
    expect: [
      ok,
      states('the id is "Größe-17"', (message) => must(readInferResponse(message).id === 'Größe-17', `it is ${kindOf(readInferResponse(message).id)}`)),
    ],
  }),
  grpc({
    id: 'infer-parameters',
    title: 'Parameters that the server does not know do no harm',
    level: 'deviation',
    unless: noSample,
    request: (subject) => ask(subject, { parameters: true }),
    expect: ANSWERED,
  }),
  grpc({
    id: 'infer-wanted-output',
    title: 'Only the outputs that are asked for are answered',
    unless: first(noSample, ({ outputs }) => (outputs.length > 0 ? undefined : 'no output is declared')),
    request: (subject) => ask(subject, { outputs: [subject.outputs[0]!.name] }),
    expect: [
      ok,
      states('the output that was asked for is there, and no other', (message, { outputs }) => {
        const names = readInferResponse(message).outputs.map(({ name }) => name)
        must(names.join() === outputs[0]?.name, `there are ${names.join(', ') || 'none'}`)
      }),
    ],
  }),
  grpc({
    id: 'answer-raw',
    title: 'Outputs come as raw_output_contents, whatever the form of the request: tritonclient reads nothing else',
    level: 'deviation',
    unless: noTyped,
    request: (subject) => ask(subject, { form: 'typed' }),
    expect: [ok, states('the outputs are raw', (message) => must(readInferResponse(message).raw, 'they are typed'))],
    known: [{ text: 'MLServer and KServe answer in the form of the request', when: ([one]) => one?.status === 0 }],
  }),
]

function exact(datatype: string, form: 'raw' | 'typed', values: (number | bigint | string)[]): GrpcCase {
  return grpc({
    id: `exact-${datatype.toLowerCase()}-${form}`,
    title: `${datatype} comes back as it is from ${form} contents`,
    unless: noEcho(datatype),
    request: (subject) => ask(subject, { form, inputs: inputsHolding(subject, [datatype], values) }),
    expect: [
      ok,
      states(`the values come back as they are: ${values.map((value) => JSON.stringify(String(value))).join(', ')}`, (message, subject) => {
        returned(readInferResponse(message).outputs, subject, { datatypes: [datatype], values })
      }),
    ],
  })
}

const EXACT: GrpcCase[] = (['raw', 'typed'] as const).flatMap((form) => [
  exact('INT64', form, [9007199254740993n, -9223372036854775808n, 9223372036854775807n]),
  exact('UINT64', form, [18446744073709551615n]),
  exact('FP32', form, [Number.NaN, Number.POSITIVE_INFINITY, Math.fround(0.1)]),
  exact('FP64', form, [Number.NaN, Number.NEGATIVE_INFINITY, 0.1]),
  exact('BYTES', form, ['', 'ü€𝄞', 'a\u0000b']),
])

/** Raw contents whose first tensor lost its last byte. */
function shortened(subject: Subject): GrpcRequest {
  const raw = subject.sample.map(({ values, datatype }) => Buffer.alloc(Math.max(1, values.length * (DATATYPES[datatype]?.size || 5)) - 1))
  return ask(subject, { raw })
}

const WRONG: GrpcCase[] = [
  grpc({
    id: 'infer-unknown-model',
    title: 'Inference on a model that is not there is refused',
    unless: noSample,
    request: (subject) => ask(subject, { model: NO_MODEL }),
    expect: [...REFUSED, soft(code(5))],
  }),
  grpc({
    id: 'infer-unknown-version',
    title: 'Inference on a version that is not there is refused',
    unless: first(noSample, noVersion),
    request: (subject) => ask(subject, { version: '987654321' }),
    expect: REFUSED,
  }),
  grpc({
    id: 'missing-inputs',
    title: 'A request without the inputs of the model is refused',
    unless: noSample,
    request: (subject) => ask(subject, { inputs: [] }),
    expect: REFUSED,
  }),
  grpc({ id: 'raw-short', title: 'Raw contents that are too short for the shape are refused', unless: noSample, request: shortened, expect: REFUSED }),
  grpc({
    id: 'raw-count',
    title: 'More raw contents than inputs are refused',
    level: 'deviation',
    unless: noSample,
    request: (subject) =>
      ask(subject, {
        raw: [...subject.sample, subject.sample[0]!].map(({ values, datatype }) => Buffer.alloc(values.length * (DATATYPES[datatype]?.size || 4))),
      }),
    expect: REFUSED,
  }),
  grpc({
    id: 'typed-short',
    title: 'Fewer typed values than the shape says are refused',
    unless: noTyped,
    request: (subject) => ask(subject, { form: 'typed', inputs: subject.sample.map((tensor) => ({ ...tensor, values: tensor.values.slice(1) })) }),
    expect: REFUSED,
  }),
  grpc({
    id: 'mixed-contents',
    title: 'Raw and typed contents in one request are refused',
    level: 'deviation',
    unless: noTyped,
    request: (subject) => ask(subject, { form: 'both' }),
    expect: REFUSED,
    known: [{ text: 'MLServer tolerates both', when: ([one]) => one?.status === 0 }],
  }),
  grpc({
    id: 'datatype-unknown',
    title: 'A datatype that the protocol does not have is refused',
    unless: noSample,
    request: (subject) =>
      ask(subject, { inputs: subject.sample.map((tensor) => ({ ...tensor, datatype: 'FP31' })), raw: subject.sample.map(() => Buffer.alloc(4)) }),
    expect: REFUSED,
  }),
  grpc({
    id: 'not-a-message',
    title: 'Bytes that are no message are refused',
    request: () => method('ModelInfer', Buffer.from([0x0a, 0xff, 0xff, 0x01])),
    expect: [refused],
  }),
  grpc({
    id: 'unknown-method',
    title: 'A method that is not there is UNIMPLEMENTED',
    request: () => method('FairleadNoSuchMethod'),
    expect: [refused, code(12)],
  }),
]

const EXTENSIONS: GrpcCase[] = [
  grpc({
    id: 'health-check',
    title: 'grpc.health.v1 says SERVING, as Kubernetes asks',
    level: 'optional',
    request: () => ({ method: 'grpc.health.v1.Health/Check', message: Buffer.alloc(0) }),
    expect: [ok, flag],
  }),
  grpc({
    id: 'repository-index',
    title: 'The repository lists its models',
    level: 'optional',
    extension: ['model_repository', 'model_repository_extension'],
    request: () => method('RepositoryIndex'),
    expect: [ok, states('the model is in the list', (message, { model }) => must(readIndexNames(message).includes(model), 'it is not'))],
  }),
  grpc({
    id: 'statistics',
    title: 'The model tells its statistics',
    level: 'optional',
    extension: ['statistics'],
    request: ({ model }) => method('ModelStatistics', named(model)),
    expect: [ok, states('they are of the model', (message, { model }) => must(readIndexNames(message).includes(model), 'they are not'))],
  }),
  grpc({
    id: 'configuration',
    title: 'The model tells its configuration',
    level: 'optional',
    extension: ['model_configuration'],
    request: ({ model }) => method('ModelConfig', named(model)),
    expect: [ok, states('it is of the model', (message, { model }) => must(readIndexNames(message).includes(model), 'it is not'))],
  }),
  grpc({
    id: 'load-unknown',
    title: 'Loading a model that is not there is refused',
    level: 'optional',
    extension: ['model_repository', 'model_repository_extension'],
    request: () => method('RepositoryModelLoad', bytes(2, NO_MODEL)),
    expect: [refused, soft({ statement: 'the status is not INTERNAL', check: ({ status }) => must(status !== 13, 'it is') })],
  }),
]

/** The cases over gRPC. */
export const GRPC_CASES: readonly GrpcCase[] = [
  ...SERVER,
  ...INFER,
  ...EXACT,
  ...EXTENSIONS,
  ...WRONG,
  grpc({
    id: 'afterwards',
    title: 'After all wrong requests a right one is answered',
    unless: noSample,
    request: (subject) => ask(subject),
    expect: [ok, inferenceForm],
  }),
]
