import assert from 'node:assert/strict'
import { test } from 'node:test'
import { faultsOf, fieldsOf, limitsWith, limitWords, spentWords } from './limits-form.ts'

const BEFORE = { rate: '1/s', burst: 5, deployments: { a: { quota: '5/day' } } }
const EMPTY = { rate: '', burst: '', quota: '' }

test('fields show the limits of the part that is chosen', () => {
  assert.deepEqual(fieldsOf(BEFORE, null), { rate: '1/s', burst: '5', quota: '' })
  assert.deepEqual(fieldsOf(BEFORE, 'a'), { rate: '', burst: '', quota: '5/day' })
  assert.deepEqual(fieldsOf(null, 'b'), EMPTY)
})

test('says of each field what is wrong with it', () => {
  assert.deepEqual(faultsOf(EMPTY), {})
  assert.deepEqual(Object.keys(faultsOf({ rate: '5', burst: '0', quota: '1/year' })), ['rate', 'quota', 'burst'])
  assert.deepEqual(faultsOf({ rate: '', burst: '5', quota: '' }), { burst: 'Needs a rate beside it' })
  for (const burst of ['1.5', 'x', '10000001']) assert.ok(faultsOf({ rate: '1/s', burst, quota: '' }).burst)
})

test('changes one part and keeps the others; nothing left is no limit', () => {
  assert.deepEqual(limitsWith(BEFORE, null, { ...EMPTY, quota: '9/day' }), { quota: '9/day', deployments: { a: { quota: '5/day' } } })
  assert.deepEqual(limitsWith(BEFORE, 'b', { ...EMPTY, rate: '3/s', burst: '4' }), {
    ...BEFORE,
    deployments: { a: { quota: '5/day' }, b: { rate: '3/s', burst: 4 } },
  })
  assert.deepEqual(limitsWith(BEFORE, 'a', EMPTY), { rate: '1/s', burst: 5 })
  assert.equal(limitsWith({ rate: '1/s' }, null, EMPTY), null)
})

test('says limits and what is used of them', () => {
  assert.equal(limitWords({ rate: '100/s', burst: 200, quota: '5/day' }), '100/s, 200 at once, 5/day')
  const use = { window: 'month' as const, rows: 1234, limit: 5000, resetsAt: '2026-12-01T00:00:00.000Z' }
  assert.equal(spentWords({ ...use, deployment: null }), '1,234 of 5,000 rows this month')
  assert.equal(spentWords({ ...use, window: 'day', deployment: 'a' }), '1,234 of 5,000 rows today of a')
})
