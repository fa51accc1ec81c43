import assert from 'node:assert/strict'
import { test } from 'node:test'
import { coded } from '../testing/fake-inference.ts'
import { readReading } from './reading-options.ts'

test('what is stated of a model is read', () => {
  assert.equal(readReading({ as: undefined }), undefined)
  assert.deepEqual(readReading({ as: 'classifier', classes: 'stays, leaves', iterations: '10', missing: '-999.5', unseen: 'missing' }), {
    as: 'classifier',
    classes: ['stays', 'leaves'],
    iterations: 10,
    missing: -999.5,
    unseen: 'missing',
  })
  assert.deepEqual(readReading({ classes: '-10,0,10', iterations: 'best', categorical: '["a,b","c"]' }), {
    classes: [-10, 0, 10],
    iterations: 'best',
    categorical: ['a,b', 'c'],
  })
})

test('what cannot be meant is refused with what the option takes', () => {
  for (const [written, words] of [
    [{ as: 'model' }, /--as takes booster, classifier or regressor, not "model"/],
    [{ missing: '' }, /--missing takes a number/],
    [{ missing: 'none' }, /--missing takes a number, not "none"/],
    [{ iterations: '0' }, /--iterations takes best, all/],
    [{ classes: 'one' }, /--classes takes labels/],
    [{ classes: '["a"' }, /--classes takes labels/],
    [{ unseen: 'drop' }, /--unseen takes refuse or missing/],
  ] as const)
    assert.throws(() => readReading(written), coded('usage', words))
})
