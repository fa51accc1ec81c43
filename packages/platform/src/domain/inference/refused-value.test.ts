import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FairleadError } from '@fairlead/contract'
import { afterRows, refusedValue, refusesValue } from './refused-value.ts'

test('a refused value is named by its row and column, also where other rows of its request went before', () => {
  const error = refusedValue('value-unknown', { row: 3, name: 'credit amount', detail: '"x" is not known' })
  assert.equal(error.message, 'rows[3]["credit amount"]: "x" is not known')
  const later = afterRows(error, 512) as FairleadError
  assert.equal(later.message, 'rows[515]["credit amount"]: "x" is not known')
  assert.deepEqual(later.items, [{ path: 'rows[515]["credit amount"]', code: 'value-unknown', detail: '"x" is not known' }])
  assert.equal(afterRows(error, 0), error)
})

test('other errors say nothing of a row, and stay as they are', () => {
  const error = new FairleadError('model-run-failed', 'rows[3] is odd')
  assert.equal(refusesValue(error), false)
  assert.equal(afterRows(error, 512), error)
  const plain = new Error('rows[3]')
  assert.equal(afterRows(plain, 512), plain)
})
