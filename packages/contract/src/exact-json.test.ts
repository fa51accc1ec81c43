import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseJson, writeJson } from './exact-json.ts'

test('whole numbers of 64 bits come through exactly, both ways', () => {
  const text = '{"id":9007199254740993,"list":[-9223372036854775808,18446744073709551615],"small":7,"text":"9007199254740993"}'
  const value = parseJson(text) as { id: bigint; list: bigint[]; small: number }
  assert.deepEqual([value.id, value.list, value.small], [9007199254740993n, [-9223372036854775808n, 18446744073709551615n], 7])
  assert.equal(writeJson(value), text)
})

test('what is no whole number stays a double', () => {
  assert.deepEqual(
    parseJson('[1e300, 0.12345678901234568, 1234567890123456.5, 9007199254740991]'),
    [1e300, 0.12345678901234568, 1234567890123456.5, 9007199254740991],
  )
})

test('where members are named, whole numbers are exact inside them and plain elsewhere', () => {
  const text = '{"min":-9223372036854775808,"rows":[{"id":9007199254740993}],"of":[{"rows":{"id":9007199254740993}},9007199254740993]}'
  assert.deepEqual(parseJson(text, ['rows']), {
    min: -(2 ** 63),
    rows: [{ id: 9007199254740993n }],
    of: [{ rows: { id: 9007199254740993n } }, 2 ** 53],
  })
})

test('numbers that JSON lacks are written by name, and a text may be indented', () => {
  assert.equal(writeJson([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]), '["NaN","Infinity","-Infinity"]')
  assert.equal(writeJson({ a: 2n ** 64n }, 2), '{\n  "a": 18446744073709551616\n}')
})

test('text that is not JSON is refused as by JSON.parse, also among long digits', () => {
  for (const text of ['', '{', '{"a": 12345678901234567890,}', '01234567890123456789']) assert.throws(() => parseJson(text), SyntaxError)
})
