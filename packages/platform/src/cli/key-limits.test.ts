import assert from 'node:assert/strict'
import { test } from 'node:test'
import { coded } from '../testing/fake-inference.ts'
import { changedLimits, limitOf, limitWords, usageWords } from './key-limits.ts'

test('reads limits, and refuses wrong ones with the option', () => {
  assert.deepEqual(limitOf({ rate: '100/s', burst: '200', quota: '5/month' }), { rate: '100/s', burst: 200, quota: '5/month' })
  assert.equal(limitOf({}), undefined)
  assert.throws(() => limitOf({ rate: '100' }), coded('usage', /--rate takes .*100\/s.* not "100"/))
  assert.throws(() => limitOf({ quota: '5/year' }), coded('usage', /--quota takes .* not "5\/year"/))
  for (const burst of ['0', '1.5', '-3', 'x', '10000001']) assert.throws(() => limitOf({ rate: '1/s', burst }), coded('usage', /--burst takes/))
  assert.throws(() => limitOf({ burst: '5' }), coded('usage', /--burst needs --rate/))
})

test('changes the limits over all deployments and those of one, each alone', () => {
  const before = { rate: '1/s', deployments: { a: { quota: '5/day' } } }
  assert.deepEqual(changedLimits(null, undefined, { rate: '2/s' }), { rate: '2/s' })
  assert.deepEqual(changedLimits(before, undefined, { quota: '9/day' }), { quota: '9/day', deployments: { a: { quota: '5/day' } } })
  assert.deepEqual(changedLimits(before, 'b', { rate: '3/s' }), { rate: '1/s', deployments: { a: { quota: '5/day' }, b: { rate: '3/s' } } })
  assert.deepEqual(changedLimits(before, 'a', undefined), { rate: '1/s' })
  assert.deepEqual(changedLimits(before, undefined, undefined), { deployments: { a: { quota: '5/day' } } })
  assert.equal(changedLimits({ rate: '1/s' }, undefined, undefined), null)
})

test('says limits and what was used of them', () => {
  assert.equal(limitWords({ limits: null }), 'none')
  const limits = { rate: '100/s', burst: 200, quota: '10/day', deployments: { a: { rate: '1/min' } } }
  assert.equal(limitWords({ limits }), '100/s (200 at once), 10/day; a: 1/min')
  const resetsAt = '2026-11-22T00:00:00.000Z'
  const usage = [
    { deployment: null, window: 'day' as const, rows: 3, limit: 10, resetsAt },
    { deployment: 'a', window: 'month' as const, rows: 0, limit: 7, resetsAt },
  ]
  assert.equal(usageWords({ usage }), '3 of 10 this day; a: 0 of 7 this month')
})
