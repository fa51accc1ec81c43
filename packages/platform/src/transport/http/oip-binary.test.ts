import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deflateSync, gzipSync } from 'node:zlib'
import { DATA_TYPES, OIP_TYPES } from '@fairlead/contract'
import { echoRelease, echoSession, everyType } from '../../testing/echo-session.ts'
import { binaryBody, bytesOfTexts, readOutputs, type SentTensor } from './testing/binary-request.ts'
import { eachLane, testServing } from './testing/serving.ts'

const INFER = '/v2/models/credit/infer'
type Serving = Awaited<ReturnType<typeof testServing>>

const AGE = { name: 'age', datatype: 'INT64', shape: [2, 1], bytes: Buffer.from(new BigInt64Array([20n, 30n]).buffer) }
const PURPOSE = { name: 'purpose', datatype: 'BYTES', shape: [2], bytes: bytesOfTexts(['car', 'education']) }
const FIGURES = { name: 'figures', datatype: 'FP32', shape: [2, 2], bytes: Buffer.from(new Float32Array([2500, 1, 8100, 2]).buffer) }
const CREDIT: SentTensor[] = [AGE, PURPOSE, FIGURES]

async function ask(serving: Serving, { body, headers }: { body: Uint8Array; headers: Record<string, string> }) {
  const response = await serving.post(INFER, body, headers)
  const bytes = Buffer.from(await response.arrayBuffer())
  const header = response.headers.get('inference-header-content-length')
  assert.equal(response.status, 200, bytes.toString())
  return { ...readOutputs(bytes, header), type: response.headers.get('content-type'), header: header === null ? undefined : Number(header), response }
}

async function refusal(serving: Serving, { body, headers }: { body: Uint8Array; headers: Record<string, string> }): Promise<[number, string]> {
  const response = await serving.post(INFER, body, headers)
  const answer = (await response.json()) as { error: string }
  assert.deepEqual(Object.keys(answer), ['error'])
  return [response.status, answer.error]
}

/** An echo of one input. */
function echo(makeServing: typeof testServing, type: (typeof DATA_TYPES)[number], shape: number[]): Promise<Serving> {
  return makeServing({ releases: [echoRelease([{ name: 'x', type, shape }])], session: echoSession() })
}

eachLane('every type travels both ways bit by bit, wherever its bytes lie', async (makeServing) => {
  await using serving = await makeServing({ releases: [echoRelease(everyType(DATA_TYPES))], session: echoSession() })
  const bits = (...words: number[]) => Buffer.from(new Uint32Array(words).buffer)
  const odd: Partial<Record<string, Buffer>> = {
    BOOL: Buffer.from([0, 1, 1, 0]),
    // quiet and signalling NaN with a payload, -0, the smallest number, infinity
    FP32: bits(0x7fc00001, 0xff800001, 0x80000000, 0x00000001),
    FP64: bits(1, 0x7ff80000, 1, 0xfff00000, 0, 0x80000000, 1, 0),
    FP16: Buffer.from(new Uint16Array([0x7e01, 0xfc00, 0x8000, 0x0001]).buffer),
    INT64: Buffer.from(new BigInt64Array([-(2n ** 63n), 2n ** 63n - 1n, 0n, 9007199254740993n]).buffer),
    BYTES: bytesOfTexts(['', 'a\u0000b', 'ü€😀', '\ufffd']),
  }
  const inputs = DATA_TYPES.map((type): SentTensor => {
    const name = OIP_TYPES[type]
    const width = { 8: 1, 16: 2, 32: 4, 64: 8 }[Number(/\d+$/.exec(name)?.[0] ?? 8)]!
    return { name, datatype: name, shape: [2, 2], bytes: odd[name] ?? Buffer.from(Array.from({ length: 4 * width }, (_, i) => 255 - i * 7)) }
  })
  for (let padding = 0; padding < 8; padding++) {
    for (const order of [inputs, [...inputs].reverse()]) {
      const got = await ask(serving, binaryBody(order, { padding, members: { parameters: { binary_data_output: true } } }))
      assert.equal(got.header! % 8, 0)
      for (const output of got.outputs) {
        const sent = inputs.find(({ name }) => `${name}_out` === output.name)!
        assert.deepEqual([output.datatype, output.shape, output.bytes?.toString('hex')], [sent.datatype, [2, 2], Buffer.from(sent.bytes!).toString('hex')])
      }
      assert.equal(got.outputs.length, DATA_TYPES.length)
    }
  }
})

eachLane('outputs travel as they were asked for', async (makeServing) => {
  await using serving = await makeServing()
  const output = (name: string, binary?: boolean) => ({ name, ...(binary === undefined ? {} : { parameters: { binary_data: binary } }) })
  const all = { binary_data_output: true }
  const cases: [object, Record<string, boolean>][] = [
    [{}, { label: false, p: false }],
    [{ outputs: [] }, { label: false, p: false }],
    [{ outputs: [output('label', true), output('p', false)] }, { label: true, p: false }],
    [{ outputs: [output('p', true), output('label')] }, { p: true, label: false }],
    [{ parameters: all }, { label: true, p: true }],
    [{ parameters: { binary_data_output: false }, outputs: [output('p', true)] }, { p: true }],
    [
      { parameters: all, outputs: [output('label', false), output('p')] },
      { label: false, p: true },
    ],
  ]
  for (const [members, wanted] of cases) {
    const got = await ask(serving, binaryBody(CREDIT, { members: { id: 'ü', ...members } }))
    assert.deepEqual(Object.fromEntries(got.outputs.map(({ name, bytes }) => [name, bytes !== undefined])), wanted)
    const any = Object.values(wanted).includes(true)
    assert.deepEqual([got.type, got.header !== undefined, got.id], [any ? 'application/octet-stream' : 'application/json', any, 'ü'])
    for (const { name, data, bytes } of got.outputs) {
      const values = name === 'label' ? [0, 1] : [0.75, 0.25, 0.19, 0.81].map(Math.fround)
      const memory = bytes && new Uint8Array(bytes).buffer
      const read = memory && (name === 'label' ? Array.from(new BigInt64Array(memory), Number) : Array.from(new Float32Array(memory)))
      assert.deepEqual((data ?? read!).map(Number).map(Math.fround), values)
    }
  }
})

eachLane('binary and JSON inputs together, and the header on JSON alone', async (makeServing) => {
  await using serving = await makeServing()
  const { bytes: _, ...purpose } = PURPOSE
  const mixed = binaryBody([AGE, { ...purpose, data: ['car', 'education'] }, FIGURES])
  assert.deepEqual((await ask(serving, mixed)).outputs[0]!.data, [0, 1])
  const json = JSON.stringify({
    inputs: [
      { name: 'age', datatype: 'INT64', shape: [1, 1], data: [20] },
      { ...purpose, shape: [1], data: ['car'] },
      { name: 'figures', datatype: 'FP32', shape: [1, 2], data: [1, 2] },
    ],
  })
  const headers = { 'content-type': 'application/octet-stream' }
  assert.equal((await ask(serving, { body: Buffer.from(json), headers })).outputs.length, 2)
  assert.equal(
    (await ask(serving, { body: Buffer.from(json), headers: { ...headers, 'inference-header-content-length': String(json.length) } })).outputs.length,
    2,
  )
})

eachLane('what is sent compressed is counted as it is inflated', async (makeServing) => {
  await using serving = await makeServing()
  const { body, headers } = binaryBody(CREDIT, { members: { id: 'x'.repeat(1000), parameters: { binary_data_output: true } }, padding: 3 })
  for (const [coding, pack] of Object.entries({ gzip: gzipSync, deflate: deflateSync })) {
    const got = await ask(serving, { body: pack(body), headers: { ...headers, 'content-encoding': coding, 'accept-encoding': coding } })
    // fetch inflates, and the header counts what it gives; what it sends by itself is a list
    assert.deepEqual([got.response.headers.get('content-encoding'), got.outputs.map(({ bytes }) => bytes?.length)], [coding, [16, 16]])
    const list = await ask(serving, { body, headers: { ...headers, 'accept-encoding': 'gzip, deflate' } })
    assert.equal(list.response.headers.get('content-encoding'), null)
  }
})

eachLane('requests whose parts disagree are 400 and name the place', async (makeServing) => {
  await using serving = await makeServing()
  const right = binaryBody(CREDIT)
  const first = (change: Partial<SentTensor>) => binaryBody([{ ...AGE, ...change }, PURPOSE, FIGURES])
  const texts = (bytes: Buffer, shape = [2]) => binaryBody([AGE, { ...PURPOSE, bytes, shape }, FIGURES])
  const header = (value: string) => ({ body: right.body, headers: { 'inference-header-content-length': value } })
  const lie = Buffer.from(PURPOSE.bytes)
  lie.writeUInt32LE(0xffffffff, 7)
  const cases: [{ body: Uint8Array; headers: Record<string, string> }, RegExp][] = [
    [{ body: Buffer.concat([right.body, Buffer.alloc(3)]), headers: right.headers }, /3 bytes at the end of the body belong to no input/],
    [{ body: right.body.subarray(0, -1), headers: right.headers }, /inputs\[2\].*"binary_data_size" is 16, and 15 bytes are left/],
    [{ body: right.body, headers: {} }, /not valid (JSON|UTF-8).*; with tensors as bytes behind it, the header Inference-Header-Content-Length/],
    [header('-1'), /Inference-Header-Content-Length must be the length/],
    [header('abc'), /Inference-Header-Content-Length/],
    [header('1.5'), /Inference-Header-Content-Length/],
    [header('1e3'), /Inference-Header-Content-Length/],
    [header('99999999'), /is 99999999, and the body has/],
    [header('99999999999999999999999'), /Inference-Header-Content-Length/],
    [header('0'), /raw request must only have 1 input to be deduced, and the model has 3/],
    [header(String(Number(right.headers['inference-header-content-length']) + 1)), /JSON.*; Inference-Header-Content-Length says that it has \d+ bytes/],
    [first({ data: [20, 30] }), /inputs\[0\].*both "data" and "binary_data_size"/],
    [first({ data: null }), /both "data" and/],
    [first({ shape: [3, 1] }), /inputs\[0\].*16 bytes.*does not match true shape.*needs 24/],
    [first({ datatype: 'INT32' }), /16 bytes.*needs 8/],
    [first({ datatype: 'BF16' }), /inputs\[0\]\.datatype.*must be one of/],
    [first({ shape: [2 ** 31, 2 ** 31] }), /too many values/],
    [first({ shape: [2 ** 30, 1] }), /at most \d+ rows/],
    [first({ shape: [-2, 1] }), /shape\[0\]/],
    ...[1.5, -8, '16', true, null, 2 ** 60, [16]].map((size): [ReturnType<typeof first>, RegExp] => [
      first({ parameters: { binary_data_size: size } }),
      /inputs\[0\]\.parameters\.binary_data_size/,
    ]),
    [first({ parameters: { binary_data_size: 17 } }), /17 bytes/],
    [first({ parameters: { binary_data_size: 2 ** 40 } }), /bytes are left in the body/],
    [
      { body: Buffer.from(JSON.stringify({ inputs: [{ ...AGE, bytes: undefined, parameters: { binary_data_size: 16 } }] })), headers: {} },
      /header Inference-Header/,
    ],
    [binaryBody([AGE, { ...AGE }, PURPOSE, FIGURES]), /"age" is there twice/],
    [texts(lie), /text 1 goes beyond the end/],
    [texts(bytesOfTexts(['car'])), /1 values.*needs 2/],
    [texts(bytesOfTexts(['car', 'car', 'car'])), /3 values.*needs 2/],
    [texts(PURPOSE.bytes, [2 ** 31]), /at most \d+ rows|values/],
    [texts(Buffer.concat([PURPOSE.bytes, Buffer.from([1])])), /3 values|values|goes beyond/],
    [texts(bytesOfTexts(['car', Buffer.from([0xff, 0xfe])])), /not valid UTF-8/],
    [binaryBody(CREDIT, { members: { parameters: { binary_data_output: 'yes' } } }), /"binary_data_output" must be true or false/],
    [binaryBody(CREDIT, { members: { outputs: [{ name: 'p', parameters: { binary_data: 1 } }] } }), /outputs\[0\].*"binary_data" must be true or false/],
    [binaryBody(CREDIT, { members: { outputs: [{ name: 'p', parameters: 5 }] } }), /outputs\[0\].*must be an object/],
    [binaryBody([{ ...AGE, bytes: Buffer.from(new BigInt64Array([20n, 200n]).buffer) }, PURPOSE, FIGURES]), /inputs\.age\[1\].*18 to 120/],
  ]
  for (const [request, words] of cases) {
    const [status, text] = await refusal(serving, request)
    assert.deepEqual([status, words.test(text)], [400, true], `${words}: ${text}`)
  }
  assert.deepEqual(serving.errors, [])
  assert.equal((await ask(serving, right)).outputs.length, 2)
})

eachLane('bytes of BOOL are 0 and 1, and tensors without values have no bytes', async (makeServing) => {
  await using serving = await echo(makeServing, 'bool', [-1, -1])
  const send = (shape: number[], bytes: Buffer) =>
    binaryBody([{ name: 'x', datatype: 'BOOL', shape, bytes }], { members: { parameters: { binary_data_output: true } } })
  assert.match((await refusal(serving, send([1, 2], Buffer.from([1, 2]))))[1], /value 1 of BOOL is the byte 2/)
  const got = await ask(serving, send([1, 0], Buffer.alloc(0)))
  assert.deepEqual(got.outputs, [{ name: 'x_out', datatype: 'BOOL', shape: [1, 0], bytes: Buffer.alloc(0) }])
  assert.equal((await refusal(serving, send([0, 2], Buffer.alloc(0))))[0], 400)
  await using texts = await echo(makeServing, 'string', [-1, -1])
  const none = binaryBody([{ name: 'x', datatype: 'BYTES', shape: [1, 0], bytes: Buffer.alloc(0) }], { members: { parameters: { binary_data_output: true } } })
  assert.deepEqual((await ask(texts, none)).outputs[0]?.bytes, Buffer.alloc(0))
})

eachLane('a raw request is the one input, and all outputs come back as binary', async (makeServing) => {
  const raw = (body: Uint8Array) => ({ body, headers: { 'inference-header-content-length': '0', 'content-type': 'application/octet-stream' } })
  const floats = Buffer.from(new Float32Array([1, 2, 3, 4, 5, 6]).buffer)
  for (const [shape, wanted] of [
    [
      [-1, 6],
      [1, 6],
    ],
    [
      [-1, 2, 3],
      [1, 2, 3],
    ],
    [
      [-1, -1],
      [1, 6],
    ],
    [
      [-1, 2, -1],
      [1, 2, 3],
    ],
    [[-1], [6]],
    [
      [6, 1],
      [6, 1],
    ],
  ] as const) {
    await using serving = await echo(makeServing, 'float32', [...shape])
    const { outputs, type } = await ask(serving, raw(floats))
    assert.deepEqual([outputs, type], [[{ name: 'x_out', datatype: 'FP32', shape: wanted, bytes: floats }], 'application/octet-stream'])
  }
  await using two = await echo(makeServing, 'float32', [-1, -1, -1])
  assert.match((await refusal(two, raw(floats)))[1], /can not be deduced because there are more than one variable-sized dimension/)
  await using fixed = await echo(makeServing, 'float32', [-1, 4])
  assert.match((await refusal(fixed, raw(floats)))[1], /24 bytes.*needs 16/)
  await using odd = await echo(makeServing, 'float32', [-1, -1])
  assert.equal((await refusal(odd, raw(floats.subarray(0, 23))))[0], 400)
  for (const shape of [[-1, 1], [-1], [1]]) {
    await using text = await echo(makeServing, 'string', shape)
    const { outputs } = await ask(text, raw(Buffer.from('a\u0000ü')))
    assert.deepEqual([outputs[0]!.shape, outputs[0]!.bytes], [shape.map(() => 1), bytesOfTexts(['a\u0000ü'])])
    assert.match((await refusal(text, raw(Buffer.from([0xff]))))[1], /not valid UTF-8/)
  }
  await using many = await echo(makeServing, 'string', [-1, 2])
  assert.match((await refusal(many, raw(Buffer.from('a'))))[1], /For BYTE datatype raw input 'x', the model must have input shape \[1\]/)
})

eachLane('a large tensor goes through in the memory it came in, whatever the length of the JSON', async (makeServing) => {
  await using serving = await echo(makeServing, 'float32', [-1, 3, 224, 224])
  const bytes = Buffer.from(Float32Array.from({ length: 150_528 * 3 }, (_, i) => i * 0.37).buffer)
  for (let padding = 0; padding < 8; padding += 3) {
    const members = { parameters: { binary_data_output: true } }
    const { outputs } = await ask(serving, binaryBody([{ name: 'x', datatype: 'FP32', shape: [3, 3, 224, 224], bytes }], { padding, members }))
    assert.ok(outputs[0]!.bytes!.equals(bytes))
  }
})

test('memory that a request has to itself is given back when the answer is out, and no other', async () => {
  for (const fastLane of [true, false]) {
    const release = echoRelease([{ name: 'x', type: 'float32', shape: [-1, -1] }])
    await using serving = await testServing({ fastLane, releases: [release], session: echoSession() })
    const bytes = Buffer.from(Float32Array.from({ length: 150_528 }, (_, i) => i).buffer)
    for (let round = 0; round < 3; round++) {
      const request = binaryBody([{ name: 'x', datatype: 'FP32', shape: [1, 150_528], bytes }], { members: { parameters: { binary_data_output: true } } })
      // several at once run together, and each gets its own
      const answers = await Promise.all([1, 2, 3].map(() => ask(serving, request)))
      for (const { outputs } of answers) assert.ok(outputs[0]!.bytes!.equals(bytes))
    }
    const data = serving.world.logged.map(({ request }) => request.inputs.x!.data.length)
    assert.ok(
      data.every((length) => length === (fastLane ? 0 : 150_528)),
      String(data),
    )
  }
})
