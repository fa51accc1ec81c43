import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createKeyRequest, releaseSettings } from './control/index.ts'
import { readQuota, readRate } from './limits.ts'

test('reads rates and quotas, and nothing that only looks like one', () => {
  assert.deepEqual(readRate('100/s'), { count: 100, seconds: 1 })
  assert.deepEqual(readRate('600/min'), { count: 600, seconds: 60 })
  for (const wrong of ['', '100', '0/s', '-1/s', '1.5/s', '100/h', '100 /s', '10000000/s', '1e3/s', '100/s ', '１/s'])
    assert.equal(readRate(wrong), undefined, wrong)
  assert.deepEqual(readQuota('1000000/day'), { rows: 1_000_000, window: 'day' })
  assert.deepEqual(readQuota('999999999999999/month'), { rows: 999_999_999_999_999, window: 'month' })
  for (const wrong of ['', '5', '0/day', '5/week', '1000000000000000/day', '5/DAY']) assert.equal(readQuota(wrong), undefined, wrong)
})

test('refuses wrong limits of a key with the place of each', () => {
  const wrong = createKeyRequest.safeParse({ name: 'k', limits: { rate: '5/h', quota: 'many', deployments: { credit: { burst: 3 }, 'No Name': {} } } })
  assert.deepEqual(wrong.error?.issues.map(({ path }) => path.join('.')).sort(), [
    'limits.deployments.No Name',
    'limits.deployments.credit.burst',
    'limits.quota',
    'limits.rate',
  ])
  assert.match(wrong.error?.issues.find(({ path }) => path.includes('rate'))?.message ?? '', /100\/s/)
  assert.equal(
    createKeyRequest.parse({ name: 'k', limits: { rate: '5/s', burst: 9, quota: '10/day', deployments: { credit: { rate: '1/min' } } } }).limits?.burst,
    9,
  )
})

test('releases of before limits mean none', () => {
  const { rateLimit, rateBurst, rowQuota } = releaseSettings.parse({})
  assert.deepEqual({ rateLimit, rateBurst, rowQuota }, { rateLimit: null, rateBurst: null, rowQuota: null })
})
