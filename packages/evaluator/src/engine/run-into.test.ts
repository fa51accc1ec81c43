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
