import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DATATYPES, decodeBinary, encodeBinary, sameValue, type Value } from './datatypes.ts'
import { bytes, fieldsOf, integer, integers, number, rawText, text, varint } from './grpc/wire.ts'
import type { HttpAnswer } from './http.ts'
import { readInference } from './inference.ts'
import { readRequest } from './request-file.ts'
import { bodyText } from './show.ts'
import { differenceOf, flatText, inputText, makeTensor, nestedText, withRows } from './tensors.ts'

const EDGES: Record<string, Value[]> = {
  BOOL: [true, false],
  FP16: [1.5, -0, Number.NaN, Number.POSITIVE_INFINITY],
  BF16: [1.5, -2, Number.NEGATIVE_INFINITY],
  FP32: [Math.fround(0.1), -0, Number.NaN],
  FP64: [0.1, Number.MIN_VALUE],
  BYTES: ['', 'ü€𝄞', 'a\u0000b'],
}

for (const [name, { range, size }] of Object.entries(DATATYPES)) {
  test(`${name} goes to bytes and back, and bytes that are none are told`, () => {
    const values = EDGES[name] ?? range!.map((edge) => (size === 8 ? edge : Number(edge)))
    const encoded = encodeBinary(name, values)
    const decoded = decodeBinary(name, encoded)!
    assert.equal(decoded.length, values.length)
    for (const [i, value] of values.entries()) assert.ok(sameValue(name, decoded[i]!, value), `${decoded[i]} and ${value}`)
    if (size !== 1) assert.equal(decodeBinary(name, encoded.subarray(0, encoded.length - 1)), undefined)
  })
}

test('bytes are little-endian, and texts carry their length', () => {
  assert.deepEqual([...encodeBinary('INT32', [1, -1])], [1, 0, 0, 0, 255, 255, 255, 255])
  assert.deepEqual([...encodeBinary('FP16', [1])], [0, 0x3c])
  assert.deepEqual([...encodeBinary('BYTES', ['ab'])], [2, 0, 0, 0, 97, 98])
  assert.equal(decodeBinary('BYTES', Buffer.from([255, 255, 255, 255, 97])), undefined)
})

test('values are the same to their datatype and no further', () => {
  assert.ok(sameValue('FP32', 0.1, Math.fround(0.1)))
  assert.ok(!sameValue('FP64', 0.1, Math.fround(0.1)))
  assert.ok(sameValue('INT64', 9007199254740993n, 9007199254740993n))
  assert.ok(!sameValue('INT64', 9007199254740993n, 9007199254740992))
  assert.ok(!sameValue('INT64', 1.5, 1n) && !sameValue('INT64', 'x', 1n))
  assert.ok(!sameValue('BOOL', 1, true))
})

test('tensors are made to their shape, in as many rows as asked', () => {
  const made = makeTensor({ name: 'a', datatype: 'FP32', shape: [-1, 2, -1] }, 3)
  assert.deepEqual([made.shape, made.values.length], [[3, 2, 1], 6])
  assert.equal(nestedText(made.values, made.shape), '[[[0],[0.25]],[[0.5],[0.75]],[[1],[1.25]]]')
  assert.deepEqual(withRows(made, 4).values.slice(6), [0, 0.25])
  assert.deepEqual(withRows(made, 0).values, [])
  assert.equal(flatText([-0, 9007199254740993n, 'a"']), '[-0.0,9007199254740993,"a\\""]')
  assert.equal(inputText({ ...made, values: [] }, { shape: undefined }), '{"name":"a","datatype":"FP32","data":[]}')
  assert.match(differenceOf([{ ...made, shape: [6] }], [made]) ?? '', /shape \[6\] and had \[3,2,1\]/)
  assert.match(differenceOf([], [made]) ?? '', /missing/)
  assert.equal(differenceOf([made], [made]), undefined)
})

function answer(body: string, headers: Record<string, string> = {}): HttpAnswer {
  return { status: 200, headers, body: Buffer.from(body), decoded: true }
}

const output = (more: string) => `{"model_name":"m","outputs":[{"name":"o","datatype":"INT64","shape":[2],${more}}]}`

test('an inference response is read to the last digit, and each wrong form is named with its place', () => {
  assert.deepEqual(readInference(answer(output('"data":[9007199254740993,1]'))).outputs[0]?.values, [9007199254740993n, 1])
  assert.deepEqual(readInference(answer(output('"data":[[1],[2]]'))).outputs[0]?.values, [1, 2])
  const wrong: [string, RegExp][] = [
    ['[]', /an array, not an object/],
    ['{"outputs":[]}', /"model_name" is missing/],
    ['{"model_name":"m"}', /"outputs" is missing/],
    [output('"data":[1]'), /1 values, and its shape \[2\] needs 2/],
    [output('"data":[1,1.5]'), /data\[1\] is 1.5, which is no INT64/],
    [output('"data":[1,9223372036854775808]'), /no INT64/],
    [output('"data":{}'), /an object, not an array/],
    [output('"parameters":{"binary_data_size":16}'), /should have 16 bytes in the binary part, and there are 0/],
    [output('"data":[1,2]').replace('INT64', 'INT65'), /no datatype/],
    [output('"data":[1,2]').replace('[2]', '[-2]'), /not an array of whole numbers/],
    [output(`"data":${'['.repeat(200)}${']'.repeat(200)}`), /nested too deeply/],
  ]
  for (const [body, words] of wrong) assert.throws(() => readInference(answer(body)), words, body)
  assert.throws(() => readInference(answer(output('"data":[1,2]'), { 'inference-header-content-length': '9999' })), /9999, and the body has/)
  const { length } = output('"data":[1,2]')
  assert.throws(
    () => readInference(answer(`${output('"data":[1,2]')}abc`, { 'inference-header-content-length': String(length) })),
    /binary part has 3 bytes, and the outputs say 0/,
  )
})

test('a request file is read, or refused with its name', () => {
  assert.deepEqual(readRequest(Buffer.from('{"inputs":[{"name":"a","datatype":"BOOL","shape":[1],"data":[true]}]}'), 'r.json'), [
    { name: 'a', datatype: 'BOOL', shape: [1], values: [true] },
  ])
  for (const body of ['', '{}', '{"inputs":[]}', '{"inputs":[{"name":"a"}]}'])
    assert.throws(() => readRequest(Buffer.from(body), 'r.json'), /^FairleadError: r\.json/)
})

test('messages of gRPC go to bytes and back, and broken ones are told', () => {
  const message = Buffer.concat([bytes(1, 'echo'), number(2, -1n), bytes(3, Buffer.concat([1, 300].map(varint))), bytes(4, '')])
  const fields = fieldsOf(message)
  assert.equal(text(fields, 1), 'echo')
  assert.equal(BigInt.asIntN(64, integer(fields, 2)), -1n)
  assert.deepEqual([integers(fields, 3), integer(fields, 9), text(fields, 9)], [[1n, 300n], 0n, ''])
  assert.equal(rawText(bytes(1, bytes(2, 'a\u001b'))), '1 {\n  2: "a\\x1b"\n}')
  for (const broken of [[0x0a, 5, 1], [0x08], [0x0b], [0x00, 1], [0x08, ...Array(11).fill(0x80)], [0x0d, 1]])
    assert.throws(() => fieldsOf(Buffer.from(broken)), /the message/)
})

test('bodies are shown as text, or as escapes where they are none, and cut', () => {
  assert.deepEqual(bodyText(Buffer.from('{"a": 1}')), { body: '{"a": 1}', bytes: 8 })
  assert.equal(bodyText(Buffer.from([0, 255, 65, 92])).body, '\\x00\\xffA\\x5c')
  assert.match(bodyText(Buffer.alloc(10_000, 97)).body, /^a{4096}… \(10000 bytes\)$/)
  assert.match(bodyText(Buffer.alloc(10_000)).body, /\(10000 bytes\)$/)
})
