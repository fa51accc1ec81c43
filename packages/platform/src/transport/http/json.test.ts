import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkJsonSize, quoteNonFinite, readJson } from './json.ts'

/** Milliseconds that a call takes, whether it throws or not. */
function timeOf(call: () => unknown): number {
  const start = performance.now()
  try {
    call()
  } catch {
    // the time is asked for
  }
  return performance.now() - start
}

const quotes = (count: number) => Buffer.from(`{"inputs":["${'\\"'.repeat(count)}NaN`)

test('bare NaN and infinities are put into quotes, and nothing inside of strings is', () => {
  assert.equal(quoteNonFinite('[NaN,-Infinity, Infinity,1]'), '["NaN","-Infinity", "Infinity",1]')
  assert.equal(quoteNonFinite('{"NaN": "-Infinity \\"NaN\\\\", "b": -1}'), '{"NaN": "-Infinity \\"NaN\\\\", "b": -1}')
  assert.equal(quoteNonFinite('["NaN'), '["NaN')
  assert.equal(quoteNonFinite('"\\'), '"\\')
})

test('whatever is not JSON is found out in a time that grows with its length', () => {
  const hostile = [
    quotes(2_000_000),
    Buffer.from(`[${'9'.repeat(4_000_000)}]`),
    Buffer.from(`{"a":"${'"NaN'.repeat(500_000)}`),
    Buffer.from(`{"rows":[${'-'.repeat(2_000_000)}NaN]}`),
  ]
  for (const body of hostile) {
    const ms = timeOf(() => readJson(body, { exact: true, nonFinite: true }))
    assert.ok(ms < 2000, `${body.subarray(0, 30)}… took ${ms} ms`)
  }
})

test('integers are exact as far as any type goes, and longer ones are no integers', () => {
  const read = (text: string) => readJson(Buffer.from(text), { exact: true })
  assert.equal(read('18446744073709551615'), 18446744073709551615n)
  assert.equal(read('-9223372036854775809'), -9223372036854775809n)
  assert.equal(read(`1${'0'.repeat(50)}`), 1e50)
})

test('the number of objects is told before any is made', () => {
  const counts: number[] = []
  const refuse = (objects: number) => {
    counts.push(objects)
    throw new Error('too many')
  }
  const body = Buffer.from(`{"rows":[${'{},'.repeat(3_000_000)}{}]}`)
  const ms = timeOf(() => readJson(body, { exact: true, checkObjects: refuse }))
  assert.deepEqual(counts, [3_000_002])
  assert.ok(ms < 1000, `${ms} ms`)
})

test('what would take long to make is refused before it is made, however few its bytes', () => {
  const many = (unit: string, count: number) => Buffer.from(`{"inputs":[${unit.repeat(count)}1]}`)
  const keys = Array.from({ length: 20 }, (_, k) => `"${k}":1`).join()
  const cases: [Buffer, RegExp][] = [
    [many('[],', 2_000_000), /2000002 objects and arrays, at most 2000000/],
    [many('{},', 2_000_000), /2000002 objects and arrays/],
    [many(`{${keys}},`, 100_001), /2000021 keys of objects, at most 2000000/],
    [Buffer.from(`[12345678901234567890${',1'.repeat(1_000_000)}]`), /1000001 values, with integers of 16 digits and more, at most 1000000/],
    [many('NaN,', 2_000_001), /words for what is not finite/],
  ]
  for (const [body, why] of cases) {
    assert.throws(() => readJson(body, { exact: true, nonFinite: true }), { code: 'body-too-large', message: why })
  }
  assert.throws(() => checkJsonSize(many('[],', 2_000_000), true), { code: 'body-too-large' })
})

test('the place of a fault behind millions of lines is found soon', () => {
  const body = Buffer.from(`[${'1\n,'.repeat(5_000_000)}}`)
  const start = performance.now()
  assert.throws(() => readJson(body, { exact: true }), { code: 'json-invalid', message: /line 5000001, column 2/ })
  const ms = performance.now() - start
  assert.ok(ms < 5000, `${ms} ms`)
})
