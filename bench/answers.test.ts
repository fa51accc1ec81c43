import assert from 'node:assert/strict'
import { test } from 'node:test'
import { differs } from './answers.ts'

const EXPECT = { label: 1, probabilities: [0.25, 0.75] }
const judge = (answer: unknown): string | undefined => differs(Buffer.from(JSON.stringify(answer)), EXPECT)

test('every form of a right answer is right', () => {
  const forms = {
    rows: { id: 'x', predictions: [{ label: 1, probabilities: { '0': 0.25, '1': 0.75 } }] },
    tensors: {
      outputs: [
        { name: 'label', datatype: 'INT64', shape: [1], data: [1] },
        { name: 'probabilities', datatype: 'FP32', shape: [1, 2], data: [0.25, 0.75] },
      ],
    },
    nested: {
      outputs: [
        { name: 'label', data: [[1]] },
        { name: 'probabilities', data: [[0.25, 0.75000001]] },
      ],
    },
    columns: { predictions: { label: [1], probabilities: [[0.25, 0.75]] } },
    list: [{ label: 1, probabilities: [0.25, 0.75] }],
    bare: { label: 1, probabilities: [0.25, 0.75] },
  }
  for (const [form, answer] of Object.entries(forms)) assert.equal(judge(answer), undefined, form)
})

test('a wrong, missing or superfluous value is found', () => {
  assert.match(judge({ label: 0, probabilities: [0.25, 0.75] }) ?? '', /label 0 where 1/)
  assert.match(judge({ label: 1, probabilities: [0.25, 0.76] }) ?? '', /0\.25,0\.76 where/)
  assert.match(judge({ label: 1, probabilities: [0.25] }) ?? '', /probabilities 0\.25 where/)
  assert.match(judge({ label: 1, probabilities: [0.25, 0.75, 0] }) ?? '', /probabilities/)
  assert.match(judge({ label: 1, probabilities: [0.25, null] }) ?? '', /probabilities/)
  assert.match(judge({ label: 1 }) ?? '', /probabilities/)
  assert.match(judge({ predictions: [] }) ?? '', /label undefined/)
  assert.match(judge([]) ?? '', /label undefined/)
  assert.match(judge({ outputs: [] }) ?? '', /label undefined/)
  assert.match(judge({}) ?? '', /label undefined/)
})

test('an answer that is not JSON is wrong, not a crash', () => {
  assert.match(differs(Buffer.from('<html>'), EXPECT) ?? '', /label undefined/)
  assert.match(differs(Buffer.from('null'), EXPECT) ?? '', /label undefined/)
})

test('bytes are compared at the end of the body', () => {
  const bytes = Buffer.from([1, 2, 3])
  assert.equal(differs(Buffer.from([9, 1, 2, 3]), { bytes }), undefined)
  assert.match(differs(Buffer.from([1, 2, 4]), { bytes }) ?? '', /other bytes/)
  assert.match(differs(Buffer.from([2, 3]), { bytes }) ?? '', /other bytes/)
})

test('values of one tensor are compared one by one', () => {
  const values = Float32Array.from([0.25, 1, 2.5])
  const judged = (data: unknown): string | undefined => differs(Buffer.from(JSON.stringify({ outputs: [{ name: 'output', data }] })), { values })
  assert.equal(judged([0.25, 1, 2.5]), undefined)
  for (const wrong of [[0.25, 1], [0.25, 1, 2], [0.25, 1, 2.5, 3], undefined]) assert.match(judged(wrong) ?? '', /other values/)
  assert.match(differs(Buffer.from('{}'), { values }) ?? '', /other values/)
})
