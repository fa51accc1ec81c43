import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf'
import { FairleadError, OIP_TYPES } from '@fairlead/contract'
import { type InferTensorContentsSchema, ModelInferRequestSchema } from './generated/open_inference_grpc_pb.ts'
import { readInferMessage } from './infer-message.ts'
import { checkRawCount, readHead, readValues } from './tensors.ts'
import { seededRandom } from './testing/seeded-random.ts'

interface Sent {
  datatype: string
  shape: number[]
  contents?: MessageInitShape<typeof InferTensorContentsSchema>
  raw?: Uint8Array
  name?: string
}

function messageOf({ datatype, shape, contents, raw, name = 'x' }: Sent) {
  const init = create(ModelInferRequestSchema, {
    modelName: 'm',
    inputs: [{ name, datatype, shape: shape.map(BigInt), ...(contents ? { contents } : {}) }],
    rawInputContents: raw ? [raw] : [],
  })
  return readInferMessage(Buffer.from(toBinary(ModelInferRequestSchema, init)))
}

function read(sent: Sent) {
  const message = messageOf(sent)
  checkRawCount(message)
  return readValues(message, 0, readHead(message.inputs[0]!, 0))
}

const NUMBERS: [string, NonNullable<Sent['contents']>, ArrayBufferView & ArrayLike<number | bigint>][] = [
  ['BOOL', { boolContents: [true, false, true] }, Uint8Array.of(1, 0, 1)],
  ['INT8', { intContents: [-128, 0, 127] }, Int8Array.of(-128, 0, 127)],
  ['INT16', { intContents: [-32768, -1, 32767] }, Int16Array.of(-32768, -1, 32767)],
  ['INT32', { intContents: [-(2 ** 31), -1, 2 ** 31 - 1] }, Int32Array.of(-(2 ** 31), -1, 2 ** 31 - 1)],
  ['INT64', { int64Contents: [-(2n ** 63n), -1n, 2n ** 63n - 1n] }, BigInt64Array.of(-(2n ** 63n), -1n, 2n ** 63n - 1n)],
  ['UINT8', { uintContents: [0, 1, 255] }, Uint8Array.of(0, 1, 255)],
  ['UINT16', { uintContents: [0, 1, 65535] }, Uint16Array.of(0, 1, 65535)],
  ['UINT32', { uintContents: [0, 1, 2 ** 32 - 1] }, Uint32Array.of(0, 1, 2 ** 32 - 1)],
  ['UINT64', { uint64Contents: [0n, 2n ** 53n + 1n, 2n ** 64n - 1n] }, BigUint64Array.of(0n, 2n ** 53n + 1n, 2n ** 64n - 1n)],
  ['FP32', { fp32Contents: [-0, Number.NaN, 1e-45] }, Float32Array.of(-0, Number.NaN, 1e-45)],
  ['FP64', { fp64Contents: [-0, Number.NEGATIVE_INFINITY, 5e-324] }, Float64Array.of(-0, Number.NEGATIVE_INFINITY, 5e-324)],
]

test('numbers of every type arrive to the bit, typed and raw', () => {
  for (const [datatype, contents, values] of NUMBERS) {
    const raw = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
    for (const tensor of [read({ datatype, shape: [3], contents }), read({ datatype, shape: [3, 1], raw })]) {
      assert.equal(OIP_TYPES[tensor.type], datatype)
      assert.equal(tensor.data.constructor, values.constructor)
      const data = tensor.data as Uint8Array
      assert.deepEqual([...new Uint8Array(data.buffer, data.byteOffset, data.byteLength)], [...raw], datatype)
    }
  }
  const half = read({ datatype: 'FP16', shape: [2], raw: Uint8Array.of(0, 0x3c, 1, 0x7e) })
  assert.deepEqual([half.type, [...(half.data as Uint16Array)]], ['float16', [0x3c00, 0x7e01]])
})

test('texts arrive with zeros, any length and any sign', () => {
  const texts = ['', 'a\u0000b', '\ufffd', 'ä日🙂', 'x'.repeat(70_000)]
  const bytes = texts.map((text) => Buffer.from(text))
  const prefixed = bytes.flatMap((text) => {
    const length = Buffer.alloc(4)
    length.writeUInt32LE(text.length)
    return [length, text]
  })
  assert.deepEqual(read({ datatype: 'BYTES', shape: [5], contents: { bytesContents: bytes } }).data, texts)
  assert.deepEqual(read({ datatype: 'BYTES', shape: [5, 1], raw: Buffer.concat(prefixed) }).data, texts)
})

test('numbers have memory of their own', () => {
  const message = messageOf({ datatype: 'FP32', shape: [1], raw: new Uint8Array(4) })
  const { data } = readValues(message, 0, readHead(message.inputs[0]!, 0))
  message.bytes.fill(0xff)
  assert.deepEqual(data, Float32Array.of(0))
})

test('single and packed values of one field may be mixed', () => {
  // contents with int64 values 1, packed 2 and 3, 4, in two parts
  const tensor = Buffer.from([0x0a, 1, 0x78, 0x12, 5, ...Buffer.from('INT64'), 0x1a, 1, 4, 0x2a, 6, 0x18, 1, 0x1a, 2, 2, 3, 0x2a, 2, 0x18, 4])
  const message = readInferMessage(Buffer.concat([Buffer.from([0x2a, tensor.length]), tensor]))
  assert.deepEqual(readValues(message, 0, readHead(message.inputs[0]!, 0)).data, BigInt64Array.of(1n, 2n, 3n, 4n))
})

test('what does not fit is refused, naming the input', () => {
  const prefix = (length: number, text: string) => Buffer.concat([Buffer.from(Uint32Array.of(length).buffer), Buffer.from(text)])
  const cases: [Sent, FairleadError['code'], RegExp][] = [
    [{ datatype: 'FP31', shape: [1] }, 'request-invalid', /datatype "FP31" is not one of BOOL/],
    [{ datatype: '', shape: [1] }, 'request-invalid', /datatype ""/],
    [{ datatype: 'FP32', shape: [-1] }, 'shape-mismatch', /a dimension is -1/],
    [{ datatype: 'FP32', shape: [2 ** 31, 2 ** 31] }, 'shape-mismatch', /too many values/],
    [{ datatype: 'FP32', shape: [2] }, 'shape-mismatch', /there are 0 values, and the shape does not match true shape, it needs 2/],
    [{ datatype: 'FP32', shape: [2], contents: { fp32Contents: [1, 2, 3] } }, 'shape-mismatch', /there are 3 values/],
    [{ datatype: 'FP32', shape: [2 ** 30], contents: { fp32Contents: [1] } }, 'shape-mismatch', /there are 1 values/],
    [{ datatype: 'FP32', shape: [2], contents: { fp64Contents: [1, 2] } }, 'value-type', /travels in fp32_contents, not in fp64_contents/],
    [{ datatype: 'FP32', shape: [1], contents: { fp32Contents: [1], intContents: [1] } }, 'value-type', /not in int_contents/],
    [{ datatype: 'FP16', shape: [1], contents: { bytesContents: [Buffer.alloc(2)] } }, 'value-type', /travels in raw_input_contents, not in bytes_contents/],
    [{ datatype: 'INT8', shape: [2], contents: { intContents: [1, 128] } }, 'value-range', /value 1 is 128, outside -128 to 127/],
    [{ datatype: 'UINT8', shape: [1], contents: { uintContents: [256] } }, 'value-range', /value 0 is 256/],
    [{ datatype: 'INT16', shape: [1], contents: { intContents: [-32769] } }, 'value-range', /-32769/],
    [{ datatype: 'BYTES', shape: [1], contents: { bytesContents: [Buffer.from([0xff])] } }, 'utf8-invalid', /value 0 is not valid UTF-8/],
    [
      { datatype: 'FP32', shape: [2], raw: new Uint8Array(7) },
      'shape-mismatch',
      /there are 7 bytes, and the shape \[2\] of FP32 does not match true shape, it needs 8/,
    ],
    [{ datatype: 'BOOL', shape: [2], raw: Uint8Array.of(1, 2) }, 'value-type', /value 1 of BOOL is the byte 2/],
    [{ datatype: 'BYTES', shape: [1], raw: prefix(9, 'short') }, 'request-invalid', /text 0 goes beyond/],
    [{ datatype: 'BYTES', shape: [1], raw: prefix(2 ** 32 - 1, 'x') }, 'request-invalid', /text 0 goes beyond/],
    [{ datatype: 'BYTES', shape: [1], raw: Buffer.concat([prefix(1, 'a'), Buffer.from([1, 0])]) }, 'shape-mismatch', /does not match true shape/],
    [{ datatype: 'BYTES', shape: [2], raw: Buffer.concat([prefix(8, 'abcdefgh'), Buffer.from([1, 0])]) }, 'request-invalid', /text 1 goes beyond/],
    [{ datatype: 'BYTES', shape: [2 ** 30], raw: prefix(1, 'a') }, 'shape-mismatch', /there are 1 values/],
    [{ datatype: 'BYTES', shape: [1], raw: prefix(1, '\xff').subarray(0, 5) }, 'utf8-invalid', /value 0/],
  ]
  for (const [sent, code, words] of cases) {
    const named = (error: FairleadError) => error.code === code && words.test(error.message) && error.message.startsWith('input "x": ')
    assert.throws(() => read(sent), named, JSON.stringify(sent.contents ?? sent.shape))
  }
})

test('contents and raw contents exclude one another, and the raw list is whole', () => {
  assert.throws(() => read({ datatype: 'FP32', shape: [1], contents: { fp32Contents: [1] }, raw: new Uint8Array(4) }), {
    message: "contents field must not be specified when using raw_input_contents for 'x' for model 'm'",
  })
  const message = messageOf({ datatype: 'FP32', shape: [1], raw: new Uint8Array(4) })
  assert.throws(() => checkRawCount({ ...message, raws: [0, 0, 0, 0] }), /2 entries for 1 inputs/)
  assert.throws(() => read({ datatype: 'FP32', shape: [0], name: '' }), { code: 'request-invalid' })
})

test('malformed contents are refused without a crash, whatever they are', () => {
  const random = seededRandom(4)
  const until = performance.now() + 1500
  for (let round = 0; round < 20_000 && performance.now() < until; round++) {
    const [datatype, contents] = NUMBERS[random(NUMBERS.length)]!
    const message = messageOf({ datatype: random(5) === 0 ? 'BYTES' : datatype, shape: [3], contents })
    const [from, to] = message.inputs[0]!.contents as [number, number]
    for (let k = random(3); k >= 0; k--) message.bytes[from + random(to - from)] = random(256)
    try {
      const { data } = readValues(message, 0, readHead(message.inputs[0]!, 0))
      assert.equal(data.length, 3)
    } catch (error) {
      assert.ok(error instanceof FairleadError, `round ${round}: ${error}`)
    }
  }
})
