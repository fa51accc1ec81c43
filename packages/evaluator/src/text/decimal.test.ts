import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decimal } from './decimal.ts'

const read = (text: string) => {
  const bytes = new TextEncoder().encode(`x${text} `)
  return decimal(bytes, 1, bytes.length - 1)
}

/** A generator of doubles over all exponents, the same in every run. */
function* doubles(seed: number, count: number) {
  const words = new Uint32Array(2)
  const view = new Float64Array(words.buffer)
  let state = seed
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (state ^ (state >>> 15)) >>> 0
  }
  for (let made = 0; made < count; ) {
    words[0] = next()
    words[1] = next()
    const value = view[0] as number
    if (!Number.isFinite(value)) continue
    made++
    yield value
    yield (next() / 2 ** 31 - 1) * 10 ** (made % 9)
  }
}

test('numbers are the nearest double, however many digits they were printed with', () => {
  for (const value of doubles(7, 20_000)) {
    for (const text of [
      String(value),
      value.toPrecision(17),
      value.toPrecision(16),
      value.toPrecision(6),
      value.toExponential(18),
      `${value.toPrecision(21)}1`,
    ]) {
      assert.ok(Object.is(read(text), Number(text)), text)
    }
  }
})

test('halfway cases and neighbours of powers of two round as Number rounds', () => {
  const texts = [
    '9007199254740993',
    '9007199254740992.5',
    '9007199254740991.5',
    '1e23',
    '8.5e22',
    '6929495644600919.5',
    '1.0000000180025095e-35',
    '-1.0000000180025095e-35',
    '2.2250738585072011e-308',
    '4.9406564584124654e-324',
    '1.7976931348623157e+308',
    '1.8e308',
    '123456789012345678901234567890',
    '0.000000000000000000000000000000000000000000001',
    '000000000000000000000000000000012.5',
    '.5',
    '5.',
    '-0',
    '-0.0',
    '+7',
    '1E5',
    '1e-400',
    '1e400',
    '1e99999999999999999999',
    '0e99999999999999999999',
  ]
  for (const text of texts) assert.ok(Object.is(read(text), Number(text)), text)
})

test('infinities and NaN are numbers of these files', () => {
  assert.equal(read('inf'), Infinity)
  assert.equal(read('-Infinity'), -Infinity)
  assert.ok(Number.isNaN(read('-nan')))
})

test('what is no number is none', () => {
  for (const text of ['', '-', '.', 'e5', '1e', '1e+', '1.2.3', '1,5', '0x10', '1 2', 'info', '--1', '1e5.5', 'null', '١', '1'.repeat(1_000_000)]) {
    assert.equal(read(text), undefined, text)
  }
})
