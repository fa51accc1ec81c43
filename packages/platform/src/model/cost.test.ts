import assert from 'node:assert/strict'
import { test } from 'node:test'
import { COST_ROWS, estimateMicros, estimatesOf, graphWork } from './cost.ts'

const TREES = { steps: 2, cells: 32, visits: 585, weights: 0 }

test('more rows and more splits cost more, and a machine of half the speed takes twice as long', () => {
  const costs = estimatesOf('compiled', TREES)
  assert.deepEqual(
    costs.map(({ rows }) => rows),
    COST_ROWS.slice(),
  )
  assert.ok(costs.every(({ micros }, at) => at === 0 || micros > costs[at - 1]!.micros))
  assert.ok(estimateMicros('compiled', { ...TREES, visits: 5850 }, { rows: 1 }) > 5 * estimateMicros('compiled', TREES, { rows: 1 }))
  const [one, two] = [1, 2].map((machine) => estimateMicros('onnx', TREES, { rows: 128, machine }))
  assert.ok(Math.abs(two! - 2 * one!) < 0.2)
})

test('rows of a block that is not full go down the trees one by one where that is faster', () => {
  const only = { steps: 0, cells: 0, visits: 10_000, weights: 0 }
  const cost = (rows: number) => estimateMicros('compiled', only, { rows })
  assert.ok(Math.abs(cost(4) - 0.3 - 4 * (cost(1) - 0.3)) < 1)
  assert.equal(cost(40), cost(64))
  assert.ok(cost(65) > cost(64))
})

test('the work of a graph is what its operators and numbers tell', () => {
  const signature = {
    inputs: [{ name: 'x', type: 'float32' as const, shape: [-1, 30] }],
    outputs: [{ name: 'y', type: 'float32' as const, shape: [-1, -1] }],
  }
  assert.deepEqual(graphWork({ operators: { MatMul: 2, Relu: 1 }, parameters: 900 }, signature), { steps: 3, cells: 31, visits: 0, weights: 900 })
})
