import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ago, alignTable, bytes, cell, duration, figure, printable, shortDigest, width } from './format.ts'

test('times are relative, both ways', () => {
  const now = Date.parse('2026-01-02T00:00:00.000Z')
  assert.equal(ago('2026-01-01T23:59:59.900Z', now), 'just now')
  assert.equal(ago('2026-01-01T23:00:00.000Z', now), '1 h ago')
  assert.equal(ago('2026-01-05T00:00:00.000Z', now), 'in 3 d')
  assert.equal(ago(new Date(now + 90 * 86_400_000 - 5000).toISOString(), now), 'in 90 d')
  assert.equal(ago(new Date(now + 89.5 * 86_400_000).toISOString(), now), 'in 89 d')
  assert.equal(ago(null, now), '–')
  assert.equal(ago('someday', now), 'someday')
})

test('durations, sizes and figures have as many digits as mean something', () => {
  assert.deepEqual([duration(0.1234), duration(340.4), duration(59_999), duration(90_000)], ['0.12 ms', '340 ms', '59 s', '1 min'])
  assert.deepEqual([bytes(0), bytes(999), bytes(49_219), bytes(1024 ** 3)], ['0 B', '999 B', '49.2 kB', '1.07 GB'])
  assert.deepEqual([figure(0.123456), figure(1234.5), figure(null), figure(12, 'ms')], ['0.123', '1,235', '–', '12 ms'])
})

test('cells show nothing as a dash, exact whole numbers, and no control characters', () => {
  assert.deepEqual([cell(null), cell(undefined), cell(0), cell(''), cell(0.1 + 0.2)], ['–', '–', '0', '', '0.3'])
  assert.equal(cell(9007199254740993n), '9007199254740993')
  assert.equal(cell({ a: 1n }), '{"a":1}')
  assert.equal(printable('a\u001b[31m\nb'), 'a\ufffd[31m b')
  assert.equal(shortDigest(`sha256:${'0123456789abcdef'.repeat(4)}`), '0123456789ab')
})

test('columns align by what is seen: wide characters count twice, colours and marks not at all', () => {
  assert.deepEqual([width('abc'), width('日本'), width('e\u0301'), width('\u001b[31mred\u001b[39m')], [3, 4, 1, 3])
  assert.deepEqual(
    alignTable(
      ['NAME', 'N'],
      [
        ['日本', '5'],
        ['abcdef', '12'],
      ],
    ),
    ['NAME     N', '日本     5', 'abcdef  12'],
  )
})
