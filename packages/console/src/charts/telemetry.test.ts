import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Telemetry } from '@fairlead/contract/control'
import { isAlone, markersOf, shareAxisEnd } from './option.ts'
import { csvCell, telemetryCsv, telemetryRows, toSeries } from './telemetry.ts'

const point = (minute: number, requests: number, errors = 0): Telemetry['points'][number] => ({
  at: `2026-05-01T12:${String(minute).padStart(2, '0')}:00.000Z`,
  requests,
  rows: requests,
  errors,
  p50: requests ? 1.5 : null,
  p90: requests ? 2 : null,
  p99: requests ? 9 : null,
  queueMs: null,
  runMs: 1,
})
const telemetry: Telemetry = {
  deployment: 'credit-risk',
  from: '2026-05-01T12:00:00.000Z',
  to: '2026-05-01T12:10:00.000Z',
  stepSeconds: 60,
  points: [point(0, 120, 6), point(1, 0), point(5, 60)],
  releases: [{ at: '2026-05-01T12:01:30.000Z', number: 7, model: 'credit-risk:4' }],
}

test('counters become rates, and a step without requests has no error rate', () => {
  const series = toSeries(telemetry)
  assert.equal(series.requestsPerSecond[0]?.[1], 2)
  assert.equal(series.failedRate[0]?.[1], 0.05)
  assert.equal(series.failedRate[1]?.[1], null)
  assert.equal(series.requestsPerSecond[1]?.[1], 0)
})

test('what was refused for what the caller sent is told apart from what failed', () => {
  const apart = { ...telemetry, points: [{ ...point(0, 100, 6), refused: 5, failed: 1 }] }
  const { refusedRate, failedRate } = toSeries(apart)
  assert.deepEqual([refusedRate[0]?.[1], failedRate[0]?.[1]], [0.05, 0.01])
  assert.deepEqual(telemetryRows(apart)[0]?.slice(3, 6), [5, 1, 0.01])
})

test('absent steps are a gap, never a line across', () => {
  const series = toSeries(telemetry)
  assert.equal(series.p50.length, 4)
  assert.deepEqual(series.requestsPerSecond[2], [Date.parse('2026-05-01T12:02:00.000Z'), null])
})

test('the step still going on counts by the time it has lasted, and is left out while it has only begun', () => {
  const running = (to: string) => ({ ...telemetry, to, points: [point(0, 120), point(1, 60)] })
  assert.deepEqual(toSeries(running('2026-05-01T12:01:40.000Z')).requestsPerSecond.at(-1), [Date.parse('2026-05-01T12:01:00.000Z'), 1.5])
  assert.equal(toSeries(running('2026-05-01T12:01:20.000Z')).requestsPerSecond.length, 1)
  assert.equal(telemetryRows(running('2026-05-01T12:01:00.000Z'))[1]?.[1], null)
})

test('release markers that stand close share the words of the last, and words at the right edge stand left of it', () => {
  const release = (minute: number, number: number) => ({ at: `2026-05-01T12:0${minute}:00.000Z`, number, model: 'm:1' })
  const crowded = { ...telemetry, releases: [release(2, 3), release(6, 4), release(7, 5), release(8, 6)] }
  assert.deepEqual(
    markersOf(crowded, 700).map(({ words, left }) => [words, left]),
    [
      ['release 3', false],
      ['', false],
      ['', false],
      ['releases 4 to 6', false],
    ],
  )
  assert.deepEqual(
    markersOf({ ...telemetry, releases: [release(9, 3)] }, 700).map(({ words, left }) => [words, left]),
    [['release 3', true]],
  )
})

test('a point between gaps is marked, one on a line is not', () => {
  const points: [number, number | null][] = [1, null, 2, 3, null, 4].map((value, at) => [at, value])
  assert.deepEqual(
    points.map((_, at) => isAlone(points, at)),
    [true, false, false, false, false, true],
  )
})

test('the axis of error rates ends at an even share above every value', () => {
  assert.equal(shareAxisEnd([[0, null]]), 0.01)
  assert.equal(
    shareAxisEnd([
      [0, 0.047],
      [1, 0.0004],
    ]),
    0.06,
  )
  assert.equal(shareAxisEnd([[0, 0.93]]), 1)
})

test('the table names the release that became current within a step', () => {
  assert.deepEqual(
    telemetryRows(telemetry).map((row) => row.at(-1)),
    [null, 7, null],
  )
})

test('CSV has a head, a line a step, and nothing where there is no value', () => {
  const lines = telemetryCsv(telemetry).split('\r\n')
  assert.equal(lines.length, 5)
  assert.ok(lines[0]?.startsWith('time,requests_per_second,'))
  assert.equal(lines[2], '2026-05-01T12:01:00.000Z,0,0,0,0,,,,,,1,7')
})

test('CSV cells are quoted and cannot become formulas', () => {
  assert.equal(csvCell('a,"b"'), '"a,""b"""')
  assert.equal(csvCell('=1+1'), "'=1+1")
  assert.equal(csvCell(-3), '-3')
})
