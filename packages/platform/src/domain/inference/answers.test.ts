import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Signature } from '@fairlead/contract'
import { AnswersPlan } from './answers.ts'
import type { Tensors } from './types.ts'

function write(fields: Signature['fields'], outputs: Tensors, rows: number, specs: Signature['outputs'] = []): unknown {
  const signature: Signature = { task: 'other', inputs: [], outputs: specs, columns: [], fields }
  return JSON.parse(new AnswersPlan(signature).write(outputs, rows))
}

test('labels and probabilities are named by class', () => {
  const outputs: Tensors = {
    l: { type: 'int64', shape: [2], data: new BigInt64Array([0n, 1n]) },
    p: { type: 'float32', shape: [2, 2], data: new Float32Array([0.81, 0.19, 0.25, 0.75]) },
  }
  const classes = ['go"od', 'bad']
  assert.deepEqual(
    write(
      [
        { name: 'label', kind: 'label', type: 'int64', tensor: 'l', classes },
        { name: 'probabilities', kind: 'probabilities', type: 'float32', tensor: 'p', classes },
      ],
      outputs,
      2,
    ),
    [
      { label: 'go"od', probabilities: { 'go"od': 0.81, bad: 0.19 } },
      { label: 'bad', probabilities: { 'go"od': 0.25, bad: 0.75 } },
    ],
  )
})

test('without classes a label is as the model has it, and probabilities go by index', () => {
  const outputs: Tensors = { l: { type: 'string', shape: [1], data: ['ä"'] }, p: { type: 'float64', shape: [1, 2], data: new Float64Array([0.5, 0.5]) } }
  const specs: Signature['outputs'] = [{ name: 'p', type: 'float64', shape: [-1, 2] }]
  assert.deepEqual(
    write(
      [
        { name: 'label', kind: 'label', type: 'string', tensor: 'l' },
        { name: 'p', kind: 'probabilities', type: 'float64', tensor: 'p' },
      ],
      outputs,
      1,
      specs,
    ),
    [{ label: 'ä"', p: { 0: 0.5, 1: 0.5 } }],
  )
})

test('values may be plain, nested, not finite, null or absent', () => {
  const outputs: Tensors = {
    v: { type: 'float32', shape: [2, 1], data: new Float32Array([Number.NaN, 1.5]) },
    n: { type: 'int8', shape: [2, 2, 1], data: new Int8Array([1, 2, 3, 4]) },
    d: { type: 'string', shape: [2], data: ['', 'x'], nulls: new Uint8Array([1, 0]) },
  }
  assert.deepEqual(
    write(
      [
        { name: 'value', kind: 'value', type: 'float32', tensor: 'v' },
        { name: 'nested', kind: 'values', type: 'int8', tensor: 'n' },
        { name: 'd', kind: 'value', type: 'string', tensor: 'd' },
        { name: 'gone', kind: 'value', type: 'string', tensor: 'gone' },
      ],
      outputs,
      2,
    ),
    [
      { value: 'NaN', nested: [[1], [2]], d: null, gone: null },
      { value: 1.5, nested: [[3], [4]], d: 'x', gone: null },
    ],
  )
})

test('64-bit integers keep all digits', () => {
  const signature: Signature = { task: 'other', inputs: [], outputs: [], columns: [], fields: [{ name: 'n', kind: 'value', type: 'int64', tensor: 'n' }] }
  const text = new AnswersPlan(signature).write({ n: { type: 'int64', shape: [1], data: new BigInt64Array([9007199254740993n]) } }, 1)
  assert.equal(text, '[{"n":9007199254740993}]')
})
