import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf'
import { FairleadError } from '@fairlead/contract'
import { type InferParameter, ModelInferRequestSchema } from './generated/open_inference_grpc_pb.ts'
import { type InferMessage, type Parameters, readInferMessage } from './infer-message.ts'
import { seededRandom } from './testing/seeded-random.ts'
import { WireReader } from './wire.ts'

type Init = MessageInitShape<typeof ModelInferRequestSchema>

function bytesOf(init: Init): Buffer {
  return Buffer.from(toBinary(ModelInferRequestSchema, create(ModelInferRequestSchema, init)))
}

const plain = (parameters: Parameters) => Object.fromEntries(parameters)
const plainOf = (parameters: Record<string, InferParameter>) =>
  Object.fromEntries(Object.entries(parameters).flatMap(([name, { parameterChoice }]) => (parameterChoice.case ? [[name, parameterChoice.value]] : [])))

/** What both readers must agree on. */
function summary(message: InferMessage) {
  const { bytes, raws } = message
  return {
    model: message.model,
    version: message.version,
    id: message.id,
    parameters: plain(message.parameters),
    inputs: message.inputs.map(({ name, datatype, shape, parameters, contents }) => ({
      name,
      datatype,
      shape,
      parameters: plain(parameters),
      contents: contents.length > 0,
    })),
    outputs: message.outputs.map(({ name, parameters }) => ({ name, parameters: plain(parameters) })),
    raws: Array.from({ length: raws.length / 2 }, (_, i) => bytes.subarray(raws[2 * i], raws[2 * i + 1]).toString('hex')),
  }
}

function expected(bytes: Buffer): ReturnType<typeof summary> {
  const message = fromBinary(ModelInferRequestSchema, bytes)
  return {
    model: message.modelName,
    version: message.modelVersion,
    id: message.id,
    parameters: plainOf(message.parameters),
    inputs: message.inputs.map(({ name, datatype, shape, parameters, contents }) => ({
      name,
      datatype,
      shape: shape.map((size) => (Number.isSafeInteger(Number(size)) ? Number(size) : Number.NaN)),
      parameters: plainOf(parameters),
      contents: contents !== undefined,
    })),
    outputs: message.outputs.map(({ name, parameters }) => ({ name, parameters: plainOf(parameters) })),
    raws: message.rawInputContents.map((bytes) => Buffer.from(bytes).toString('hex')),
  }
}

function isCanonical(bytes: Buffer): boolean {
  try {
    return bytes.equals(toBinary(ModelInferRequestSchema, fromBinary(ModelInferRequestSchema, bytes)))
  } catch {
    return false
  }
}

const FULL: Init = {
  modelName: 'kredit-größe',
  modelVersion: '3',
  id: 'order \u0000 17 \ufffd 日本',
  parameters: {
    bool: { parameterChoice: { case: 'boolParam', value: true } },
    least: { parameterChoice: { case: 'int64Param', value: -(2n ** 63n) } },
    most: { parameterChoice: { case: 'uint64Param', value: 2n ** 64n - 1n } },
    text: { parameterChoice: { case: 'stringParam', value: 'ä' } },
    double: { parameterChoice: { case: 'doubleParam', value: -0.1 } },
    none: {},
  },
  inputs: [
    { name: 'a', datatype: 'INT64', shape: [2n, -1n, 2n ** 40n], parameters: { x: { parameterChoice: { case: 'boolParam', value: false } } } },
    { name: 'b', datatype: 'FP32', shape: [], contents: { fp32Contents: [1, 2] } },
    {},
  ],
  outputs: [{ name: 'p', parameters: { classification: { parameterChoice: { case: 'int64Param', value: 3n } } } }, {}],
  rawInputContents: [Buffer.from([1, 2, 3]), Buffer.alloc(0), Buffer.alloc(300, 7)],
}

test('every field is read as the protobuf runtime reads it', () => {
  for (const init of [{}, FULL, { modelName: 'm' }, { inputs: Array.from({ length: 300 }, (_, i) => ({ name: `c${i}`, shape: [BigInt(i)] })) }]) {
    const bytes = bytesOf(init)
    assert.deepEqual(summary(readInferMessage(bytes)), expected(bytes))
  }
})

test('unknown fields of every kind, groups among them, are stepped over', () => {
  const unknown = [
    [0x98, 0x06, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
    [0x99, 0x06, 1, 2, 3, 4, 5, 6, 7, 8],
    [0x9a, 0x06, 3, 1, 2, 3],
    [0x9d, 0x06, 1, 2, 3, 4],
    [0x9b, 0x06, 0x0a, 1, 65, 0x13, 0x08, 1, 0x14, 0x9c, 0x06],
    // known numbers with another type are unknown fields too
    [0x08, 1],
    [0x2d, 1, 2, 3, 4],
  ]
  const known = bytesOf({ modelName: 'm', inputs: [{ name: 'a', shape: [1n] }] })
  for (const extra of unknown) {
    const bytes = Buffer.concat([Buffer.from(extra), known, Buffer.from(extra)])
    assert.deepEqual(summary(readInferMessage(bytes)), summary(readInferMessage(known)), `${extra}`)
  }
})

test('the last of several values counts, and lists grow, packed or not', () => {
  const twice = Buffer.concat([bytesOf({ modelName: 'a', inputs: [{ name: 'x' }] }), bytesOf({ modelName: 'b', inputs: [{ name: 'y' }] })])
  const message = readInferMessage(twice)
  assert.deepEqual([message.model, message.inputs.map(({ name }) => name)], ['b', ['x', 'y']])
  const shapes = readInferMessage(Buffer.from([0x2a, 8, 0x18, 2, 0x1a, 2, 3, 4, 0x18, 5]))
  assert.deepEqual(shapes.inputs[0]?.shape, [2, 3, 4, 5])
})

test('malformed bytes are refused with the place', () => {
  const cases: [string, number[], RegExp][] = [
    ['a length beyond the end', [0x0a, 5, 65], /byte 2: a length goes beyond/],
    ['a length of more than 32 bits', [0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 65], /a length goes beyond/],
    ['a cut tag', [0x80], /byte 1: a number is cut off/],
    ['field 0', [0x02, 0], /no such field/],
    ['eleven bytes', [0x98, 6, ...new Array(10).fill(0xff), 1], /more than ten bytes/],
    ['type 6', [0x0e], /no such field type/],
    ['a group that never ends', [0x9b, 0x06, 0x08, 1], /cut off/],
    ['a group that ends as another', [0x9b, 0x06, 0xa4, 0x06], /does not end as it began/],
    ['an end without a group', [0x9c, 0x06], /no such field type/],
    ['groups in groups', Array.from({ length: 400 }, (_, i) => [0x9b, 0x06][i % 2]!), /nested too deeply/],
    ['text that is not UTF-8', [0x0a, 2, 0xc3, 0x28], /not valid UTF-8/],
    ['a surrogate in UTF-8', [0x0a, 3, 0xed, 0xa0, 0x80], /not valid UTF-8/],
    ['an input that goes beyond', [0x2a, 2, 0x0a, 9, 65, 65], /byte 4: a length goes beyond/],
    ['a shape cut in a number', [0x2a, 3, 0x1a, 1, 0x80, 1], /cut off/],
    ['too many dimensions', [0x2a, 67, 0x1a, 65, ...new Array(65).fill(1)], /more than 64 dimensions/],
    ['a short double', [0x22, 8, 0x0a, 1, 65, 0x12, 3, 0x21, 1, 2], /cut off/],
  ]
  for (const [what, bytes, words] of cases) {
    assert.throws(
      () => readInferMessage(Buffer.from(bytes)),
      (error: FairleadError) => error.code === 'request-invalid' && words.test(error.message),
      what,
    )
  }
})

test('what grows in memory is limited in number', () => {
  const many = (piece: number[], count: number) => Buffer.concat(new Array(count).fill(Buffer.from(piece)))
  assert.throws(() => readInferMessage(many([0x2a, 0], 10_001)), /more than 10000 inputs/)
  assert.throws(() => readInferMessage(many([0x32, 0], 10_001)), /more than 10000 outputs/)
  assert.throws(() => readInferMessage(many([0x3a, 0], 10_001)), /more than 10000 raw contents/)
  const parameters = Buffer.concat(
    Array.from({ length: 1001 }, (_, i) => Buffer.from([0x22, 8, 0x0a, 2, 33 + (i % 90), 33 + Math.floor(i / 90), 0x12, 2, 0x10, 1])),
  )
  assert.throws(() => readInferMessage(parameters), /more than 1000 parameters/)
})

test('any bytes are read as the protobuf runtime reads them, or refused', () => {
  const random = seededRandom(20_261_121)
  const base = [bytesOf(FULL), bytesOf({ modelName: 'm', inputs: [{ name: 'a', datatype: 'FP32', shape: [1n, 4n] }], rawInputContents: [Buffer.alloc(16)] })]
  const until = performance.now() + 2000
  let read = 0
  let refused = 0
  let compared = 0
  for (let round = 0; round < 20_000 && performance.now() < until; round++) {
    const bytes = Buffer.from(base[random(base.length)]!)
    const length = random(8) === 0 ? random(bytes.length + 1) : bytes.length
    for (let k = random(4); k >= 0; k--) bytes[random(bytes.length)] = random(3) === 0 ? [0, 0x7f, 0x80, 0xff][random(4)]! : random(256)
    const cut = bytes.subarray(0, length)
    let ours: ReturnType<typeof summary> | undefined
    try {
      ours = summary(readInferMessage(cut))
    } catch (error) {
      assert.ok(error instanceof FairleadError && error.code === 'request-invalid', `round ${round}: ${error}`)
      refused++
      continue
    }
    read++
    // the runtime takes fields of a wrong wire type, so only what it would write again in the same way is compared
    if (!isCanonical(cut)) continue
    compared++
    assert.deepEqual(ours, expected(cut), `round ${round}`)
  }
  assert.ok(compared > 100 && refused > 100, `${read} read, ${compared} of them compared, ${refused} refused`)
})

test('numbers of all sizes are read', () => {
  for (const [bytes, low, high] of [
    [[0], 0, 0],
    [[0x7f], 127, 0],
    [[0xff, 0xff, 0xff, 0xff, 0x0f], 0xffffffff, 0],
    [[0x80, 0x80, 0x80, 0x80, 0x10], 0, 1],
    [[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1], 0xffffffff, 0xffffffff],
  ] as const) {
    const reader = new WireReader(Buffer.from(bytes))
    reader.varint()
    assert.deepEqual([reader.low, reader.high, reader.at], [low, high, bytes.length])
  }
})
