import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Signature } from '@fairlead/contract'
import { Judge } from './judge.ts'
import { inventRows, type RequestPlan, requestsOf } from './requests.ts'
import type { BenchRequest } from './types.ts'

const COLUMNS: Signature['columns'] = [
  { name: 'b', type: 'float32', tensor: 'x', index: 1 },
  { name: 'a', type: 'float32', tensor: 'x', index: 0 },
  { name: 'id', type: 'int64', tensor: 'id', min: 5, max: 7 },
  { name: 'word', type: 'string', tensor: 'word', values: ['car', 'house'] },
]
const INPUTS = [
  { name: 'x', datatype: 'FP32', shape: [-1, 2] },
  { name: 'id', datatype: 'INT64', shape: [-1, 1] },
  { name: 'word', datatype: 'BYTES', shape: [-1] },
]
const ROWS = [
  { a: 1, b: 2, id: 9007199254740993n, word: 'car' },
  { a: 3, b: 4, id: 6, word: 'höuse' },
  { a: 5, b: 6, id: 7, word: '' },
]
const plan = (more: Partial<RequestPlan> = {}): RequestPlan => ({
  deployment: 'd',
  interface: 'rows',
  rows: ROWS,
  rowsPerRequest: 1,
  columns: COLUMNS,
  inputs: INPUTS,
  ...more,
})
const text = ({ body }: BenchRequest) => Buffer.from(body).toString()

test('rows take turns, as many to a request as wanted, with whole numbers exact', () => {
  assert.equal(text(requestsOf(plan())[0]!), '{"rows":[{"a":1,"b":2,"id":9007199254740993,"word":"car"}]}')
  assert.equal(requestsOf(plan()).length, 3)
  const pairs = requestsOf(plan({ rowsPerRequest: 2 })).map((request) => JSON.parse(text(request)).rows.map(({ a }: { a: number }) => a))
  assert.deepEqual(pairs, [
    [1, 3],
    [5, 1],
  ])
  assert.equal(requestsOf(plan({ rowsPerRequest: 2 }))[0]!.entries, 2)
  assert.equal(JSON.parse(text(requestsOf(plan({ rowsPerRequest: 7 }))[0]!)).rows.length, 7)
  assert.equal(requestsOf(plan({ rows: Array.from({ length: 1000 }, () => ROWS[0]!) })).length, 64)
  assert.throws(() => requestsOf(plan({ rows: [] })), { code: 'rows-empty' })
})

test('tensors are laid out as the metadata say, columns of one tensor side by side', () => {
  const [request] = requestsOf(plan({ interface: 'oip', rowsPerRequest: 2 }))
  assert.deepEqual(JSON.parse(text(request!)).inputs, [
    { name: 'x', datatype: 'FP32', shape: [2, 2], data: [1, 2, 3, 4] },
    { name: 'id', datatype: 'INT64', shape: [2, 1], data: [9007199254740992, 6] },
    { name: 'word', datatype: 'BYTES', shape: [2], data: ['car', 'höuse'] },
  ])
  assert.match(text(request!), /9007199254740993/)
})

test('binary tensors follow a head that says their sizes', () => {
  const [request] = requestsOf(plan({ interface: 'oip-binary', rowsPerRequest: 2 }))
  const body = Buffer.from(request!.body)
  const length = Number(request!.headers['inference-header-content-length'])
  const { inputs } = JSON.parse(body.toString('utf8', 0, length))
  assert.deepEqual(
    inputs.map(({ parameters }: { parameters: { binary_data_size: number } }) => parameters.binary_data_size),
    [16, 16, 4 + 3 + 4 + 6],
  )
  const bytes = body.subarray(length)
  assert.equal(bytes.length, 49)
  assert.deepEqual([bytes.readFloatLE(4), bytes.readBigInt64LE(16), bytes.readUInt32LE(32), bytes.toString('utf8', 36, 39)], [2, 9007199254740993n, 3, 'car'])
})

test('what no tensor can be made of is refused by name', () => {
  const ask = (more: Partial<RequestPlan>) => () => requestsOf(plan({ interface: 'oip', ...more }))
  assert.throws(ask({ inputs: [{ name: 'other', datatype: 'FP32', shape: [-1] }] }), /"other".*no column/)
  assert.throws(ask({ rows: [{ a: 1, b: null, id: 1, word: '' }] }), /leave values of "x" out/)
  assert.throws(ask({ interface: 'oip-binary', inputs: [{ name: 'x', datatype: 'FP16', shape: [-1, 2] }] }), /FP16/)
})

test('made-up rows keep to the signature and are the same for the same seed', () => {
  const rows = inventRows([...COLUMNS, { name: 'image', type: 'uint8', tensor: 'i', shape: [2, -1] }, { name: 'yes', type: 'bool', tensor: 'y' }], 200, 3)
  assert.deepEqual(inventRows(COLUMNS, 2, 3), inventRows(COLUMNS, 2, 3))
  for (const { id, word, a, image, yes } of rows as { id: number; word: string; a: number; image: number[][]; yes: boolean }[]) {
    assert.ok(Number.isInteger(id) && id >= 5 && id <= 7)
    assert.ok(word === 'car' || word === 'house')
    assert.ok(a >= 0 && a <= 1)
    assert.equal(typeof yes, 'boolean')
    assert.deepEqual([image.length, image[0]?.length], [2, 1])
  }
  assert.ok(new Set(rows.map(({ id }) => id)).size === 3)
})

test('answers are compared with the first: rounding passes, other values, other numbers of entries and other fields do not', () => {
  const judge = new Judge({ path: '/', headers: {}, body: new Uint8Array(), member: 'predictions', entries: 1 })
  const answer = (prediction: object, id = 'x') => Buffer.from(JSON.stringify({ id, predictions: [prediction] }))
  judge.learn(answer({ label: 'good', p: 0.25 }))
  judge.learn(answer({ label: 'good', p: 0.25 }))
  assert.equal(judge.wrong(answer({ label: 'good', p: 0.25 }, 'another id')), undefined)
  assert.equal(judge.wrong(answer({ label: 'good', p: 0.2500001 })), undefined)
  assert.match(judge.wrong(answer({ label: 'bad', p: 0.25 })) ?? '', /label\] is "bad", and was "good" before/)
  assert.match(judge.wrong(answer({ label: 'good', p: 0.3 })) ?? '', /p\] is 0\.3/)
  assert.match(judge.wrong(answer({ label: 'good' })) ?? '', /1 entries, and had 2/)
  assert.match(judge.wrong(Buffer.from('{"predictions":[]}')) ?? '', /0 entries, not 1/)
  // a model that answers at random is held to the form alone
  const dice = new Judge({ path: '/', headers: {}, body: new Uint8Array(), member: 'predictions', entries: 1 })
  dice.learn(answer({ value: 1 }))
  dice.learn(answer({ value: 2 }))
  assert.equal(dice.wrong(answer({ value: 3 })), undefined)
  assert.match(dice.wrong(Buffer.from('{"predictions":[1,2]}')) ?? '', /2 entries/)
})
