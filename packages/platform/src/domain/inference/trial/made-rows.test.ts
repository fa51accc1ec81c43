import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DATA_TYPES } from '@fairlead/contract'
import { madeRows } from './made-rows.ts'

test('rows of every type fit their tensors, and are the same again', () => {
  const inputs = DATA_TYPES.map((type) => ({ name: type, type, shape: [-1, 2] }))
  const made = madeRows({ inputs }, new Map(), 40)
  for (const { name, type } of inputs) {
    assert.deepEqual([made[name]!.type, made[name]!.shape, made[name]!.data.length], [type, [40, 2], 80])
    assert.ok(new Set(made[name]!.data as Iterable<unknown>).size > 1, `${type} has more than one value`)
  }
  assert.deepEqual(madeRows({ inputs }, new Map(), 40), made)
  assert.deepEqual(madeRows({ inputs: [{ name: 'x', type: 'float32', shape: [-1, -1, 2] }] }, new Map(), 5).x!.shape, [5, 3, 2])
})

test('values by which a model decides come with their neighbours in the precision of the tensor', () => {
  const probes = new Map([['x', [{ numbers: [0.1], texts: [] }]]])
  const single = new Set(madeRows({ inputs: [{ name: 'x', type: 'float32', shape: [-1] }] }, probes, 300).x!.data as Float32Array)
  const third = Math.fround(0.1)
  for (const value of [third, third + 2 ** -27, third - 2 ** -27]) assert.ok(single.has(value), `${value} is among them`)
  const double = new Set(madeRows({ inputs: [{ name: 'x', type: 'float64', shape: [-1] }] }, probes, 300).x!.data as Float64Array)
  for (const value of [0.1, 0.1 + 2 ** -56, 0.1 - 2 ** -56]) assert.ok(double.has(value), `${value} is among them`)
  assert.ok([...double].some(Number.isNaN))
  const texts = new Set(
    madeRows({ inputs: [{ name: 's', type: 'string', shape: [-1] }] }, new Map([['s', [{ numbers: [], texts: ['own'] }]]]), 60).s!.data as string[],
  )
  assert.ok(texts.has('own') && texts.has('no such text'))
})
