import assert from 'node:assert/strict'
import { test } from 'node:test'
import { columnDecimals, columnTitle, isNumeric, shownColumns, standardColumns, writeColumns } from './prediction-columns.ts'

const columns = [
  { name: '_id', type: 'string', role: 'log' as const },
  { name: '_time', type: 'timestamp', role: 'log' as const },
  { name: '_release', type: 'int32', role: 'log' as const },
  ...['a', 'b,c', 'd', 'e', 'f'].map((name) => ({ name, type: 'float32', role: 'input' as const })),
  { name: 'label', type: 'string', role: 'output' as const },
]
const names = (list: { name: string }[]) => list.map((column) => column.name)

test('without a choice: time, release, outputs, the first inputs', () => {
  assert.deepEqual(standardColumns(columns), ['_time', '_release', 'label', 'a', 'b,c', 'd', 'e'])
  assert.deepEqual(names(shownColumns(columns, undefined)), standardColumns(columns))
})

test('a choice survives the address, with commas in names, and unknown names are dropped', () => {
  assert.deepEqual(names(shownColumns(columns, writeColumns(['b,c', 'gone', '_id']))), ['b,c', '_id'])
  assert.equal(shownColumns(columns, 'gone').length, 7)
})

test('the numbers of a column share their decimals, as many as mean something', () => {
  assert.equal(columnDecimals([0.0483626, 0.551832, null]), 4)
  assert.equal(columnDecimals([1234.5, 3]), 1)
  assert.equal(columnDecimals([12.25, 3]), 3)
  assert.equal(columnDecimals([1, 2, null, 'x']), undefined)
  assert.equal(columnDecimals([0.00001]), undefined)
})

test('numbers stand right, the log’s own columns have names for people', () => {
  assert.equal(isNumeric({ name: 'a', type: 'float32', role: 'input' }), true)
  assert.equal(isNumeric({ name: 'a', type: 'string', role: 'input' }), false)
  assert.equal(columnTitle('_total_ms'), 'Total')
  assert.equal(columnTitle('age'), 'age')
})
