import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseDuration } from './duration.ts'

test('each unit, fractions and sums', () => {
  const cases: [string, number][] = [
    ['500ms', 500],
    ['0s', 0],
    ['90s', 90_000],
    ['15m', 900_000],
    ['1h', 3_600_000],
    ['1.5h', 5_400_000],
    ['1h30m', 5_400_000],
    ['7d', 604_800_000],
    ['2w', 1_209_600_000],
  ]
  for (const [text, millis] of cases) assert.equal(parseDuration(text), millis, text)
})

test('anything else is no duration', () => {
  for (const text of ['', '5', 'h', '-1h', '1 h', '1H', '1h 30m', '30m1h', '1h1h', '1y', '1e3s', '.5h', '1h!', `${'9'.repeat(30)}w`]) {
    assert.equal(parseDuration(text), undefined, text)
  }
})
