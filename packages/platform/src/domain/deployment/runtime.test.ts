import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ModelFacts, RuntimeChoice } from '@fairlead/contract/control'
import { coded } from '../../testing/fake-inference.ts'
import { chooseRuntime } from './runtime.ts'

function version(format: string, runtimes?: RuntimeChoice) {
  const facts = { format, ...(runtimes ? { runtimes } : {}) } as ModelFacts
  return { format, facts }
}

const BOTH: RuntimeChoice = {
  chosen: 'compiled',
  reason: 'It is faster.',
  ways: [
    { runtime: 'onnx', measured: [] },
    { runtime: 'compiled', measured: [] },
  ],
  agreement: { agree: true, rows: 5, largestDifference: 0 },
}

test('without a setting, what the import chose; of versions that were never tried, the plain way', () => {
  assert.deepEqual(chooseRuntime(version('onnx', BOTH), 'auto'), { name: 'compiled', reason: 'It is faster.' })
  assert.equal(chooseRuntime(version('onnx'), 'auto').name, 'onnx')
  assert.equal(chooseRuntime(version('xgboost'), 'auto').name, 'compiled')
})

test('a setting names the way, with what is known against it', () => {
  assert.deepEqual(chooseRuntime(version('onnx', BOTH), 'onnx'), { name: 'onnx', reason: 'The setting "runtime" says onnx.', formAgrees: true })
  const apart: RuntimeChoice = { ...BOTH, chosen: 'onnx', agreement: { agree: false, rows: 5, largestDifference: 1, detail: 'output "y", row 3: 1 and 2' } }
  assert.match(chooseRuntime(version('onnx', apart), 'compiled').reason, /says compiled\. When the model was imported its answers differed: output "y", row 3/)
})

test('that the compiled form answers alike is kept where another way runs, and else why it does not', () => {
  assert.equal(chooseRuntime(version('onnx', { ...BOTH, chosen: 'onnx' }), 'auto').formAgrees, true)
  assert.equal(chooseRuntime(version('onnx', BOTH), 'compiled').formAgrees, undefined)
  assert.equal(chooseRuntime(version('onnx'), 'onnx').formAgrees, undefined)
  const apart: RuntimeChoice = { ...BOTH, chosen: 'onnx', agreement: { agree: false, rows: 5, largestDifference: 1, detail: 'output "y"' } }
  assert.deepEqual(chooseRuntime(version('onnx', apart), 'onnx'), {
    name: 'onnx',
    reason: 'The setting "runtime" says onnx. When the model was imported the answers of its compiled form differed: output "y".',
  })
})

test('a way that does not take the model is refused with why', () => {
  assert.throws(() => chooseRuntime(version('xgboost'), 'onnx'), coded('setting-invalid', /format xgboost cannot run by ONNX Runtime/))
  const only: RuntimeChoice = {
    chosen: 'onnx',
    reason: '',
    ways: [
      { runtime: 'onnx', measured: [] },
      { runtime: 'compiled', problem: 'node Conv_1', measured: [] },
    ],
  }
  assert.equal(chooseRuntime(version('onnx', only), 'onnx').reason, 'The setting "runtime" says onnx. The compiled form does not take it (node Conv_1).')
  assert.throws(() => chooseRuntime(version('onnx', only), 'compiled'), coded('setting-invalid', /compiled form: node Conv_1/))
  assert.throws(() => chooseRuntime(version('onnx'), 'compiled'), coded('setting-invalid', /cannot run by its compiled form/))
})
