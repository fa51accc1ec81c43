import assert from 'node:assert/strict'
import { test } from 'node:test'
import { emptySeries, type SeriesSnapshot } from '../domain/monitoring/index.ts'
import { coded, fakeInference, serveReleases } from '../testing/fake-inference.ts'
import { fakeRelease } from '../testing/fake-model.ts'
import { modelStatistics } from './statistics.ts'

function counted(): SeriesSnapshot {
  const series = emptySeries('credit', 2)
  for (const [at, stage] of (['total', 'parse', 'queue', 'run', 'render'] as const).entries()) {
    series.histograms[stage].count = 3
    series.histograms[stage].sum = (at + 1) / 2
  }
  const sizes = [{ rows: 8, runs: 2, inputMs: 0.25, runMs: 3, outputMs: 0.125 }]
  return { ...series, requests: 5, rows: 16, runs: 2, sizes, errors: { 'queue-full': 1, 'value-type': 1 }, failedMs: 1.5, lastAt: 1234 }
}

const NOTHING = { count: 0, ns: 0 }

test('requests, rows, runs and failures are counted apart, in nanoseconds', async () => {
  const { inference } = fakeInference()
  await using _ = inference
  await serveReleases(inference, [fakeRelease(), fakeRelease({ number: 2 })])
  const [none, one] = modelStatistics(inference, [counted()], { deployment: 'credit' })
  assert.deepEqual([none!.version, none!.inference_count, none!.inference_stats.success, none!.batch_stats], ['1', 0, NOTHING, []])
  assert.deepEqual(one, {
    name: 'credit',
    version: '2',
    last_inference: 1234,
    inference_count: 16,
    execution_count: 2,
    inference_stats: {
      success: { count: 3, ns: 500_000 },
      fail: { count: 2, ns: 1_500_000 },
      queue: { count: 3, ns: 1_500_000 },
      compute_input: { count: 3, ns: 1_000_000 },
      compute_infer: { count: 3, ns: 2_000_000 },
      compute_output: { count: 3, ns: 2_500_000 },
      cache_hit: NOTHING,
      cache_miss: NOTHING,
    },
    response_stats: {},
    batch_stats: [
      {
        batch_size: 8,
        compute_input: { count: 2, ns: 250_000 },
        compute_infer: { count: 2, ns: 3_000_000 },
        compute_output: { count: 2, ns: 125_000 },
      },
    ],
    memory_usage: [],
  })
})

test('one release, one deployment, or everything; what is not there is named', async () => {
  const { inference } = fakeInference()
  await using _ = inference
  assert.throws(() => modelStatistics(inference, [], { deployment: 'credit' }), coded('not-ready'))
  await serveReleases(inference, [fakeRelease(), fakeRelease({ number: 2 })])
  assert.deepEqual(
    [{}, { deployment: 'credit' }, { deployment: 'credit', release: 2 }].map((which) => modelStatistics(inference, [], which).length),
    [2, 2, 1],
  )
  assert.throws(() => modelStatistics(inference, [], { deployment: 'credi' }), coded('deployment-unknown'))
  assert.throws(() => modelStatistics(inference, [], { deployment: 'credit', release: 9 }), coded('release-unknown'))
})
