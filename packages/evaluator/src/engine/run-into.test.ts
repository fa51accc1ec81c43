import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Form } from '../form/form.ts'
import { compile } from './compile.ts'

const FORM: Form = {
  version: 1,
  source: { format: 'onnx', version: '', objective: '' },
  inputs: [
    { name: 'x', type: 'f64', width: 2 },
    { name: 'y', type: 'f64', width: 2 },
  ],
  steps: [
    { op: 'link', of: [1], function: 'complement', scale: 1 },
    { op: 'argmax', of: [0], last: false },
  ],
  outputs: [
    { name: 'rest', value: 2, role: 'other', rank: 2 },
    { name: 'largest', value: 3, role: 'other', rank: 1 },
  ],
  texts: [],
}

test('arrays that are given are filled block by block, as run gives them', () => {
  const rows = 300
  const x = Float64Array.from({ length: 2 * rows }, (_, at) => Math.sin(at))
  const y = Float64Array.from({ length: 2 * rows }, (_, at) => Math.cos(at))
  const answers = [new Float64Array(2 * rows), new Int32Array(rows)] as const
  const predictor = compile(FORM, { block: 64 })
  predictor.runInto([x, y], rows, answers)
  assert.deepEqual(predictor.run({ x, y }, rows), { rest: answers[0], largest: answers[1] })
  assert.deepEqual([...answers[0].subarray(0, 2)], [1 - y[0]!, 1 - y[1]!])
})

test('rows put together in the memory are worked out there, block by block, for every output', () => {
  const predictor = compile(FORM, { block: 64 })
  for (const rows of [3, 300, 2]) {
    const [x, y] = predictor.inputs(rows) as [Float64Array, Float64Array]
    for (let at = 0; at < 2 * rows; at++) {
      x[at] = Math.sin(at)
      y[at] = Math.cos(at)
    }
    const answers = [new Float64Array(2 * rows), new Int32Array(rows)] as const
    predictor.evaluateInto(rows, answers)
    assert.deepEqual(predictor.run({ x: x.slice(0, 2 * rows), y: y.slice(0, 2 * rows) }, rows), { rest: answers[0], largest: answers[1] })
  }
})

test('the views of all inputs are the same arrays until they are too short or lie elsewhere', () => {
  const predictor = compile(FORM, { block: 64 })
  assert.throws(() => predictor.evaluateInto(1, [new Float64Array(2), new Int32Array(1)]), /input x: no view of 1 rows was asked for/)
  const views = predictor.inputs(10)
  assert.equal(predictor.inputs(64), views)
  predictor.run({ x: new Float64Array(200), y: new Float64Array(200) }, 100)
  assert.equal(predictor.inputs(1), views)
  assert.notEqual(predictor.inputs(65), views)
  const longer = predictor.inputs(65)
  predictor.input(100_000, 'x')
  const moved = predictor.inputs(65)
  assert.notEqual(moved, longer)
  assert.equal(predictor.inputs(65), moved)
  moved[0]!.fill(0.25 as never)
  moved[1]!.fill(0.5 as never)
  const answers = [new Float64Array(130), new Int32Array(65)] as const
  predictor.evaluateInto(65, answers)
  assert.equal(answers[0].at(-1), 0.5)
})
