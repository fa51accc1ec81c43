import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Signature } from '@fairlead/contract'
import type { PipelineInput } from '@fairlead/contract/control'
import { stepsAround } from '../testing/steps.ts'
import type { Tensors } from '../types.ts'

/** Answers the probability of `bad` as `burden`, cut to 0 and 1; its inputs are a wide tensor and one of whole numbers. */
const SIGNATURE: Signature = {
  task: 'classification',
  inputs: [
    { name: 'amount', type: 'int64', shape: [-1, 1] },
    { name: 'x', type: 'float32', shape: [-1, 2] },
    { name: 'code', type: 'int32', shape: [-1, 1] },
  ],
  outputs: [
    { name: 'label', type: 'int64', shape: [-1] },
    { name: 'p', type: 'float32', shape: [-1, 2] },
  ],
  columns: [
    { name: 'amount', type: 'int64', tensor: 'amount', min: 0 },
    { name: 'burden', type: 'float32', tensor: 'x', index: 0, max: 100 },
    { name: 'age', type: 'float32', tensor: 'x', index: 1, optional: true },
    { name: 'code', type: 'int32', tensor: 'code' },
  ],
  fields: [
    { name: 'label', kind: 'label', type: 'int64', tensor: 'label', classes: ['good', 'bad'] },
    { name: 'probabilities', kind: 'probabilities', type: 'float32', tensor: 'p', classes: ['good', 'bad'] },
  ],
}

function run(steps: PipelineInput) {
  const seen: Tensors[] = []
  const around = stepsAround(SIGNATURE, steps, (inputs, rows) => {
    seen.push(inputs)
    const burden = inputs.x!.data as Float32Array
    const bad = Float32Array.from({ length: rows }, (_, i) => Math.min(1, Math.max(0, burden[i * 2]!)))
    return {
      label: { type: 'int64', shape: [rows], data: BigInt64Array.from(bad, (p) => (p > 0.5 ? 1n : 0n)) },
      p: { type: 'float32', shape: [rows, 2], data: Float32Array.from({ length: rows * 2 }, (_, i) => (i % 2 === 0 ? 1 - bad[i >> 1]! : bad[i >> 1]!)) },
    }
  })
  return { ...around, seen }
}

const DERIVED: PipelineInput = [{ inputs: [{ name: 'duration', type: 'int32' }] }, { derive: { burden: 'amount / duration' } }, { model: {} }]

test('steps make the tensors of the model, and its answer is that of callers', async () => {
  const { predict, seen } = run(DERIVED)
  assert.deepEqual(
    await predict([
      { amount: 3, duration: 12, code: 7 },
      { amount: 9, duration: 12, code: -7, age: 30 },
    ]),
    [
      { label: 'good', probabilities: { good: 0.75, bad: 0.25 } },
      { label: 'bad', probabilities: { good: 0.25, bad: 0.75 } },
    ],
  )
  const [{ amount, x, code }] = seen as [Tensors]
  assert.deepEqual([amount!.shape, amount!.data], [[2, 1], BigInt64Array.of(3n, 9n)])
  assert.deepEqual([x!.shape, x!.data], [[2, 2], Float32Array.of(0.25, Number.NaN, 0.75, 30)])
  assert.deepEqual([...x!.nulls!], [0, 1, 0, 0])
  assert.deepEqual([code!.type, code!.data], ['int32', Int32Array.of(7, -7)])
})

test('what a step made and the model does not take is refused by row and column', async () => {
  const { predict } = run(DERIVED)
  const good = { amount: 3, duration: 12, code: 7 }
  await assert.rejects(async () => predict([good, { ...good, duration: 0 }]), {
    code: 'value-missing',
    message: /^rows\[1\]\.burden: null, .*required; a step made it/,
  })
  await assert.rejects(async () => predict([good, { ...good, amount: 9e6 }]), {
    code: 'value-range',
    message: /rows\[1\]\.burden: 750000 is outside its range, at most 100/,
  })
  const coded = run([{ derive: { code: 'amount / 2', burden: '0.5' } }, { model: {} }])
  await assert.rejects(async () => coded.predict([{ amount: 3 }]), { code: 'value-type', message: /rows\[0\]\.code: 1\.5 is not a whole number/ })
  await assert.rejects(async () => coded.predict([{ amount: 1e15 }]), { code: 'value-range', message: /does not fit into int32/ })
  assert.deepEqual(await coded.predict([{ amount: 4 }]), [{ label: 'good', probabilities: { good: 0.5, bad: 0.5 } }])
})

test('what callers send is checked against their signature', async () => {
  const { predict } = run(DERIVED)
  await assert.rejects(async () => predict([{ amount: -1, duration: 1, code: 1 }]), { code: 'value-range' })
  await assert.rejects(async () => predict([{ amount: 1, code: 1 }]), { code: 'column-missing', message: /"duration"/ })
  await assert.rejects(async () => predict([{ amount: 1, duration: 1, code: 1, burden: 4 }]), { code: 'column-unknown' })
})

test('steps behind the model see its answer and everything before it', async () => {
  const steps: PipelineInput = [
    ...DERIVED,
    { calibrate: { as: 'isotonic', x: [0, 1], y: [0.5, 1] } },
    {
      decide: {
        review: { below: 0.6 },
        thresholds: { of: 'probability', above: [{ limit: 0.8, label: 'decline' }] },
        rules: [{ label: 'large', when: 'amount > 8', reason: 'too much' }],
        otherwise: 'accept',
        reason: 'why',
      },
    },
    { derive: { share: 'burden * 100', bad: 'probabilities.bad' } },
    { select: ['decision', 'why', 'share', 'bad', 'duration'] },
  ]
  const { predict } = run(steps)
  const rows = [3, 9, 12, 0].map((amount) => ({ amount, duration: 12, code: 1 }))
  assert.deepEqual(await predict(rows), [
    { decision: 'accept', why: null, share: 25, bad: 0.625, duration: 12 },
    { decision: 'decline', why: 'probability is at least 0.8', share: 75, bad: 0.875, duration: 12 },
    { decision: 'decline', why: 'probability is at least 0.8', share: 100, bad: 1, duration: 12 },
    { decision: 'review', why: 'no class has a probability of 0.6 or more', share: 0, bad: 0.5, duration: 12 },
  ])
  const [large] = await run([...steps.slice(0, 4), steps[4]!]).predict([{ amount: 8.0 + 1, duration: 40, code: 1 }])
  assert.deepEqual([large!.decision, large!.why], ['large', 'too much'])
})

test('calibration maps one class and leaves the others their ratio', async () => {
  const around = (options: object, bad: number) =>
    run([{ model: {} }, { calibrate: options as never }])
      .predict([{ amount: 1, burden: bad, code: 1 }])
      .then(([row]) => row!.probabilities as Record<string, number>)
  const platt = await around({ as: 'platt', a: -4, b: 2 }, 0.75)
  assert.ok(Math.abs(platt.bad! - 1 / (1 + Math.exp(-1))) < 1e-12)
  assert.ok(Math.abs(platt.good! + platt.bad! - 1) < 1e-12)
  const beta = await around({ as: 'beta', a: 1, b: 1, c: 0, of: 'good' }, 0.25)
  assert.ok(Math.abs(beta.good! - 0.75) < 1e-7)
  assert.deepEqual(await around({ as: 'isotonic', x: [0.2, 0.6], y: [0.1, 0.4] }, 1), { good: 0.6, bad: 0.4 })
})
