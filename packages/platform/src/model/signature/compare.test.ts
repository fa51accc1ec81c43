import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { InputColumn, OutputField, Signature } from '@fairlead/contract'
import { compareSignatures } from './compare.ts'

const column = (change: Partial<InputColumn> = {}): InputColumn => ({ name: 'age', type: 'int64', tensor: 'age', ...change })
const field = (change: Partial<OutputField> = {}): OutputField => ({ name: 'label', kind: 'label', type: 'int64', tensor: 'label', ...change })

function signature(columns: InputColumn[], fields: OutputField[] = [field()], task: Signature['task'] = 'classification'): Signature {
  return { task, inputs: [], outputs: [], columns, fields }
}

/** The differences of two columns, as `!detail` where breaking. */
function columns(was: Partial<InputColumn>, is: Partial<InputColumn>): string[] {
  return compareSignatures(signature([column(was)]), signature([column(is)])).map(({ breaking, detail }) => `${breaking ? '!' : ''}${detail}`)
}

function fields(was: Partial<OutputField>, is: Partial<OutputField>): string[] {
  return compareSignatures(signature([], [field(was)]), signature([], [field(is)])).map(({ breaking, detail }) => `${breaking ? '!' : ''}${detail}`)
}

describe('comparing signatures', () => {
  it('finds nothing between equals', () => {
    assert.deepEqual(columns({ values: [1, 2], min: 0 }, { values: [2, 1], min: 0 }), [])
    assert.deepEqual(compareSignatures(signature([column()]), signature([column()])), [])
  })

  it('breaks callers by columns that go, come or become required', () => {
    const differences = compareSignatures(signature([column()]), signature([column({ name: 'sex' }), column({ name: 'x', optional: true })]))
    assert.deepEqual(
      differences.map(({ path, breaking }) => [path, breaking]),
      [
        ['columns.age', true],
        ['columns.sex', true],
        ['columns.x', false],
      ],
    )
    assert.deepEqual(columns({ optional: true }, {}), ['!was optional, is required'])
    assert.deepEqual(columns({}, { optional: true }), ['was required, is optional'])
  })

  it('knows wider from narrower types', () => {
    assert.deepEqual(columns({ type: 'int32' }, { type: 'int64' }), ['type was int32, is int64'])
    assert.deepEqual(columns({ type: 'int64' }, { type: 'int32' }), ['!type was int64, is int32'])
    assert.deepEqual(columns({ type: 'float32' }, { type: 'float64' }), ['type was float32, is float64'])
    assert.deepEqual(columns({ type: 'string' }, { type: 'int64' }), ['!type was string, is int64'])
    assert.deepEqual(columns({ shape: [3] }, { shape: [4] }), ['!shape was [3], is [4]'])
  })

  it('knows tighter from looser ranges and values', () => {
    assert.deepEqual(columns({ min: 0 }, { min: 5 }), ['!smallest value was 0, is 5'])
    assert.deepEqual(columns({ min: 5 }, { min: 0 }), ['smallest value was 5, is 0'])
    assert.deepEqual(columns({ max: 5 }, {}), ['largest value was 5, is free'])
    assert.deepEqual(columns({}, { max: 5 }), ['!largest value was free, is 5'])
    assert.deepEqual(columns({ values: ['a', 'b'] }, { values: ['b', 'c'] }), ['!no longer allowed: a', 'newly allowed: c'])
    assert.deepEqual(columns({}, { values: ['a'] }), ['!only 1 values are allowed now'])
    assert.deepEqual(columns({ values: ['a'] }, {}), ['any value is allowed now'])
    assert.deepEqual(columns({ unit: 'EUR' }, { unit: 'USD' }), ['!unit was EUR, is USD'])
  })

  it('breaks readers by fields that go or change their meaning', () => {
    assert.deepEqual(fields({}, { name: 'class' }), ['!removed from the answer', 'added to the answer'])
    assert.deepEqual(fields({}, { kind: 'value' }), ['!was label, is value'])
    assert.deepEqual(fields({ classes: ['a', 'b'] }, { classes: ['a', 'c'] }), ['!classes gone: b', '!classes new: c'])
    assert.deepEqual(fields({ classes: ['a', 'b'] }, { classes: ['b', 'a'] }), ['!the order of the classes changed'])
    assert.deepEqual(fields({ type: 'float32' }, { type: 'float64' }), ['type was float32, is float64'])
    const task = compareSignatures(signature([], [field()]), signature([], [field()], 'regression'))
    assert.deepEqual(task, [{ path: 'task', breaking: true, detail: 'was classification, is regression' }])
  })

  it('tells callers of tensors when only tensors changed', () => {
    const [difference] = compareSignatures(signature([column()]), signature([column({ tensor: 'X', index: 2 })]))
    assert.equal(difference?.breaking, false)
    assert.match(difference.detail, /feeds tensor "X" at 2 where it fed tensor "age"/)
  })
})
