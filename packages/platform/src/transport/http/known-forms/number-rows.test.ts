import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Random } from '../lane/testing/random.ts'
import { ByteReader } from './byte-reader.ts'
import { NumberRows } from './number-rows.ts'

const NAMES = ['a', 'b b', 'c']

/** A row as JSON, and where its numbers begin and end. */
function written(values: readonly string[], { colon = ':', comma = ',', close = '}' } = {}): { text: string; spans: number[] } {
  const spans: number[] = []
  let text = '{'
  for (const [i, value] of values.entries()) {
    text += `${i > 0 ? comma : ''}"${NAMES[i]}"${colon}`
    spans.push(text.length, text.length + value.length)
    text += value
  }
  return { text: text + close, spans }
}

/** Knows the writing of one row: columns in the order c, a, b of a tensor. */
function learned(how = {}): NumberRows {
  const rows = new NumberRows(
    3,
    [2, 0, 1].map((offset) => ({ offset, limit: Number.POSITIVE_INFINITY })),
  )
  const { text, spans } = written(['1', '-2.5', '3e1'], how)
  const bytes = Buffer.from(`[${text}`)
  rows.learn(bytes, { from: 1, to: bytes.length, spans: spans.map((at) => at + 1) })
  return rows
}

function read(rows: NumberRows, text: string, row = 0): { taken: boolean; at: number; values: number[] } {
  const data = new Float64Array(6)
  const reader = new ByteReader(Buffer.from(text))
  const taken = rows.read(reader, data, row)
  return { taken, at: reader.at, values: [...data.subarray(row * 3, row * 3 + 3)] }
}

test('a row that is written like one before is read into its places, whatever its numbers are', () => {
  const random = new Random(7)
  for (const how of [{}, { colon: ': ', comma: ', ' }, { close: ' } ' }]) {
    const rows = learned(how)
    for (let i = 0; i < 500; i++) {
      const values = NAMES.map(() =>
        random.pick(['0', '-0', '12', '-3.25', '0.1', '1e-7', '0.30000000000000004', '12345678901234567', String(random.int(1e9) / 1e5)]),
      )
      const { text } = written(values, how)
      const found = read(rows, `${text},`, i % 2)
      assert.ok(found.taken, text)
      assert.equal(found.at, text.length)
      const [a, b, c] = values.map((value) => JSON.parse(value) as number)
      assert.ok(
        [b, c, a].every((value, k) => Object.is(value, found.values[k])),
        text,
      )
    }
  }
})

test('a row that is written otherwise is left where it is', () => {
  const rows = learned()
  const odd = [
    '{"a": 1,"b b":2,"c":3}',
    '{"b b":1,"a":2,"c":3}',
    '{"a":1,"b b":2}',
    '{"a":1,"b b":2,"c":3,"d":4}',
    '{"a":01,"b b":2,"c":3}',
    '{"a":1.,"b b":2,"c":3}',
    '{"a":-,"b b":2,"c":3}',
    '{"a":"1","b b":2,"c":3}',
    '{"a":1e,"b b":2,"c":3}',
    '{"a":1e999,"b b":2,"c":3}',
    '{"a":1,"b b":2,"c":3',
    '{"a":1,"b b":2,"c":',
    '',
  ]
  for (const text of odd) {
    const { taken, at } = read(rows, text)
    assert.equal(taken, false, text)
    assert.equal(at, 0, text)
  }
  assert.equal(read(new NumberRows(3, []), '{}').taken, false, 'before anything is learned')
})

test('it wants to learn until it knows a writing, and now and then when rows come in another', () => {
  assert.equal(new NumberRows(1, [{ offset: 0, limit: 1 }]).curious, true)
  const rows = learned()
  const asked = Array.from({ length: 64 }, () => rows.curious)
  assert.ok(asked.includes(true) && asked.filter(Boolean).length < 8)
})
