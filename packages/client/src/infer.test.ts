import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createClient, type PredictionError } from './index.ts'
import { type Answer, json, serving } from './testing/serving.ts'

/** An answer in binary form, its JSON padded or not. */
function binary(outputs: unknown[], bytes: Uint8Array, { align = true, length }: { align?: boolean; length?: string } = {}): Answer {
  const text = JSON.stringify({ model_name: 'a', model_version: '1', outputs })
  const head = Buffer.from(align ? text.padEnd(Math.ceil(text.length / 8) * 8) : text.padEnd(Math.ceil(text.length / 8) * 8 + 3))
  return (response) =>
    void response
      .writeHead(200, { 'content-type': 'application/octet-stream', 'inference-header-content-length': length ?? String(head.length) })
      .end(Buffer.concat([head, bytes]))
}
const of = (name: string, datatype: string, shape: number[], size?: number) => ({
  name,
  datatype,
  shape,
  ...(size === undefined ? {} : { parameters: { binary_data_size: size } }),
})
const empty = binary([], new Uint8Array())

test('tensors go in binary form, after padded JSON that says how long each is', async () => {
  await using s = await serving(empty)
  const floats = new Float32Array([9, 1.5, -2]).subarray(1)
  await createClient({ url: s.url }).infer('a', {
    id: 'i',
    inputs: [
      { name: 'x', datatype: 'FP32', shape: [1, 2], data: floats },
      { name: 'n', datatype: 'INT64', shape: [2], data: [9007199254740993n, -1] },
      { name: 't', datatype: 'BYTES', shape: [1, 2], data: [['é', new Uint8Array([0, 255])]] },
      { name: 'b', datatype: 'BOOL', shape: [2], data: [true, 0] },
      { name: 'h', datatype: 'FP16', shape: [1], data: Uint16Array.of(0x3c00) },
      { name: 'none', datatype: 'UINT8', shape: [0, 4], data: [] },
    ],
    outputs: [{ name: 'y' }, { name: 'z', parameters: { binary_data: false } }],
  })
  const { bytes, headers, url } = s.seen[0]!
  const length = Number(headers['inference-header-content-length'])
  assert.deepEqual([url, headers['content-type'], length % 8], ['/v2/models/a/infer', 'application/octet-stream', 0])
  const head = JSON.parse(bytes.subarray(0, length).toString())
  assert.deepEqual(head.parameters, { binary_data_output: true })
  assert.deepEqual(head.outputs, [
    { name: 'y', parameters: { binary_data: true } },
    { name: 'z', parameters: { binary_data: false } },
  ])
  assert.deepEqual(
    head.inputs.map((one: { name: string; parameters: object; data?: unknown }) => [one.name, one.parameters, one.data]),
    Object.entries({ x: 8, n: 16, t: 12, b: 2, h: 2, none: 0 }).map(([name, size]) => [name, { binary_data_size: size }, undefined]),
  )
  const expected = ['0000c03f000000c0', '0100000000002000ffffffffffffffff', '02000000c3a90200000000ff', '0100', '003c'].join('')
  assert.equal(bytes.subarray(length).toString('hex'), expected)
})

test('binary answers become typed arrays: views of the answer where they are aligned, else copies', async () => {
  const values = new Uint8Array([
    ...new Uint8Array(new Float32Array([0.5, 1.5]).buffer),
    ...new Uint8Array(new BigInt64Array([-5n]).buffer),
    0,
    60,
    1,
    0,
    0,
    0,
    65,
    0,
    0,
    0,
    0,
  ])
  const outputs = [
    of('p', 'FP32', [1, 2], 8),
    of('n', 'INT64', [1], 8),
    of('h', 'FP16', [1], 2),
    of('t', 'BYTES', [2], 9),
    { ...of('j', 'FP64', [2]), data: [1.25, null] },
  ]
  await using s = await serving(binary(outputs, values), binary(outputs, values, { align: false }))
  const client = createClient({ url: s.url })
  for (const aligned of [true, false]) {
    const { tensors, model_version } = await client.infer('a', { inputs: [] }, aligned ? {} : { bytes: 'raw' })
    assert.deepEqual(tensors.p?.data, new Float32Array([0.5, 1.5]))
    assert.deepEqual(tensors.n?.data, new BigInt64Array([-5n]))
    assert.deepEqual(tensors.h?.data, new Uint16Array([0x3c00]))
    assert.deepEqual(tensors.t?.data, aligned ? ['A', ''] : [new Uint8Array([65]), new Uint8Array()])
    assert.deepEqual(tensors.j?.data, new Float64Array([1.25, Number.NaN]))
    assert.equal((tensors.p!.data as Float32Array).buffer.byteLength > 8, aligned, 'only an aligned one is a view')
    assert.equal(model_version, '1')
  }
})

test('JSON answers become the same typed arrays, and JSON requests are for servers without the extension', async () => {
  const outputs = [
    { ...of('n', 'INT64', [2]), data: [9007199254740993n, 1] },
    { ...of('h', 'FP16', [4]), data: [1, 65504, 0.1, null] },
    { ...of('t', 'BYTES', [1, 1]), data: [['a']] },
  ]
  await using s = await serving(
    json(
      JSON.stringify({ model_name: 'a', outputs }, (_, one) => (typeof one === 'bigint' ? Number(one) : one)).replace('9007199254740992', '9007199254740993'),
    ),
  )
  const inputs = [
    { name: 'x', datatype: 'INT64' as const, shape: [1], data: BigInt64Array.of(9007199254740993n) },
    { name: 't', datatype: 'BYTES' as const, shape: [1], data: ['a'] },
  ]
  const { tensors } = await createClient({ url: s.url }).infer('a', { inputs }, { binary: false })
  assert.equal(
    s.seen[0]?.body,
    '{"inputs":[{"name":"x","shape":[1],"datatype":"INT64","data":[9007199254740993]},{"name":"t","shape":[1],"datatype":"BYTES","data":["a"]}]}',
  )
  assert.deepEqual(tensors.n?.data, new BigInt64Array([9007199254740993n, 1n]))
  assert.deepEqual(tensors.h?.data, new Uint16Array([0x3c00, 0x7bff, 0x2e66, 0x7e00]))
  assert.deepEqual(tensors.t?.data, ['a'])
})

test('an input that cannot be sent is refused before anything is, by its name', async () => {
  await using s = await serving(empty)
  const client = createClient({ url: s.url })
  const wrong: [string, number[], ArrayBufferView | unknown[], RegExp][] = [
    ['FP32', [1, 3], [1, 2], /inputs\[0\] "x": the shape \[1,3\] needs 3 values, and data has 2/],
    ['FP32', [2], new Float64Array(2), /FP32 takes Float32Array, not Float64Array/],
    ['FP32', [8], new DataView(new ArrayBuffer(8)), /not DataView/],
    ['BYTES', [1], new Uint8Array(1), /BYTES takes an array of text/],
    ['INT8', [2], [1, 300], /value 1 is 300, which is no INT8/],
    ['INT32', [1], [1.5], /value 0 is 1.5, which is no INT32/],
    ['UINT64', [1], [-1n], /value 0 is -1, which is no UINT64/],
    ['INT64', [1], [null], /value 0 is NaN, which is no INT64/],
    ['BOOL', [1], [2], /value 0 is 2, which is no BOOL/],
    ['FP64', [1], ['1'], /value 0 is "1" and no number/],
    ['BYTES', [1], [7], /value 0 is of type number, neither text nor bytes/],
    ['FP33', [1], [1], /no datatype "FP33"/],
    ['constructor', [1], [1], /no datatype "constructor"/],
    ['FP32', [-1], [1], /whole numbers from 0/],
    ['FP32', [2 ** 40, 2 ** 40], [1], /whole numbers from 0/],
  ]
  for (const [datatype, shape, data, reason] of wrong) {
    const asked = client.infer('a', { inputs: [{ name: 'x', datatype: datatype as 'FP32', shape, data }] })
    await assert.rejects(asked, (error: PredictionError) => error.code === 'request-invalid' && reason.test(error.detail) && !error.retryable, String(reason))
  }
  const half = client.infer('a', { inputs: [{ name: 'x', datatype: 'FP16', shape: [1], data: Uint16Array.of(1) }] }, { binary: false })
  await assert.rejects(half, /travel in binary form only/)
  assert.equal(s.seen.length, 0)
})

test('answers that lie about their sizes are refused, whichever way', async () => {
  const eight = new Uint8Array(8)
  const wrong: [Answer, RegExp][] = [
    [binary([of('y', 'FP32', [2], 8)], eight.subarray(0, 5)), /outputs\[0\] "y": 8 bytes are announced, and 5 are left/],
    [binary([of('y', 'FP32', [1], 4)], eight), /4 bytes are left after the last output/],
    [binary([of('y', 'FP32', [3], 8)], eight), /8 bytes, and 3 values of FP32 take 12/],
    [binary([of('y', 'FP32', [1e9, 1e9], 8)], eight), /whole numbers from 0/],
    [binary([of('y', 'FP32', [2], -8)], eight), /-8 bytes are announced/],
    [binary([of('y', 'FP32', [2], 0.5)], eight), /0.5 bytes are announced/],
    [binary([of('y', 'XX', [2], 8)], eight), /no datatype "XX"/],
    [binary([of('y', 'FP32', [2])], new Uint8Array()), /neither data nor binary_data_size/],
    [binary([null as never], new Uint8Array()), /outputs\[0\]/],
    [binary([of('t', 'BYTES', [1], 8)], Uint8Array.of(255, 255, 255, 255, 0, 0, 0, 0)), /element 0 goes beyond the end/],
    [binary([of('t', 'BYTES', [1], 8)], eight), /more than 1 elements/],
    [binary([of('t', 'BYTES', [3], 8)], eight), /2 elements, and the shape says 3/],
    [binary([of('t', 'BYTES', [1], 3)], eight.subarray(0, 3)), /element 0 goes beyond/],
    [binary([{ ...of('y', 'INT8', [2]), data: [1] }], new Uint8Array()), /1 values, and the shape says 2/],
    [binary([{ ...of('y', 'INT8', [1]), data: ['a'] }], new Uint8Array()), /is "a" and no number/],
    [binary([], eight, { length: '9999999' }), /9999999 bytes by Inference-Header-Content-Length/],
    [binary([], eight, { length: '-1' }), /-1 bytes by/],
    [binary([], eight, { length: 'x' }), /x bytes by/],
    [binary([], eight, { length: '5' }), /not JSON/],
    [json({ model_name: 'a' }), /no outputs/],
  ]
  for (const [answer, reason] of wrong) {
    await using s = await serving(answer)
    const asked = createClient({ url: s.url }).infer('a', { inputs: [] })
    await assert.rejects(asked, (error: PredictionError) => error.code === 'answer-invalid' && reason.test(error.detail), String(reason))
    assert.equal(s.seen.length, 1)
  }
})

test('an answer with any bytes changed or cut is an answer or an error that says so, never anything else', async () => {
  const outputs = [of('p', 'FP32', [1, 2], 8), of('t', 'BYTES', [2], 10), { ...of('n', 'INT64', [2]), data: [1, 2] }]
  const text = JSON.stringify({ model_name: 'a', outputs })
  const valid = Buffer.concat([Buffer.from(text.padEnd(Math.ceil(text.length / 8) * 8)), Buffer.alloc(8), Buffer.from([1, 0, 0, 0, 65, 1, 0, 0, 0, 66])])
  const headLength = valid.length - 18
  let seed = 42
  // a small generator of numbers, the same at every run (Park and Miller)
  const below = (most: number) => {
    seed = (seed * 48271) % 2147483647
    return seed % most
  }
  let answer = new Uint8Array(valid)
  let length = headLength
  const client = createClient({
    url: 'http://double',
    retries: 0,
    fetch: async () => new Response(answer, { headers: { 'inference-header-content-length': String(length) } }),
  })
  assert.deepEqual((await client.infer('a', { inputs: [] })).tensors.t?.data, ['A', 'B'])
  let refused = 0
  for (let run = 0; run < 3000; run++) {
    answer = new Uint8Array(valid)
    for (let change = 0; change <= below(3); change++) answer[below(answer.length)] = below(2) === 0 ? below(256) : 48 + below(10)
    if (below(4) === 0) answer = answer.subarray(0, below(answer.length))
    length = below(8) === 0 ? below(answer.length + 20) : headLength
    await client.infer('a', { inputs: [] }).catch((error: PredictionError) => {
      assert.equal(error.code, 'answer-invalid', `run ${run}: ${error.stack}`)
      refused++
    })
  }
  assert.ok(refused > 1000 && refused < 3000, `${refused} of 3000 were refused`)
})
