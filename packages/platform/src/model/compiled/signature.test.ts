import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Column, Form, Input, Output, Step } from '@fairlead/evaluator'
import { fails } from '../test-support.ts'
import { formSignature } from './signature.ts'

const columns = (...names: string[]): Column[] => names.map((name) => ({ name }))

function form(input: Partial<Input>, steps: Step[] = [], outputs: Output[] = [{ name: 'prediction', value: 0, role: 'prediction', rank: 1 }]): Form {
  return {
    version: 1,
    source: { format: 'xgboost', version: '', objective: '' },
    inputs: [{ name: 'input', type: 'f32', width: 2, ...input }],
    steps,
    outputs,
    texts: [],
  }
}

test('named columns of numbers share a tensor, and take what is missing unless they must not', () => {
  const { inputs, columns: found, task, fields } = formSignature(form({ columns: columns('age', 'income'), required: [1] }))
  assert.deepEqual(inputs, [{ name: 'input', type: 'float32', shape: [-1, 2] }])
  assert.deepEqual(found, [
    { name: 'age', type: 'float32', tensor: 'input', index: 0, optional: true },
    { name: 'income', type: 'float32', tensor: 'input', index: 1 },
  ])
  assert.deepEqual([task, fields], ['regression', [{ name: 'value', kind: 'value', type: 'float32', tensor: 'prediction' }]])
})

test('columns without names are one column of all numbers', () => {
  assert.deepEqual(formSignature(form({ width: 3 })).columns, [{ name: 'input', type: 'float32', tensor: 'input', shape: [3] }])
  assert.deepEqual(formSignature(form({ width: 1 })).columns, [{ name: 'input', type: 'float32', tensor: 'input', optional: true }])
})

test('columns of categories have tensors of their own, and list what they take', () => {
  const mixed: Column[] = [
    { name: 'colour', categories: { values: ['red', 'blue'], unseen: 'refuse' } },
    { name: 'size', categories: { values: [1, 2], unseen: 'missing' } },
    { name: 'weight' },
  ]
  const { inputs, columns: found } = formSignature(form({ width: 3, type: 'f64', columns: mixed }))
  assert.deepEqual(inputs, [
    { name: 'colour', type: 'string', shape: [-1] },
    { name: 'size', type: 'float64', shape: [-1] },
    { name: 'weight', type: 'float64', shape: [-1] },
  ])
  assert.deepEqual(found, [
    { name: 'colour', type: 'string', tensor: 'colour', optional: true, values: ['red', 'blue'] },
    { name: 'size', type: 'float64', tensor: 'size', optional: true },
    { name: 'weight', type: 'float64', tensor: 'weight', optional: true },
  ])
})

test('a classifier answers label and probabilities, and no margin', () => {
  const steps: Step[] = [
    { op: 'link', of: [0], function: 'softmax', scale: 1 },
    { op: 'argmax', of: [1], last: false },
    { op: 'choose', of: [2], labels: [-10, 10], to: 'i64' },
  ]
  const outputs: Output[] = [
    { name: 'label', value: 3, role: 'label', rank: 1 },
    { name: 'probabilities', value: 1, role: 'probabilities', rank: 2, classes: [-10, 10] },
    { name: 'margin', value: 0, role: 'margin', rank: 2 },
  ]
  const signature = formSignature(form({}, steps, outputs))
  assert.equal(signature.task, 'classification')
  assert.deepEqual(signature.outputs, [
    { name: 'label', type: 'int64', shape: [-1] },
    { name: 'probabilities', type: 'float32', shape: [-1, 2] },
  ])
  assert.deepEqual(signature.fields, [
    { name: 'label', kind: 'label', type: 'int64', tensor: 'label' },
    { name: 'probabilities', kind: 'probabilities', type: 'float32', tensor: 'probabilities', classes: ['-10', '10'] },
  ])
})

test('a model that gives nothing but margins answers them; several values a row are a list', () => {
  const margin: Output = { name: 'margin', value: 0, role: 'margin', rank: 2 }
  const { task, fields } = formSignature(form({}, [], [margin]))
  assert.deepEqual([task, fields], ['other', [{ name: 'margin', kind: 'values', type: 'float32', tensor: 'margin', shape: [2] }]])
})

test('two columns of one name are refused', () => {
  assert.throws(() => formSignature(form({ columns: columns('a', 'a') })), fails('signature-invalid', /two columns of the name "a"/))
})
