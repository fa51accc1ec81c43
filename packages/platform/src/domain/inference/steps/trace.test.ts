import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pipeline as pipelineSchema } from '@fairlead/contract/control'
import { FAKE_SIGNATURE, fakeModel, fakeSession } from '../../../testing/fake-model.ts'
import { checkSteps, traceSteps } from './trace.ts'

const STEPS = pipelineSchema.parse([
  {
    inputs: [
      { name: 'years', type: 'float64' },
      { name: 'sum', type: 'float32' },
    ],
  },
  { rename: { sum: 'amount' } },
  { derive: { duration: 'years * 12' } },
  { clip: { amount: { max: 6000 } } },
  { model: {} },
  { decide: { label: 'review', when: 'probability > 0.5' } },
  { select: { drop: ['label'] } },
])
const ROWS = [
  { years: 1, sum: 2500, age: 30, purpose: 'car' },
  { years: 2, sum: 9000, age: 40, purpose: null },
]

test('a check tells what each step makes and takes away, without rows', () => {
  const { steps, signature, rows } = checkSteps(STEPS, FAKE_SIGNATURE)
  assert.deepEqual(
    steps.map(({ step, made, removed }) => [step, made.map(({ name, change }) => `${name} ${change}`), removed]),
    [
      ['inputs', [], []],
      ['rename', ['amount new'], ['sum']],
      ['derive', ['duration new'], []],
      ['clip', ['amount changed'], []],
      ['model', ['label new', 'probabilities new'], []],
      ['decide', ['decision new'], []],
      ['select', [], ['label']],
    ],
  )
  assert.deepEqual([rows, signature.columns.map(({ name }) => name)], [undefined, ['years', 'sum', 'age', 'purpose']])
})

test('a trace tells what rows were like before and behind each step', async () => {
  const { steps, answers, rows } = await traceSteps({ pipeline: STEPS, signature: FAKE_SIGNATURE, rows: ROWS, session: fakeSession(fakeModel()) })
  const made = (step: number) => steps[step]!.made[0]!
  assert.deepEqual([made(2).after, made(2).rowsChanged, made(2).before], [[12, 24], 2, undefined])
  assert.deepEqual([made(3).before, made(3).after, made(3).rowsChanged], [[2500, 9000], [2500, 6000], 1])
  assert.deepEqual([made(5).after, made(5).nulls], [[null, 'review'], 1])
  assert.deepEqual([rows, answers?.map(({ decision }) => decision)], [2, [null, 'review']])
})

test('without a model, everything before it is told', async () => {
  const { steps, answers } = await traceSteps({ pipeline: STEPS, signature: FAKE_SIGNATURE, rows: ROWS, session: undefined })
  assert.deepEqual([steps[3]!.made[0]!.after, steps[4]!.made[0]!.after, answers], [[2500, 6000], undefined, undefined])
  await assert.rejects(traceSteps({ pipeline: STEPS, signature: FAKE_SIGNATURE, rows: [{ ...ROWS[0]!, age: 5 }], session: undefined }), { code: 'value-range' })
})
