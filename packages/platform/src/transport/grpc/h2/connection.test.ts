import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { END_HEADERS, END_STREAM, FRAME, type Frame, headerBlock, http2Frame, rawConnection } from '../testing/raw-connection.ts'
import { encodeHeaders } from './index.ts'
import { echoPort } from './testing/echo.ts'
import { HEAD, number, settings, speech, until } from './testing/speech.ts'

const PADDED = 8
const PRIORITY = 0x20
const [PROTOCOL, FLOW_CONTROL, STREAM_CLOSED, FRAME_SIZE, REFUSED, COMPRESSION, CALM] = [1, 3, 5, 6, 7, 9, 11]
const head = (more: Partial<Frame> = {}) => ({ type: FRAME.headers, flags: END_HEADERS, stream: 1, payload: HEAD, ...more })
const fields = (more: Record<string, string>) => headerBlock({ ':method': 'POST', ':scheme': 'http', ':path': '/', ...more })

test('the first words are settings, and a call is answered with fields, data and trailers', async () => {
  await using port = await echoPort()
  using client = await speech(port.port)
  client.begin(1)
  client.data(1, 'hello ')
  client.data(1, 'world', true)
  await until(() => client.ended(1), 'the answer')
  const [first, second] = client.frames
  assert.deepEqual([first!.type, second!.type], [FRAME.settings, FRAME.windowUpdate])
  assert.equal(client.body(1).toString(), 'hello world')
  assert.ok(client.frames.some(({ type, flags, payload }) => type === FRAME.settings && flags === 1 && payload.length === 0))
  assert.deepEqual([port.state.open, port.state.begun], [0, 1])
})

test('padding, priorities, fields in several frames, unknown frames and settings are understood', async () => {
  await using port = await echoPort()
  using client = await speech(port.port, settings([0x99, 7], [2, 0], [3, 100], [5, 20_000]))
  client.send({ type: 2, stream: 9, payload: Buffer.alloc(5) })
  client.send({ type: 200, flags: 255, stream: 77, payload: Buffer.from('what is this') })
  const block = Buffer.concat([Buffer.from([3]), Buffer.from([0, 0, 0, 0, 15]), HEAD.subarray(0, 10), Buffer.alloc(3)])
  client.send({ type: FRAME.headers, flags: PADDED | PRIORITY, stream: 1, payload: block })
  client.send({ type: FRAME.continuation, stream: 1, payload: HEAD.subarray(10, 11) })
  client.send({ type: FRAME.continuation, stream: 1, payload: Buffer.alloc(0) })
  client.send({ type: FRAME.continuation, flags: END_HEADERS, stream: 1, payload: HEAD.subarray(11) })
  client.send({ type: FRAME.data, flags: PADDED, stream: 1, payload: Buffer.concat([Buffer.from([4]), Buffer.from('abc'), Buffer.alloc(4)]) })
  client.send({ type: FRAME.data, flags: PADDED, stream: 1, payload: Buffer.from([0]) })
  client.data(1, 'def')
  // the last words of a client may be trailers
  client.send({ type: FRAME.headers, flags: END_HEADERS | END_STREAM, stream: 1, payload: headerBlock({ 'x-checksum': '7' }) })
  await until(() => client.ended(1), 'the answer')
  assert.equal(client.body(1).toString(), 'abcdef')
  client.send({ type: FRAME.ping, payload: Buffer.from('12345678') })
  await until(() => client.frames.some(({ type, flags, payload }) => type === FRAME.ping && flags === 1 && payload.toString() === '12345678'), 'the ping')
  assert.equal(client.goaway(), undefined)
})

test('what breaks the rules of a connection ends it with the code for it', async () => {
  await using port = await echoPort()
  const many = Buffer.concat(Array.from({ length: 33 }, () => settings([3, 1])))
  const wrong: Record<string, [code: number | undefined, frames: (Partial<Frame> & { type: number })[]]> = {
    'data on no call': [PROTOCOL, [{ type: FRAME.data, stream: 0 }]],
    'data on an idle call': [PROTOCOL, [{ type: FRAME.data, stream: 1, payload: Buffer.from('a') }]],
    'a reset of an idle call': [PROTOCOL, [{ type: FRAME.reset, stream: 5, payload: number(8) }]],
    'a window of an idle call': [PROTOCOL, [{ type: FRAME.windowUpdate, stream: 5, payload: number(8) }]],
    'a call with number 0': [PROTOCOL, [head({ stream: 0 })]],
    'a call with an even number': [PROTOCOL, [head({ stream: 2 })]],
    'a number less than the last': [PROTOCOL, [head({ stream: 5 }), head({ stream: 3 })]],
    'a number again': [PROTOCOL, [head({ flags: END_HEADERS | END_STREAM }), head({ flags: END_HEADERS | END_STREAM })]],
    'settings on a call': [PROTOCOL, [{ type: FRAME.settings, stream: 1 }]],
    'settings that are cut off': [FRAME_SIZE, [{ type: FRAME.settings, payload: Buffer.alloc(5) }]],
    'an acknowledgement with settings': [FRAME_SIZE, [{ type: FRAME.settings, flags: 1, payload: settings([3, 1]) }]],
    'push that is 2': [PROTOCOL, [{ type: FRAME.settings, payload: settings([2, 2]) }]],
    'a window beyond 31 bits': [FLOW_CONTROL, [{ type: FRAME.settings, payload: settings([4, 2 ** 31]) }]],
    'frames too small': [PROTOCOL, [{ type: FRAME.settings, payload: settings([5, 16_383]) }]],
    'frames too large': [PROTOCOL, [{ type: FRAME.settings, payload: settings([5, 2 ** 24]) }]],
    'settings without end': [CALM, [{ type: FRAME.settings, payload: many }]],
    'a ping on a call': [PROTOCOL, [{ type: FRAME.ping, stream: 1, payload: Buffer.alloc(8) }]],
    'a ping of seven bytes': [FRAME_SIZE, [{ type: FRAME.ping, payload: Buffer.alloc(7) }]],
    'a reset of three bytes': [FRAME_SIZE, [head(), { type: FRAME.reset, stream: 1, payload: Buffer.alloc(3) }]],
    'a window of five bytes': [FRAME_SIZE, [{ type: FRAME.windowUpdate, payload: Buffer.alloc(5) }]],
    'a window that grows by nothing': [PROTOCOL, [{ type: FRAME.windowUpdate, payload: number(0) }]],
    'a window that is too large': [FLOW_CONTROL, [{ type: FRAME.windowUpdate, payload: number(2 ** 31 - 1) }]],
    'a leave on a call': [PROTOCOL, [{ type: FRAME.goaway, stream: 1, payload: Buffer.alloc(8) }]],
    'a push': [PROTOCOL, [head(), { type: 5, stream: 1, payload: Buffer.alloc(8) }]],
    'a priority of four bytes': [FRAME_SIZE, [{ type: 2, stream: 1, payload: Buffer.alloc(4) }]],
    'fields that go on unbegun': [PROTOCOL, [{ type: FRAME.continuation, flags: END_HEADERS, stream: 1 }]],
    'fields that are interrupted': [PROTOCOL, [head({ flags: 0 }), { type: FRAME.ping, payload: Buffer.alloc(8) }]],
    'fields that are interrupted by data': [PROTOCOL, [head({ flags: 0 }), { type: FRAME.data, stream: 1 }]],
    'fields that go on elsewhere': [PROTOCOL, [head({ flags: 0 }), { type: FRAME.continuation, flags: END_HEADERS, stream: 3 }]],
    'fields in frames without end': [CALM, [head({ flags: 0 }), ...Array.from({ length: 9 }, () => ({ type: FRAME.continuation, stream: 1 }))]],
    'more padding than payload': [PROTOCOL, [head(), { type: FRAME.data, flags: PADDED, stream: 1, payload: Buffer.from([2, 0]) }]],
    'padding without its length': [PROTOCOL, [head(), { type: FRAME.data, flags: PADDED, stream: 1 }]],
    'a priority that is cut off': [FRAME_SIZE, [head({ flags: END_HEADERS | PRIORITY, payload: Buffer.alloc(4) })]],
    'a block that cannot be decoded': [COMPRESSION, [head({ payload: Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff]) })]],
  }
  for (const [what, [code, frames]] of Object.entries(wrong)) {
    using client = await speech(port.port)
    client.socket.write(Buffer.concat(frames.map(http2Frame)))
    await until(() => client.goaway() !== undefined, what)
    assert.equal(client.goaway(), code, what)
    await client.closed
  }
  assert.equal(port.state.open, 0)
})

test('what does not begin as it must ends the connection', async () => {
  await using port = await echoPort()
  for (const first of [http2Frame({ type: FRAME.ping, payload: Buffer.alloc(8) }), http2Frame({ type: FRAME.data })]) {
    using client = await speech(port.port)
    using raw = await rawConnection(port.port)
    raw.socket.write(Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), first]))
    await raw.closed
    assert.equal(raw.goaway(), PROTOCOL)
    // others are not touched
    client.begin(1, { end: true })
    await until(() => client.ended(1), 'another call')
  }
})

test('what is wrong with one call ends that call alone', async () => {
  await using port = await echoPort()
  using client = await speech(port.port)
  const malformed: Record<string, Buffer> = {
    'no path': headerBlock({ ':method': 'POST', ':scheme': 'http' }),
    'no method': headerBlock({ ':scheme': 'http', ':path': '/' }),
    'no scheme': headerBlock({ ':method': 'POST', ':path': '/' }),
    'an empty path': fields({ ':path': '' }),
    'a status': fields({ ':status': '200' }),
    'a field that is unknown and special': fields({ ':protocol': 'x' }),
    'a special field behind others': Buffer.concat([headerBlock({ a: 'b' }), fields({})]),
    'a path twice': Buffer.concat([fields({}), headerBlock({ ':path': '/' })]),
    'letters in upper case': fields({ 'X-Upper': '1' }),
    'a connection field': fields({ connection: 'close' }),
    'a coding of the connection': fields({ 'transfer-encoding': 'chunked' }),
    'te that is not trailers': fields({ te: 'gzip' }),
    'a line break': fields({ 'x-a': 'b\r\nc: d' }),
    'a length that is none': fields({ 'content-length': '1e3' }),
    'a negative length': fields({ 'content-length': '-1' }),
  }
  let stream = -1
  for (const [what, block] of Object.entries(malformed)) {
    stream += 2
    client.begin(stream, { block, end: true })
    await until(() => client.reset(stream) !== undefined, what)
    assert.equal(client.reset(stream), PROTOCOL, what)
  }
  assert.equal(port.state.begun, 0)
  const begin = (block = HEAD, end = false) => {
    stream += 2
    client.begin(stream, { block, end })
  }
  const two = fields({ 'content-length': '2' })
  const trailers = (block: Buffer, end = true) => client.begin(stream, { block, end })
  const broken: Record<string, [code: number | undefined, block: Buffer, then: () => void]> = {
    'more than its length': [PROTOCOL, two, () => client.data(stream, 'abc')],
    'less than its length': [PROTOCOL, two, () => client.data(stream, 'a', true)],
    'trailers before a whole body': [PROTOCOL, two, () => trailers(headerBlock({ a: 'b' }))],
    'trailers that do not end it': [PROTOCOL, HEAD, () => trailers(headerBlock({ a: 'b' }), false)],
    'a request as trailers': [PROTOCOL, HEAD, () => trailers(HEAD)],
    'malformed trailers': [PROTOCOL, HEAD, () => trailers(headerBlock({ A: 'b' }))],
    'a window that grows by nothing': [PROTOCOL, HEAD, () => client.update(stream, 0)],
    'a window that is too large': [FLOW_CONTROL, HEAD, () => client.update(stream, 2 ** 31 - 1)],
    'fields that are too large': [CALM, fields({ 'x-long': 'x'.repeat(17_000) }), () => {}],
  }
  for (const [what, [code, block, then]] of Object.entries(broken)) {
    begin(block)
    then()
    await until(() => client.reset(stream) !== undefined, what)
    assert.equal(client.reset(stream), code, what)
    // what was on its way when the call was broken off
    client.data(stream, 'late', true)
    client.update(stream, 10)
  }
  begin(two, true)
  await until(() => client.reset(stream) === PROTOCOL, 'a length and no body')
  begin(fields({ 'content-length': '3' }))
  client.data(stream, 'abc', true)
  await until(() => client.ended(stream), 'a good one')
  assert.deepEqual([client.goaway(), client.body(stream).toString(), port.state.open], [undefined, 'abc', 0])
})

test('data behind the end of a call is refused while the call is open', async () => {
  await using port = await echoPort({ begin: () => {} })
  using client = await speech(port.port)
  client.begin(1, { end: true })
  client.data(1, 'more')
  await until(() => client.reset(1) !== undefined, 'the reset')
  assert.equal(client.reset(1), STREAM_CLOSED)
})

test('calls beyond the limit are refused as never begun, and others are taken when those are over', async () => {
  await using port = await echoPort({ limits: { streams: 3 } })
  using client = await speech(port.port)
  for (const stream of [1, 3, 5, 7, 9]) client.begin(stream)
  await until(() => client.reset(9) !== undefined, 'the refusal')
  assert.deepEqual([client.reset(7), client.reset(9), port.state.open], [REFUSED, REFUSED, 3])
  client.data(1, 'a', true)
  await until(() => client.ended(1), 'the first')
  client.begin(11, { end: true })
  await until(() => client.ended(11), 'the next')
})

test('calls that are broken off again and again, by either side, end the connection', async () => {
  for (const off of [
    (stream: number) => http2Frame({ type: FRAME.reset, stream, payload: number(8) }),
    (stream: number) => http2Frame({ type: FRAME.windowUpdate, stream, payload: number(0) }),
  ]) {
    await using port = await echoPort({ begin: () => {} })
    using client = await speech(port.port)
    for (let at = 0; at < 3000 && !client.socket.destroyed; at += 100) {
      const calls = Array.from({ length: 100 }, (_, i) => 2 * (at + i) + 1)
      client.socket.write(Buffer.concat(calls.flatMap((stream) => [http2Frame(head({ stream })), off(stream)])))
      await sleep(1)
    }
    await client.closed
    assert.ok(port.state.begun <= 1001, `${port.state.begun}`)
  }
})

test('a client with a small table is told that ours is empty, once', async () => {
  await using port = await echoPort()
  using client = await speech(port.port, settings([1, 0]))
  client.begin(1, { end: true })
  client.begin(3, { end: true })
  await until(() => client.ended(3), 'the answers')
  const first = (stream: number) => client.frames.find((frame) => frame.type === FRAME.headers && frame.stream === stream)!.payload[0]
  assert.deepEqual([first(1), first(3)], [0x20, 0x88])
})

test('a fault of our own ends its connection, and no other', async () => {
  const fault = new TypeError('x is not a function')
  await using port = await echoPort({
    begin: (stream) => {
      if (stream.id === 3) throw fault
      stream.respond(encodeHeaders([[':status', '200']]), true)
    },
  })
  using client = await speech(port.port)
  using other = await speech(port.port)
  client.begin(1, { end: true })
  client.begin(3, { end: true })
  await client.closed
  assert.deepEqual([client.goaway(), client.ended(1), port.errors], [2, true, [fault]])
  other.begin(1, { end: true })
  await until(() => other.ended(1), 'another answer')
})
