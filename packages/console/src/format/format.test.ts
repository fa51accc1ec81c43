import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatBytes, formatCount, formatLimit, formatMs, formatPart, formatPercent, formatRate, formatSigned, NONE, placesFor, plural } from './number.ts'
import { formatValue, matches, processName, shortDigest } from './text.ts'
import { formatSpan, isRange, relativeTime } from './time.ts'

const plain = (text: string) => text.replaceAll('\u00a0', ' ')

test('counts keep the digits that mean something', () => {
  assert.equal(plain(formatCount(0)), '0')
  assert.equal(plain(formatCount(842)), '842')
  assert.equal(plain(formatCount(9999)), '9,999')
  assert.equal(plain(formatCount(12_400)), '12.4 k')
  assert.equal(plain(formatCount(1_200_000)), '1.2 M')
  assert.equal(plain(formatCount(3e9)), '3 G')
  assert.equal(formatCount(null), NONE)
})

test('limits keep every digit, grouped', () => {
  assert.equal(formatLimit(1_000_000), '1,000,000')
  assert.equal(formatLimit(-0.000125), '-0.000125')
  assert.equal(formatLimit(1e21), '1e+21')
})

test('parts keep one digit behind the point, and a part is never nothing', () => {
  assert.deepEqual([0, 0.478, 0.026, 0.0001, 1].map(formatPart).map(plain), ['0.0 %', '47.8 %', '2.6 %', '<0.1 %', '100.0 %'])
})

test('what is added carries its sign, and lines up with what else is added', () => {
  assert.deepEqual(
    [0.614_2, -1.2, 0, -12_345.6].map((value) => formatSigned(value, 2)),
    ['+0.61', '−1.20', '0.00', '−12,345.60'],
  )
  assert.deepEqual([0, 0.0437, 0.437, 4.37, 99.9, 4370, 1e-12].map(placesFor), [0, 4, 3, 2, 1, 0, 8])
})

test('rates carry their unit', () => {
  assert.equal(plain(formatRate(0)), '0 /s')
  assert.equal(plain(formatRate(0.4213)), '0.421 /s')
  assert.equal(plain(formatRate(12_400)), '12.4 k/s')
})

test('latencies change unit where the number gets long', () => {
  assert.equal(plain(formatMs(0.213)), '0.213 ms')
  assert.equal(plain(formatMs(12.44)), '12.4 ms')
  assert.equal(plain(formatMs(1240)), '1.24 s')
  assert.equal(plain(formatMs(180_000)), '3 min')
  assert.equal(plain(formatMs(0.002)), '<0.01 ms')
  assert.equal(formatMs(null), NONE)
})

test('percentages near 0 and 100 are not rounded away', () => {
  assert.equal(plain(formatPercent(0)), '0 %')
  assert.equal(plain(formatPercent(1)), '100 %')
  assert.equal(plain(formatPercent(0.9995)), '99.95 %')
  assert.equal(plain(formatPercent(0.999999)), '99.999 %')
  assert.equal(plain(formatPercent(0.002)), '0.2 %')
  assert.equal(plain(formatPercent(0.00001)), '<0.01 %')
  assert.equal(plain(formatPercent(0.234)), '23.4 %')
})

test('bytes', () => {
  assert.equal(plain(formatBytes(512)), '512 B')
  assert.equal(plain(formatBytes(12_400_000)), '12.4 MB')
})

test('plural', () => {
  assert.equal(plain(plural(1, 'release')), '1 release')
  assert.equal(plain(plural(3, 'release')), '3 releases')
  assert.equal(plain(plural(2, 'query', 'queries')), '2 queries')
})

test('relative times', () => {
  const now = Date.parse('2026-05-01T12:00:00.000Z')
  assert.equal(relativeTime('2026-05-01T11:59:58.000Z', now), 'just now')
  assert.equal(plain(relativeTime('2026-05-01T11:56:00.000Z', now)), '4 min ago')
  assert.equal(plain(relativeTime('2026-05-01T14:00:00.000Z', now)), 'in 2 h')
  assert.equal(relativeTime(null, now), NONE)
  assert.equal(relativeTime('nonsense', now), NONE)
  assert.equal(plain(formatSpan(3 * 86_400_000)), '3 days')
})

test('ranges come from a closed set', () => {
  assert.equal(isRange('1h'), true)
  assert.equal(isRange('2h'), false)
  assert.equal(isRange(undefined), false)
})

test('text', () => {
  assert.equal(shortDigest(`sha256:${'ab'.repeat(32)}`), 'abababababab')
  assert.equal(processName('serve-1-mwqmfg9u-1'), 'serve-1')
  assert.equal(processName('control'), 'control')
  assert.equal(processName('serve-1'), 'serve-1')
  assert.equal(formatValue({ a: 1 }), '{"a":1}')
  assert.equal(formatValue(0.1 + 0.2), '0.3')
  assert.equal(formatValue(null), '–')
  assert.equal(matches('credit-risk Release 7', 'risk 7'), true)
  assert.equal(matches('credit-risk', 'fraud'), false)
})
