import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UnreadableModel } from '../unreadable.ts'
import { FormBuilder } from './builder.ts'

const source = { format: 'skops', version: '', objective: '' } as const
const matrix = () => new FormBuilder([{ name: 'X', type: 'f64', width: 4 }])

test('gathers columns that were chosen and put together as if they never had been', () => {
  const builder = matrix()
  const chosen = builder.gather([
    { value: 0, index: 3 },
    { value: 0, index: 1 },
  ])
  const scaled = builder.add({ op: 'scale', of: [chosen], offset: [1], factor: [2], divide: true }, 'f64', 2)
  const both = builder.gather([...builder.cells(scaled), { value: 0, index: 0 }])
  assert.equal(builder.gather(builder.cells(chosen).reverse()), builder.steps.length)
  assert.deepEqual(builder.steps.at(-1), { op: 'columns', of: [0], indices: [1, 3] })
  assert.equal(builder.gather(builder.cells(both).slice(0, 2)), scaled)
  assert.equal(builder.gather(builder.cells(0)), 0)
})

test('leaves out the steps that no output needs', () => {
  const builder = matrix()
  builder.add({ op: 'unary', of: [0], function: 'exp' }, 'f64', 4)
  const kept = builder.add({ op: 'unary', of: [0], function: 'neg' }, 'f64', 4)
  builder.output({ name: 'y', value: kept, role: 'other', rank: 2 })
  const form = builder.build(source)
  assert.deepEqual(form.steps, [{ op: 'unary', of: [0], function: 'neg' }])
  assert.equal(form.outputs[0]?.value, 1)
})

test('gives a text one position', () => {
  const builder = matrix()
  assert.deepEqual([builder.text('a'), builder.text('b'), builder.text('a')], [0, 1, 0])
})

test('refuses more columns than any model has, and values that are not made', () => {
  const builder = matrix()
  assert.throws(() => builder.add({ op: 'unary', of: [0], function: 'neg' }, 'f64', 2 ** 21), UnreadableModel)
  assert.throws(() => builder.width(9), RangeError)
})
