import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { compile } from '../engine/index.ts'
import { Item } from './item.ts'
import { readWrapped } from './lightgbm.ts'
import { readSkops } from './read.ts'

const read = (name: string) => readSkops(new Uint8Array(readFileSync(join(import.meta.dirname, 'testdata', `${name}.skops`))))
const AGES = [20, 60, null, 30]

test("LGBMClassifier in a skops file answers with its labels, pandas' categories and missing values as the library does", () => {
  const { label, probabilities } = compile(read('lightgbm-classifier')).runTable({ age: AGES, city: ['Chur', 'Zug', null, null] })
  const expected = [
    0.31585527675663905, 0.684144723243361, 0.31585527675663905, 0.684144723243361, 0.4174318343060962, 0.5825681656939038, 0.4174318343060961,
    0.5825681656939039,
  ]
  assert.deepEqual(label, ['yes', 'yes', 'yes', 'yes'])
  assert.equal(probabilities?.length, expected.length)
  for (const [i, want] of expected.entries()) assert.ok(Math.abs(Number(probabilities?.[i]) - want) < 1e-15, `${i}`)
})

test('LGBMRegressor in a skops file answers as the library does', () => {
  const answers = compile(read('lightgbm-regressor')).runTable({ age: AGES })
  const expected = [148.40618138244187, 147.70959321651856, 153.06611354974183, 148.40618138244187]
  for (const [i, want] of expected.entries()) assert.ok(Math.abs(Number(answers.prediction?.[i]) - want) < 1e-12, `${i}`)
})

test('one that is not fitted, or whose text is broken, is refused by its place', () => {
  const json = (content: string) => ({ __class__: 'str', __module__: 'builtins', __loader__: 'JsonNode', is_json: true, content })
  const object = (name: string, content: object) => ({
    __class__: name,
    __module__: 'lightgbm',
    __loader__: 'ObjectNode',
    content: { __class__: 'dict', __module__: 'builtins', __loader__: 'DictNode', content },
  })
  const wrapped = (booster: object) => readWrapped(new Item({} as never, object('LGBMRegressor', { _Booster: booster }) as never, ''))
  assert.throws(() => wrapped(json('null')), { name: 'UnreadableModel', message: /_Booster: LGBMRegressor is not fitted/ })
  assert.throws(() => wrapped(object('Booster', { _handle: json('"tree') })), { name: 'UnreadableModel', message: /_Booster\._handle: its value is not JSON/ })
  assert.throws(() => wrapped(object('Booster', { _handle: json('5') })), { name: 'UnreadableModel', message: /a text is expected/ })
  assert.throws(() => wrapped(object('Booster', { _handle: json('"tree\\nversion=v4\\n"') })), { name: 'UnreadableModel' })
})
