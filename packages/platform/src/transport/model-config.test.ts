import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Signature } from '@fairlead/contract'
import type { Execution } from '@fairlead/contract/control'
import { ReleasePlan, type ServableRelease, ServingRelease } from '../domain/inference/index.ts'
import { FAKE_SIGNATURE, fakeModel, fakeRelease, fakeSession } from '../testing/fake-model.ts'
import { modelConfig } from './model-config.ts'

const EXECUTION: Execution = { runtime: 'fake', mode: 'worker', reason: 'A fake.', workers: 3, loadMs: 0, measured: [], tile: 32, joinable: true }

function configOf(release: ServableRelease, changes: Partial<Execution> = {}) {
  const execution = { ...EXECUTION, ...changes }
  return modelConfig(new ServingRelease(release, fakeSession(fakeModel()), { execution, batching: { tile: 1, queueRows: 1, slots: 1, joinable: true } }))
}

test('dimensions are without the rows where rows can be joined', () => {
  const config = configOf(fakeRelease({ settings: { maxRows: 500, priority: 3 } }))
  assert.deepEqual([config.name, config.platform, config.backend, config.max_batch_size], ['credit', 'onnxruntime_onnx', 'onnxruntime', 500])
  assert.deepEqual(config.input, [
    { name: 'age', data_type: 'TYPE_INT64', dims: [1] },
    { name: 'purpose', data_type: 'TYPE_STRING', dims: [1] },
    { name: 'figures', data_type: 'TYPE_FP32', dims: [2] },
  ])
  // one value a row leaves no dimension, and an empty list is none
  assert.deepEqual(config.output, [
    { name: 'label', data_type: 'TYPE_INT64', dims: [1], reshape: { shape: [] } },
    { name: 'p', data_type: 'TYPE_FP32', dims: [2] },
  ])
  assert.deepEqual(config.dynamic_batching, {
    preferred_batch_size: [32],
    max_queue_delay_microseconds: 0,
    preserve_ordering: false,
    priority_levels: 10,
    default_priority_level: 3,
  })
  assert.deepEqual(config.instance_group, [{ name: 'credit_0', kind: 'KIND_CPU', count: 3 }])
  assert.deepEqual([config.model_transaction_policy, config.response_cache], [{ decoupled: false }, { enable: false }])
  assert.equal(config.parameters.digest!.string_value, fakeRelease().digest)
})

test('where rows cannot be joined, dimensions are those of the metadata and nothing is batched', () => {
  const fixed: Signature = { ...FAKE_SIGNATURE, inputs: FAKE_SIGNATURE.inputs.map((spec) => ({ ...spec, shape: [4, ...spec.shape.slice(1)] })) }
  for (const config of [configOf(fakeRelease(), { joinable: false }), configOf(fakeRelease({ signature: fixed }))]) {
    assert.equal(config.max_batch_size, 0)
    assert.equal(config.dynamic_batching, undefined)
    assert.equal(config.input[2]!.dims.length, 2)
    assert.deepEqual(config.output[0]!.dims, [-1])
  }
})

test('with steps after the model there is an input for each column, and an optional one says so', () => {
  const config = configOf(
    fakeRelease({ pipeline: [{ model: {} }, { decide: { field: 'decision', label: 'no', when: 'probability > 0.5', otherwise: null } }] }),
  )
  assert.deepEqual(
    config.input.map(({ name, dims, optional }) => [name, dims, optional]),
    [
      ['age', [1], undefined],
      ['purpose', [1], true],
      ['amount', [1], undefined],
      ['duration', [1], undefined],
    ],
  )
  assert.deepEqual(config.output.at(-1), { name: 'decision', data_type: 'TYPE_STRING', dims: [1], reshape: { shape: [] } })
})

test('a release that is not in memory has one too', () => {
  const never = modelConfig(new ReleasePlan(fakeRelease()))
  assert.deepEqual([never.max_batch_size, never.dynamic_batching?.preferred_batch_size, never.parameters.runtime], [10_000, [], undefined])
  const before = modelConfig(new ReleasePlan(fakeRelease({ execution: EXECUTION })))
  assert.deepEqual([before.dynamic_batching?.preferred_batch_size, before.parameters.runtime], [[32], { string_value: 'fake' }])
})
