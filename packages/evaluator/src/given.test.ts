import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readLightGBM, readOnnx, readPmml, readSkops, readXGBoost } from './index.ts'

test('every reader says what to hand over instead of a path, a text or the buffer of a response', () => {
  for (const read of [readLightGBM, readOnnx, readPmml, readSkops, readXGBoost]) {
    assert.throws(() => read('model.ubj' as never), { name: 'TypeError', message: /readFileSync\(path\), without an encoding/ })
    assert.throws(() => read(new ArrayBuffer(8) as never), { name: 'TypeError', message: /new Uint8Array\(await response\.arrayBuffer\(\)\)/ })
    assert.throws(() => read(undefined as never), TypeError)
  }
})

test('a word that an option does not know is refused, not passed over', () => {
  const bytes = new Uint8Array(4)
  assert.throws(() => readXGBoost(bytes, { as: 'clasifier' as never }), {
    name: 'TypeError',
    message: 'as is booster or classifier or regressor, not "clasifier"',
  })
  assert.throws(() => readXGBoost(bytes, { unseen: 'ignore' as never }), { name: 'TypeError', message: /^unseen is refuse or missing/ })
  assert.throws(() => readXGBoost(bytes, { iterations: 5 as never }), { name: 'TypeError', message: /^iterations is all or best, not 5/ })
  assert.throws(() => readLightGBM(bytes, { as: 'Classifier' as never }), { name: 'TypeError', message: /^as is booster/ })
})

test('what is no file of XGBoost is told what it may be', () => {
  assert.throws(() => readXGBoost(Uint8Array.of(0x80, 4, 0x95)), {
    name: 'UnreadableModel',
    message: /a Python pickle, which is not read; save the model with save_model/,
  })
  assert.throws(() => readXGBoost(new TextEncoder().encode('[{"nodeid": 0')), { message: /a dump of trees, which lacks what predictions need/ })
  assert.throws(() => readXGBoost(new TextEncoder().encode('booster[0]:\n')), { message: /a dump of trees/ })
})
