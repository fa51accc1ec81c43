import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FairleadError, type Signature } from '@fairlead/contract'
import { type PipelineInput, pipeline as pipelineSchema } from '@fairlead/contract/control'
import { compilePipeline } from './pipeline.ts'

function classifier(classes: string[]): Signature {
  return {
    task: 'classification',
    inputs: [
      { name: 'amount', type: 'int64', shape: [-1, 1] },
      { name: 'x', type: 'float32', shape: [-1, 2] },
    ],
    outputs: [
      { name: 'label', type: 'int64', shape: [-1] },
      { name: 'p', type: 'float32', shape: [-1, classes.length] },
    ],
    columns: [
      { name: 'amount', type: 'int64', tensor: 'amount', min: 0, unit: 'EUR' },
      { name: 'burden', type: 'float32', tensor: 'x', index: 0 },
      { name: 'purpose', type: 'float32', tensor: 'x', index: 1, min: 0, max: 9 },
    ],
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

test('the model alone is what it was, and there is nothing to run', () => {
  const { modelOnly, signature, phases } = compile([{ model: {} }])
  assert.deepEqual([modelOnly, phases], [true, []])
  assert.equal(signature, BINARY)
})

test('what callers send is what steps and the model use and nothing earlier makes', () => {
  const { signature } = compile([
    {
      inputs: [
        { name: 'duration', type: 'int32', min: 1, unit: 'months' },
        { name: 'purpose', type: 'string', values: ['car', 'boat'] },
      ],
    },
    { derive: { burden: 'amount / duration' } },
    { encode: { purpose: { as: 'ordinal', categories: ['car', 'boat'] } } },
    { model: {} },
  ])
  assert.deepEqual(signature.columns, [
    { name: 'duration', type: 'int32', min: 1, unit: 'months', tensor: 'duration' },
    { name: 'purpose', type: 'string', values: ['car', 'boat'], tensor: 'purpose' },
    // it reaches the model as it is, so that its limits hold
    { name: 'amount', type: 'int64', min: 0, unit: 'EUR', tensor: 'amount' },
  ])
  assert.deepEqual(
    signature.inputs.map(({ name, shape }) => [name, shape]),
    [
      ['duration', [-1]],
      ['purpose', [-1]],
      ['amount', [-1]],
    ],
  )
  assert.deepEqual([signature.outputs, signature.fields], [BINARY.outputs, BINARY.fields])
})

test('a column that is changed on the way keeps its type, and not the limits of what the model gets', () => {
  const scaled = compile([{ scale: { purpose: { as: 'max-abs', max: 2 } } }, { model: {} }])
  assert.deepEqual(scaled.signature.columns[0], { name: 'purpose', type: 'float32', tensor: 'purpose' })
  const filled = compile([{ default: { purpose: 3 } }, { model: {} }])
  assert.deepEqual(filled.signature.columns[0], { name: 'purpose', type: 'float32', tensor: 'purpose', min: 0, max: 9, optional: true })
  const renamed = compile([{ inputs: [{ name: 'use', type: 'float32' }] }, { rename: { use: 'purpose' } }, { model: {} }])
  assert.deepEqual(renamed.signature.columns[0], { name: 'use', type: 'float32', tensor: 'use', min: 0, max: 9 })
})

test('what callers get is what the model answers and steps behind it add, replace or choose', () => {
  const { signature } = compile([
    { model: {} },
    { calibrate: { as: 'platt', a: -2, b: 1 } },
    { decide: { label: 'review', when: 'probability > 0.5', reason: 'why' } },
    { derive: { large: 'amount > 10' } },
    { select: ['decision', 'why', 'probabilities', 'large', 'amount'] },
  ])
  assert.deepEqual(
    signature.fields.map(({ name, kind, type, tensor, optional }) => [name, kind, type, tensor, optional ?? false]),
    [
      ['decision', 'label', 'string', 'decision', true],
      ['why', 'value', 'string', 'why', true],
      ['probabilities', 'probabilities', 'float64', 'probabilities', false],
      ['large', 'value', 'bool', 'large', false],
      ['amount', 'value', 'int64', 'amount', false],
    ],
  )
  assert.deepEqual(signature.fields[0]!.classes, ['review'])
  assert.deepEqual(signature.outputs[2], { name: 'probabilities', type: 'float64', shape: [-1, 2] })
})

test('models are one phase, and what needs their answers the next', () => {
  const { phases, calls } = compile([{ derive: { burden: 'amount / 2' } }, { model: {} }, { derive: { twice: 'probability * 2' } }])
  assert.deepEqual(
    phases.map((phase) => [phase.fills.map(({ name }) => name), phase.operations.length, phase.calls]),
    [
      [['amount'], 1, [0]],
      [['probabilities.bad'], 1, []],
    ],
  )
  assert.deepEqual(
    calls[0]!.inputs.flatMap(({ columns }) => columns.map(({ column, from }) => [column.name, 'request' in from])),
    [
      ['amount', true],
      ['burden', false],
      ['purpose', true],
    ],
  )
})

test('what is wrong names the step, the field and the position', () => {
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
  assert.match(refusal([{ calibrate: { as: 'platt', a: 1, b: 1 } }, { model: {} }]).message, /after the model/)
  const typo = refusal([{ derive: { ok: '1', burden: 'amout / 2' } }, { model: {} }])
  assert.match(typo.message, /did you mean "amount"/)
  assert.deepEqual(
    typo.items.map((item) => [item.path, item.code]),
    [['pipeline[0].derive.burden', 'expression-invalid']],
  )
})

test('a model needs its columns, of types that fit', () => {
  assert.match(
    refusal([{ select: { drop: ['burden'] } }, { model: {} }]).message,
    /\(model\.burden\): the model needs the column "burden" \(float32\), and no step makes it/,
  )
  assert.match(refusal([{ derive: { burden: "'x'" } }, { model: {} }]).message, /"burden" is of type float32, and here it is a text/)
  assert.match(refusal([{ rename: { amount: 'sum' } }, { model: {} }]).message, /needs the column "amount"/)
  assert.match(refusal([{ derive: { a: 'duration' } }, { model: {} }]).message, /duration/)
  assert.match(refusal([{ clip: { duration: { min: 1 } } }, { model: {} }]).message, /no column "duration".*declared by a first step `inputs`/)
  assert.match(refusal([{ model: {} }, { select: { drop: ['label', 'probabilities'] } }]).message, /no fields/)
})

test('fields of several values are named by their keys', () => {
  const when = (text: string, signature?: Signature) => refusal([{ model: {} }, { decide: { label: 'a', when: text } }], signature).message
  assert.match(when('probability > 0.5', classifier(['a', 'b', 'c c'])), /write probabilities\.a or .*`c c`/)
  assert.match(when('probabilities > 1'), /several values.*probabilities\.good/)
  const regressor: Signature = { ...BINARY, task: 'regression', fields: [{ name: 'value', kind: 'value', type: 'float32', tensor: 'p' }] }
  assert.match(when('probability > 0.5', regressor), /answers no probabilities/)
  assert.match(refusal([{ model: {} }, { calibrate: { as: 'platt', a: 1, b: 1 } }], classifier(['a', 'b', 'c'])).message, /name one of a, b, c/)
})
