import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Problem, Row } from '@fairlead/contract'
import { type RunningPlatform, startPlatform } from '../support/platform.ts'
import { controlOf, deploy, importFolder, logged, MODELS, ROW } from './rig.ts'

let platform: RunningPlatform
before(async () => {
  platform = await startPlatform({ args: ['--processes', '1'] })
  await importFolder(controlOf(platform), 'credit-risk', { folder: MODELS.trees })
  assert.equal((await deploy(controlOf(platform), 'credit-risk', 'credit-risk:1')).state, 'done')
})
after(() => platform[Symbol.asyncDispose]())

const PREDICT = '/v1/deployments/credit-risk/predict'
const INFER = '/v2/models/credit-risk/infer'

async function ask(path: string, body: unknown): Promise<{ status: number; text: string }> {
  const sent = typeof body === 'string' || body instanceof Uint8Array ? (body as string) : JSON.stringify(body)
  const response = await fetch(platform.run.http + path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: sent })
  return { status: response.status, text: await response.text() }
}

async function assertAnswers(): Promise<void> {
  const { status, text } = await ask(PREDICT, { rows: [ROW] })
  assert.equal(status, 200, text)
}

/** A good row and one that differs. */
const second = (change: Row | ((row: Row) => Row)) => ({ rows: [ROW, typeof change === 'function' ? change({ ...ROW }) : { ...ROW, ...change }] })
const literal = (value: string) => JSON.stringify(second({ age: 77_777 })).replace('77777', value)
const { age: _, ...AGELESS } = ROW
const deep = '['.repeat(10_000) + ']'.repeat(10_000)
const notUtf8 = Buffer.from(JSON.stringify({ rows: [ROW] })).fill(0xff, 20, 21)

/** What is sent, the status and code, the place, and words that must be said. */
const ROWS: [what: string, body: unknown, status: number, code: string, path: string, words: RegExp][] = [
  ['a wrong column', second({ agee: 3 }), 422, 'column-unknown', 'rows[1].agee', /did you mean "age"\?/],
  ['a missing column', { rows: [ROW, AGELESS] }, 422, 'column-missing', 'rows[1].age', /"age" is missing/],
  ['a wrong type', second({ age: 'old' }), 422, 'value-type', 'rows[1].age', /"old" is not a whole number/],
  ['half a year', second({ age: 18.5 }), 422, 'value-type', 'rows[1].age', /18\.5 is not a whole number/],
  ['a number out of its range', second({ age: 17 }), 422, 'value-range', 'rows[1].age', /17 is outside its range, 18 to 120 years/],
  ['an integer beyond 64 bits', literal('9223372036854775808'), 422, 'value-range', 'rows[1].age', /9223372036854775808 does not fit into int64/],
  ['NaN as text', second({ age: 'NaN' }), 422, 'value-type', 'rows[1].age', /"NaN" is not a whole number/],
  ['no value', second({ age: null }), 422, 'value-missing', 'rows[1].age', /"age" is required/],
  ['a word that is not allowed', second({ purpose: 'yacht' }), 422, 'value-unknown', 'rows[1].purpose', /"yacht" is not one of "car"/],
  ['rows without names', { rows: [ROW, [1, 2]] }, 400, 'request-invalid', 'rows[1]', /an object with a value per column/],
  ['no list of rows', { rows: ROW }, 400, 'request-invalid', 'rows', /array of objects/],
  ['an empty batch', { rows: [] }, 422, 'rows-empty', '', /"rows" is empty/],
  ['a bare NaN', literal('NaN'), 400, 'json-invalid', '', new RegExp(`'N' .*\\(line 1, column ${literal('NaN').indexOf('NaN') + 1}\\)`)],
  ['half a document', JSON.stringify({ rows: [ROW] }).slice(0, 60), 400, 'json-invalid', '', /Unterminated string \(line 1, column \d+\)/],
  ['10,000 levels', deep, 400, 'json-too-deep', '', /10000 levels deep; at most 100/],
  ['10,000 levels in a row', `{"rows":[{"age":${deep}}]}`, 400, 'json-too-deep', '', /10003 levels deep; at most 100/],
  ['invalid UTF-8', notUtf8, 400, 'utf8-invalid', '', /not valid UTF-8: byte 20/],
]

for (const [what, body, status, code, path, words] of ROWS) {
  test(`rows: ${what} is refused with ${code}`, async () => {
    const answer = await ask(PREDICT, body)
    const problem = JSON.parse(answer.text) as Problem
    assert.deepEqual([answer.status, problem.status, problem.code], [status, status, code], answer.text)
    assert.match(problem.detail, words)
    if (path !== '') assert.equal(problem.errors?.[0]?.path, path)
    assert.match(problem.requestId ?? '', /^[0-9a-f-]{36}$/)
    await assertAnswers()
  })
}

const TENSORS = Object.entries(ROW).map(([name, value]) => {
  const datatype = typeof value === 'string' ? 'BYTES' : 'INT64'
  return { name, datatype, shape: [1, 1], data: [value] }
})
const [AGE, ...OTHERS] = TENSORS
const age = (change: object) => ({ inputs: [{ ...AGE, ...change }, ...OTHERS] })
const PROTOCOL: [what: string, body: unknown, words: RegExp][] = [
  ['a wrong shape', age({ shape: [1, 2], data: [30, 31] }), /"age" must have the shape \[-1,1\]/],
  ['fewer values than the shape has', age({ shape: [2, 1] }), /inputs\[0\]\.data.* \[2,1\]/],
  ['an empty batch', { inputs: TENSORS.map((tensor) => ({ ...tensor, shape: [0, 1], data: [] })) }, /no rows/],
  ['a missing tensor', { inputs: OTHERS }, /"age" is missing/],
  ['an unknown tensor', age({ name: 'agee' }), /"agee"; did you mean "age"\?/],
  ['a wrong type', age({ datatype: 'FP32' }), /"age" must be INT64, got FP32/],
  ['a wrong value', age({ data: ['x'] }), /inputs\[0\]\.data: value 0: "x"/],
  ['a value out of its range', age({ data: [5] }), /age\[0\]: 5 is outside its range/],
  ['10,000 levels', deep, /10000 levels/],
  ['invalid UTF-8', notUtf8, /byte 20/],
]

for (const [what, body, words] of PROTOCOL) {
  test(`Open Inference Protocol: ${what} is refused`, async () => {
    const { status, text } = await ask(INFER, body)
    assert.equal(status, 400, text)
    assert.deepEqual(Object.keys(JSON.parse(text) as object), ['error'])
    assert.match((JSON.parse(text) as { error: string }).error, words)
    assert.equal((await ask(INFER, { inputs: TENSORS })).status, 200)
  })
}

test('an unknown deployment, and an unknown release, are 404 on both interfaces', async () => {
  const unknown = await ask(PREDICT.replace('risk', 'risc'), { rows: [ROW] })
  assert.deepEqual([unknown.status, (JSON.parse(unknown.text) as Problem).code], [404, 'deployment-unknown'])
  assert.match(unknown.text, /did you mean \\"credit-risk\\"/)
  const release = await ask(PREDICT.replace('/predict', '/releases/7/predict'), { rows: [ROW] })
  assert.deepEqual([release.status, (JSON.parse(release.text) as Problem).code], [404, 'release-unknown'])
  const model = await ask('/v2/models/none/infer', { inputs: TENSORS })
  assert.deepEqual([model.status, model.text], [404, '{"error":"there is no deployment \\"none\\""}'])
})

/** A connection of its own, and all that it is told until it is closed. */
function open(): { socket: Socket; said: Promise<string> } {
  const { hostname, port } = new URL(platform.run.http)
  const socket = connect(Number(port), hostname).setEncoding('utf8')
  let text = ''
  socket.on('data', (more) => (text += more)).on('error', () => {})
  return { socket, said: new Promise((resolve) => socket.on('close', () => resolve(text))) }
}

const head = (path: string, ...lines: string[]) => `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n${lines.join('\r\n')}\r\n\r\n`

for (const path of [PREDICT, INFER]) {
  for (const [how, line] of [
    ['announced', 'Content-Length: 100000000'],
    ['not announced', 'Transfer-Encoding: chunked'],
  ] as const) {
    test(`100 MB, ${how}, are refused on ${path.split('/')[1]} and never held`, async () => {
      const { socket, said } = open()
      socket.write(head(path, line))
      const piece = Buffer.alloc(1_000_000, 0x20)
      for (let i = 0; i < 100 && socket.writable; i++) {
        if (how === 'not announced') socket.write(`${piece.length.toString(16)}\r\n`)
        const flowing = socket.write(piece)
        if (how === 'not announced') socket.write('\r\n')
        if (!flowing) await Promise.race([once(socket, 'drain'), said])
      }
      const text = await Promise.race([said, sleep(10_000, 'the connection was left open')])
      assert.match(text, /^HTTP\/1\.1 413 /)
      assert.match(text, path === PREDICT ? /"code":"body-too-large"/ : /\{"error":"the body is larger than/)
      await assertAnswers()
    })
  }
}

test('a client that sends its head slower than ten seconds is told so, and others are answered meanwhile', async () => {
  const { socket, said } = open()
  const began = Date.now()
  const dripping = setInterval(() => socket.write('X-Slow: 1\r\n'), 500)
  socket.write('POST /v1/deployments/credit-risk/predict HTTP/1.1\r\nHost: x\r\n')
  await assertAnswers()
  const text = await said
  clearInterval(dripping)
  assert.match(text, /^HTTP\/1\.1 408 /)
  assert.match(text, /"code":"request-timeout"/)
  assert.ok(Date.now() - began > 9000 && Date.now() - began < 20_000)
})

test('nothing of all this was logged as an answer, restarted a process, or was an error of the platform', async () => {
  const control = controlOf(platform)
  const { processes } = await control.call('getStatus')
  for (const { restarts, memoryBytes } of processes) {
    assert.equal(restarts, 0)
    assert.ok(memoryBytes < 450e6, `${memoryBytes} bytes`)
  }
  assert.doesNotMatch(platform.output(), /"level":"(error|fatal)"/)
  await assertAnswers()
  const good = ROWS.length + PROTOCOL.length + 4 + 1 + 1
  await sleep(1000)
  assert.equal(
    [...(await logged(control, 'credit-risk')).values()].reduce((sum, n) => sum + n, 0),
    good,
  )
})
