import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Form } from '../../form/form.ts'
import { interpret } from '../../plain/interpret.ts'
import { compile } from '../compile.ts'

/** Where the steps of the power change, and their neighbours; all of it, and its halves, on both sides of 0. */
function numbers(): number[] {
  const found: number[] = []
  for (const edge of [3.725290298461914e-9, 0.5 * Math.LN2, 1.5 * Math.LN2, 700, 708.4, 709.782712893384, 745.1332191019411])
    for (const near of [1 - 2 ** -23, 1 - 2 ** -52, 1, 1 + 2 ** -52, 1 + 2 ** -23]) found.push(edge * near, -edge * near)
  for (let k = -1000; k <= 1000; k++) found.push(k * 0.7, k * 0.01, (k + 0.5) * Math.LN2, k * 1e-6)
  return found
}

test('sigmoids of plain numbers side by side have the bits of single ones', () => {
  for (const type of ['f32', 'f64'] as const) {
    for (const width of [1, 2, 3]) {
      const form: Form = {
        version: 1,
        source: { format: 'onnx', version: '', objective: '' },
        inputs: [{ name: 'x', type, width }],
        steps: [{ op: 'link', of: [0], function: 'sigmoid', scale: 1 }],
        outputs: [{ name: 'y', value: 1, role: 'other', rank: 2 }],
        texts: [],
      }
      const all = numbers()
      const rows = Math.floor(all.length / width)
      const some = (type === 'f32' ? Float32Array : Float64Array).from(all.slice(0, rows * width))
      assert.deepEqual(compile(form).run({ x: some }, rows)['y'], interpret(form, [some], rows).get('y'))
    }
  }
})
