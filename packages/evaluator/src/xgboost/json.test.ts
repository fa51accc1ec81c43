import assert from 'node:assert/strict'
import { test } from 'node:test'
import { floatArray, integerArray, numberArray } from './cursor.ts'
import { JsonCursor } from './json.ts'
import { readXGBoost } from './read.ts'
import { type Json, smallModel } from './testing/files.ts'

const utf8 = new TextEncoder()
const cursor = (text: string) => new JsonCursor(utf8.encode(text))
const model = (change: (text: string) => string) => utf8.encode(change(JSON.stringify(smallModel() as unknown as Json)))

test('numbers are the nearest doubles, and floats the nearest floats', () => {
  const texts = [
    '0',
    '-0',
    '7',
    '-12.5',
    '1E-45',
    '3.4028235E38',
    '1.17549435E-38',
    '0.1',
    '123456789012345678',
    '9007199254740993',
    '1e22',
    '1e23',
    '5e-324',
    '2.2250738585072011e-308',
    '-4.38821E-8',
    '0.30000000000000004',
  ]
  assert.deepEqual([...numberArray(cursor(`[${texts.join(' ,\n')}]`))], texts.map(Number))
  const small = texts.filter((text) => Math.abs(Number(text)) < 3.5e38)
  assert.deepEqual(
    [...floatArray(cursor(`[${small}]`))],
    small.map((text) => Math.fround(Number(text))),
  )
  assert.deepEqual([...floatArray(cursor('[NaN,Infinity,-Infinity]'))], [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
})

test('whole numbers and truth values', () => {
  assert.deepEqual([...integerArray(cursor('[true,false,-1,2147483647,2E0]'))], [1, 0, -1, 2147483647, 2])
  assert.deepEqual([...integerArray(cursor('[ \t]'))], [])
  for (const text of ['[0.5]', '[2147483648]', '[NaN]', '[Infinity]']) assert.throws(() => integerArray(cursor(text)), /byte \d+.*a whole number from/, text)
})

test('broken numbers are refused with their place', () => {
  for (const text of [
    '[-]',
    '[1.]',
    '[1e]',
    '[1e+]',
    '[.5]',
    '[+1]',
    '[1 2]',
    '[1,]',
    '[,1]',
    '[1,,2]',
    '[-NaN]',
    '[nan]',
    '[0x10]',
    '[1',
    '[',
    '["1"]',
    '[[1]]',
    '[null]',
    '[1}',
  ]) {
    assert.throws(() => numberArray(cursor(text)), { name: 'UnreadableModel', message: /byte \d+/ }, text)
  }
  assert.throws(() => floatArray(cursor('[0,1E39]')), /byte 3.*too large/)
  assert.throws(() => numberArray(cursor('[1E400]')), /too large/)
  assert.throws(() => numberArray(cursor(`[${'1'.repeat(1_000)}]`)), /more than 400 characters/)
})

test('texts with escapes and letters of all kinds', () => {
  assert.equal(cursor('"größe \\u540d\\"\\n"').text(), 'größe 名"\n')
  assert.equal(cursor('"\ud83d\ude00"').text(), '😀')
  for (const bytes of ['"\\x"', '"\\u12"', '"a\nb"', '"abc', '"abc\\"']) assert.throws(() => cursor(bytes).text(), { name: 'UnreadableModel' }, bytes)
  assert.throws(() => new JsonCursor(Uint8Array.of(0x22, 0xff, 0x22)).text(), /a text is broken/)
})

test('what is passed over is nested as it should be, and not deeper than any model', () => {
  for (const text of ['{"a":[1,{"b":"]}"}],"c":null}', '[]', '"\\""', 'NaN', '-1.5e3', 'true']) {
    const passing = cursor(`${text} `)
    passing.skip()
    assert.ok(passing.ended(), text)
  }
  for (const text of ['[}', '{"a":[}', '[1', '{', '', '}', '[;]']) assert.throws(() => cursor(text).skip(), { name: 'UnreadableModel' }, text)
  assert.throws(() => cursor('['.repeat(100_000)).skip(), { reason: 'too-large', message: /nested more than 64 deep/ })
  assert.throws(() => readXGBoost(utf8.encode('{"a":'.repeat(100_000))), { reason: 'too-large' })
  assert.throws(() => readXGBoost(utf8.encode(`{"learner":${'['.repeat(100_000)}`)), /learner \(byte 11\): object is expected, not array/)
  assert.throws(() => readXGBoost(model((text) => text.replace('"base_weights":[', `"base_weights":[${'['.repeat(100_000)}`))), { reason: 'too-large' })
})

test('a key that comes twice is refused, wherever it stands', () => {
  for (const key of ['learner', 'trees', 'left_children', 'split_conditions', 'base_score', 'name']) {
    const twice = model((text) => text.replace(`"${key}":`, `"${key}":0,"${key}":`))
    assert.throws(() => readXGBoost(twice), { name: 'UnreadableModel', reason: 'malformed' }, key)
  }
  assert.throws(() => cursor('{"a":1,"\\u0061":2}').object(() => undefined), /a comma or|comes twice|expected/)
  const passing = cursor('{"a":1,"\\u0061":2}')
  assert.throws(() => passing.object(() => passing.skip()), /the key "a" comes twice/)
  const many = cursor(`{${Array.from({ length: 10_001 }, (_, at) => `"${at}":0`)}}`)
  assert.throws(() => many.object(() => many.skip()), /more than 10000 members/)
})

test('a threshold or leaf that is no number is refused where it would be used', () => {
  const old = model((text) => text.replace('"split_conditions":[0.5,0,', '"split_conditions":[0.5,NaN,'))
  assert.equal(readXGBoost(old).steps.length, 1)
  assert.throws(
    () => readXGBoost(model((text) => text.replace('"split_conditions":[0.5,', '"split_conditions":[NaN,'))),
    /trees\[0\].*split_conditions\[0\] is NaN/,
  )
  assert.throws(
    () => readXGBoost(model((text) => text.replace('"split_conditions":[0.5,0,1,', '"split_conditions":[0.5,0,Infinity,'))),
    /split_conditions\[2\] of a leaf is Infinity/,
  )
})

test('white space and other keys do not matter', () => {
  const spaced = utf8.encode(` \n${JSON.stringify({ ...smallModel(), extra: { deep: [[1, 'x', null, true, { y: 1e300 }]] } }, undefined, 2)}\n`)
  assert.deepEqual(readXGBoost(spaced), readXGBoost(model((text) => text)))
})
