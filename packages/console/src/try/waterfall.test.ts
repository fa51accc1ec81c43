import assert from 'node:assert/strict'
import { test } from 'node:test'
import { answeredOutput, explanationOf, waterfall } from './waterfall.ts'

const output = (contributions: Record<string, number>, bias = 0, of?: string) => ({
  ...(of === undefined ? {} : { of }),
  bias,
  margin: Object.values(contributions).reduce((sum, one) => sum + one, bias),
  contributions,
  reasons: [],
})

test('the bars lead from the bias to the margin, the largest column first', () => {
  const { steps, bias, margin } = waterfall(output({ age: -1, duration: 3, home: 2 }, 1), { age: 30, duration: 48, home: true }, 8)
  assert.deepEqual(
    steps.map(({ name, value, from, to }) => [name, value, from, to]),
    [
      ['duration', '48', 0, 0.6],
      ['home', 'true', 0.6, 1],
      ['age', '30', 1, 0.8],
    ],
  )
  assert.deepEqual([bias, margin], [0, 0.8])
})

test('columns beyond the most are one bar, which ends at the margin', () => {
  const many = Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`c${at}`, (at % 2 ? -1 : 1) * (40 - at)]))
  const { steps, margin } = waterfall(output(many, 5), {}, 8)
  assert.equal(steps.length, 9)
  assert.deepEqual([steps[0]?.name, steps[8]?.name, steps[0]?.value], ['c0', '32 more columns', undefined])
  assert.ok(Math.abs((steps[8]?.to ?? 0) - margin) < 1e-12)
  assert.ok(steps.every(({ from, to }) => Math.min(from, to) >= 0 && Math.max(from, to) <= 1))
})

test('columns that add nothing are counted and not drawn, and a rest of one is drawn itself', () => {
  const names = ({ steps }: ReturnType<typeof waterfall>) => steps.map(({ name }) => name)
  assert.deepEqual(names(waterfall(output({ a: 1, b: 0, c: 0 }), {}, 8)), ['a', '2 more columns'])
  assert.deepEqual(names(waterfall(output({ a: 3, b: 2, c: 1 }), {}, 2)), ['a', 'b', 'c'])
})

test('where nothing adds anything bias and margin stand in the middle', () => {
  const { steps, bias, margin } = waterfall(output({ a: 0 }, 4), {}, 8)
  assert.deepEqual([bias, margin, steps.map(({ from, to }) => [from, to])], [0.5, 0.5, [[0.5, 0.5]]])
})

test('the answered class is the one on show, else the largest margin', () => {
  const explanation = { method: 'linear', outputs: [output({ a: 1 }, 0, '0'), output({ a: 5 }, 0, '1'), output({ a: 2 }, 0, '2')] }
  assert.equal(answeredOutput(explanation, { label: 2, probabilities: { 0: 1 } }), 2)
  assert.equal(answeredOutput(explanation, { value: 0.7 }), 1)
  assert.equal(answeredOutput({ ...explanation, outputs: [output({ a: 1 })] }, undefined), 0)
})

test('an answer that is no explanation is none', () => {
  assert.equal(explanationOf({}), undefined)
  assert.equal(explanationOf({ explanations: [] }), undefined)
  assert.equal(explanationOf({ explanations: [{ method: 'linear', outputs: [{ ...output({}), margin: null }] }] }), undefined)
  assert.equal(explanationOf({ explanations: [{ method: 'linear', outputs: [output({ a: 1 })] }] })?.outputs.length, 1)
})
