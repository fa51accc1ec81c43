import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sampleEvent, sampleRelease } from '../../testing/prediction-events.ts'
import { SeriesRecorder } from './recorder.ts'

const failure = { deployment: 'credit-risk', release: 1, code: 'column-missing', status: 422, totalMs: 0.1, rows: 1 }

test('a loaded release has a series of zeros before anything is asked', () => {
  const recorder = new SeriesRecorder()
  recorder.keep([{ name: 'credit-risk', releases: [3] }])
  const [series] = recorder.snapshot()
  assert.deepEqual([series?.deployment, series?.release, series?.requests, series?.histograms.total.count, series?.lastAt], ['credit-risk', 3, 0, 0, 0])
})

test('answers count requests, rows and the time of each stage', () => {
  const recorder = new SeriesRecorder({ queueRows: () => 7 })
  const release = sampleRelease()
  recorder.predicted(sampleEvent([{ age: 1n }, { age: 2n }], { release, time: 5000 }), 0.25)
  recorder.predicted({ ...sampleEvent([{ age: 1n }], { release, time: 6000 }), logMs: 0.5 })
  recorder.predicted(sampleEvent([{ age: 1n }], { release: sampleRelease({ number: 2 }), time: 7000 }))
  const [first, second] = recorder.snapshot()
  assert.deepEqual([first?.requests, first?.rows, first?.lastAt, first?.queueRows], [2, 3, 6000, 7])
  const sums = Object.fromEntries(Object.entries(first!.histograms).map(([stage, h]) => [stage, [h.sum, h.count]]))
  assert.deepEqual(sums, { total: [3, 2], parse: [0.5, 2], queue: [1, 2], run: [0.25, 2], render: [0.25, 1], log: [0.5, 1] })
  assert.equal(second?.requests, 1)
})

test('failures count by code and not in the durations; made-up deployments share one series', () => {
  const recorder = new SeriesRecorder({ now: () => 9 })
  recorder.keep([{ name: 'credit-risk', releases: [1, 2] }])
  recorder.failed(failure)
  recorder.failed({ ...failure, release: undefined })
  for (let i = 0; i < 100; i++) recorder.failed({ ...failure, deployment: `made-up-${i}`, code: 'deployment-unknown' })
  const all = recorder.snapshot()
  assert.deepEqual(
    all.map((s) => [s.deployment, s.release, s.requests, s.errors, s.histograms.total.count]),
    [
      ['credit-risk', 1, 1, { 'column-missing': 1 }, 0],
      ['credit-risk', 2, 1, { 'column-missing': 1 }, 0],
      ['', 0, 100, { 'deployment-unknown': 100 }, 0],
    ],
  )
})

test('series end: of a removed deployment at once, of a superseded release after ten minutes; others go on', () => {
  const clock = { at: 0 }
  const recorder = new SeriesRecorder({ now: () => clock.at })
  const ask = (number: number) => recorder.predicted(sampleEvent([{ age: 1n }], { release: sampleRelease({ number }) }))
  const seen = () => recorder.snapshot().map((s) => [s.release, s.gone ? 'gone' : s.requests])
  const keep = (...releases: number[]) => recorder.keep(releases.length === 0 ? [] : [{ name: 'credit-risk', releases }])
  ask(1)
  assert.deepEqual(seen(), [[1, 1]], 'nothing ends before it is known what should run')
  keep(1, 2)
  ask(2)
  keep(2)
  assert.deepEqual(seen(), [
    [1, 1],
    [2, 1],
  ])
  clock.at = 300_000
  ask(1)
  assert.deepEqual(seen()[0], [1, 2], 'what is still in hand counts')
  clock.at = 599_999
  assert.equal(seen()[0]?.[1], 2)
  clock.at = 600_000
  ask(2)
  assert.deepEqual(seen(), [
    [1, 'gone'],
    [2, 2],
  ])
  clock.at = 660_000
  assert.deepEqual(seen(), [[2, 2]])
  // rolled back to: it begins anew
  keep(2, 1)
  ask(1)
  assert.deepEqual(seen(), [
    [2, 2],
    [1, 1],
  ])
  keep()
  ask(1)
  assert.deepEqual(seen(), [
    [2, 'gone'],
    [1, 'gone'],
  ])
  assert.ok(JSON.stringify(recorder.snapshot()).length < 1000, 'the word of an end is short')
})

test('empty buckets at the end are not published', () => {
  const recorder = new SeriesRecorder()
  recorder.keep([{ name: 'credit-risk', releases: [1] }])
  assert.ok(JSON.stringify(recorder.snapshot()).length < 500)
  recorder.predicted({ ...sampleEvent([{ age: 1n }]), totalMs: 0.01 })
  assert.equal(recorder.snapshot()[0]?.histograms.total.counts.length, 1)
})

test('runs of a release are counted where its series is, and the time of failures beside their number', () => {
  const recorder = new SeriesRecorder()
  recorder.keep([{ name: 'credit-risk', releases: [1] }])
  recorder.counters('credit-risk', 1).add(8, { inputMs: 1, runMs: 2, outputMs: 3 })
  recorder.failed({ deployment: 'credit-risk', release: 1, code: 'queue-full', status: 503, totalMs: 2.5, rows: 1 })
  recorder.failed({ deployment: 'credit-risk', release: 1, code: 'queue-full', status: 503, totalMs: 0.5, rows: 1 })
  const [series] = recorder.snapshot()
  assert.deepEqual([series!.runs, series!.sizes, series!.failedMs], [1, [{ rows: 8, runs: 1, inputMs: 1, runMs: 2, outputMs: 3 }], 3])
})
