import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FairleadError, type Signature } from '@fairlead/contract'
import { type PipelineInput, pipeline as pipelineSchema } from '@fairlead/contract/control'
import { compilePipeline } from './pipeline.ts'

function classifier(classes: string[]): Signature {
  return {
    task: 'classification',
    inputs: [{ name: 'amount', type: 'int64', shape: [-1, 1] }],
    outputs: [
      { name: 'label', type: 'int64', shape: [-1] },
      { name: 'p', type: 'float32', shape: [-1, classes.length] },
    ],
    columns: [{ name: 'amount', type: 'int64', tensor: 'amount' }],
    fields: [
      { name: 'label', kind: 'label', type: 'int64', tensor: 'label', classes },
      { name: 'probabilities', kind: 'probabilities', type: 'float32', tensor: 'p', classes },
    ],
  }
}

const BINARY = classifier(['good', 'bad'])

function compile(steps: PipelineInput, signature = BINARY) {
  return compilePipeline(pipelineSchema.parse(steps), signature)
}

function refusal(steps: PipelineInput, signature = BINARY): FairleadError {
  try {
    compile(steps, signature)
  } catch (error) {
    assert.ok(error instanceof FairleadError)
    assert.equal(error.code, 'pipeline-invalid')
    return error
  }
  assert.fail('the pipeline was accepted')
}

const inputs = { amount: { shape: [3, 1], data: new BigInt64Array([100n, 5000n, 9000n]) } }
const outputs = { label: { shape: [3], data: new BigInt64Array([0n, 1n, 1n]) }, p: { shape: [3, 2], data: new Float32Array([0.9, 0.1, 0.4, 0.6, 0.2, 0.8]) } }

test('the model alone adds nothing', () => {
  const compiled = compile([{ model: {} }])
  assert.equal(compiled.modelOnly, true)
  assert.deepEqual(compiled.apply(inputs, outputs, 3), {})
})

test('decide takes the first rule that holds, and null where none does', () => {
  const { apply, added } = compile([
    { model: {} },
    {
      decide: {
        rules: [
          { label: 'reject', when: 'probabilities.bad > 0.7' },
          { label: 'review', when: "label = 'bad' or amount > 8000" },
        ],
      },
    },
  ])
  const { decision } = apply(inputs, outputs, 3)
  assert.deepEqual(decision!.data, ['', 'review', 'reject'])
  assert.deepEqual([...decision!.nulls!], [1, 0, 0])
  assert.deepEqual(added, [{ name: 'decision', labels: ['reject', 'review'], nullable: true }])
})

test('a later decide sees an earlier one, and otherwise fills the rest', () => {
  const { apply } = compile([
    { model: {} },
    { decide: { field: 'risk', label: 'high', when: 'probability > 0.5', otherwise: 'low' } },
    { decide: { field: 'manual', label: 'yes', when: "risk = 'high' and amount < 6000", otherwise: 'no' } },
  ])
  const added = apply(inputs, outputs, 3)
  assert.deepEqual(added.risk!.data, ['low', 'high', 'high'])
  assert.deepEqual(added.manual!.data, ['no', 'yes', 'no'])
  assert.equal(added.risk!.nulls, undefined)
})

test('probability means the last of two classes, and is refused with a hint otherwise', () => {
  assert.match(
    refusal([{ model: {} }, { decide: { label: 'a', when: 'probability > 0.5' } }], classifier(['a', 'b', 'c c'])).message,
    /write probabilities\.a or .*`c c`/,
  )
  const regressor: Signature = { ...BINARY, task: 'regression', fields: [{ name: 'value', kind: 'value', type: 'float32', tensor: 'p' }] }
  assert.match(refusal([{ model: {} }, { decide: { label: 'a', when: 'probability > 0.5' } }], regressor).message, /answers no probabilities/)
})

test('what is wrong names its step', () => {
  const decide = { decide: { label: 'a', when: 'amount > 1' } }
  assert.match(refusal([decide]).message, /no model step/)
  assert.match(refusal([decide, { model: {} }]).message, /step 1 .*after the model/)
  assert.match(refusal([{ model: {} }, { model: {} }]).message, /step 2 .*only one model/)
  assert.match(refusal([{ model: {} }, { decide: { label: 'a' } }]).message, /needs `label` and `when`/)
  assert.match(refusal([{ model: {} }, { decide: { rules: [] } }]).message, /empty/)
  assert.match(refusal([{ model: {} }, { decide: { label: 'a', when: 'amount > 1', rules: [] } }]).message, /not both/)
  assert.match(refusal([{ model: {} }, decide, decide]).message, /step 3 .*already has a field "decision"/)
  assert.match(refusal([{ model: {} }, { decide: { field: 'label', label: 'a', when: 'amount > 1' } }]).message, /already has a field "label"/)
  assert.match(refusal([{ model: {} }, { decide: { label: 'a', when: 'amount' } }]).message, /must be true or false/)
  const typo = refusal([{ model: {} }, { decide: { label: 'a', when: 'amout > 1' } }])
  assert.match(typo.message, /did you mean "amount"/)
  assert.deepEqual(
    typo.items.map((item) => [item.path, item.code]),
    [['pipeline[1]', 'expression-invalid']],
  )
  assert.match(refusal([{ model: {} }, { decide: { label: 'a', when: 'probabilities > 1' } }]).message, /several values.*probabilities\.good/)
  assert.match(refusal([{ model: {} }, { decide: { label: 'a', when: 'probabilities.x > 1' } }]).message, /no such value/)
})
