import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { InputColumn } from '@fairlead/contract'
import { syntheticExample } from './example.ts'

function example(column: Partial<InputColumn>): unknown {
  const columns: InputColumn[] = [{ name: 'x', type: 'float32', tensor: 'x', ...column }]
  return syntheticExample({ task: 'other', inputs: [], outputs: [], columns, fields: [] }).x
}

describe('synthetic example rows', () => {
  it('stay within allowed values and ranges, in the column type', () => {
    assert.equal(example({ type: 'string', values: ['car', 'house'] }), 'car')
    assert.equal(example({ type: 'int64', min: 18, max: 121 }), 70)
    assert.equal(example({ type: 'int64', min: 3, max: 3 }), 3)
    assert.equal(example({ min: 0, max: 1 }), 0.5)
    assert.equal(example({ type: 'int32', min: 100 }), 100)
    assert.equal(example({ type: 'int32', max: -4 }), -4)
    assert.equal(example({ type: 'bool' }), false)
    assert.equal(example({ type: 'string' }), 'text')
  })

  it('have the shape of a row, with a size for what varies', () => {
    assert.deepEqual(example({ shape: [2, 2] }), [
      [0.5, 0.5],
      [0.5, 0.5],
    ])
    assert.deepEqual(example({ shape: [-1], type: 'int8' }), [1, 1, 1])
  })
})
