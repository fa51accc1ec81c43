import assert from 'node:assert/strict'
import { test } from 'node:test'
import { coded } from '../../testing/fake-inference.ts'
import { fakeRelease } from '../../testing/fake-model.ts'
import { ReleasePlan } from './serving-release.ts'
import type { Tensor, TensorData, Tensors } from './types.ts'

const model = new ReleasePlan(fakeRelease()).tensors
const columns = new ReleasePlan(fakeRelease({ pipeline: [{ model: {} }, { decide: { field: 'd', label: 'a', when: 'age > 20', otherwise: null } }] })).tensors
const tensor = (type: Tensor['type'], shape: number[], data: TensorData): Tensor => ({ type, shape, data })
const given: Tensors = {
  age: tensor('int64', [2], new BigInt64Array([20n, 30n])),
  purpose: tensor('string', [2, 1], ['car', 'car']),
  figures: tensor('float32', [2, 2], new Float32Array([1, 2, 3, 4])),
}

test('the model alone takes its own tensors; a column may be [N] or [N, 1]', () => {
  const { inputs, rows } = model.toModel(given)
  assert.equal(rows, 2)
  assert.deepEqual(inputs.age!.shape, [2, 1])
  assert.equal(inputs.figures, given.figures)
})

test('wrong names, types, shapes and values are named', () => {
  assert.throws(() => model.toModel({ ...given, ages: given.age! }), coded('tensor-unknown', /did you mean "age"/))
  assert.throws(() => model.toModel({ age: given.age! }), coded('tensor-missing', /"purpose"/))
  assert.throws(() => model.toModel({ ...given, age: tensor('int32', [2], new Int32Array(2)) }), coded('value-type', /"age" must be INT64, got INT32/))
  assert.throws(() => model.toModel({ ...given, figures: tensor('float32', [2, 3], new Float32Array(6)) }), coded('shape-mismatch', /\[-1,2\].*got \[2,3\]/))
  assert.throws(() => model.toModel({ ...given, figures: tensor('float32', [1, 2], new Float32Array(2)) }), coded('shape-mismatch', /1 rows/))
  assert.throws(() => model.toModel({ ...given, age: tensor('int64', [2], new BigInt64Array([20n, 5n])) }), coded('value-range', /inputs\.age\[1\]/))
  const none = { age: tensor('int64', [0], new BigInt64Array()), purpose: tensor('string', [0], []), figures: tensor('float32', [0, 2], new Float32Array()) }
  assert.throws(() => model.toModel(none), coded('rows-empty'))
})

test('a pipeline with more steps takes a tensor per column', () => {
  const { inputs, rows } = columns.toModel({
    age: given.age!,
    amount: tensor('float32', [2, 1], new Float32Array([1, 3])),
    duration: tensor('float32', [2], new Float32Array([2, Number.NaN])),
  })
  assert.equal(rows, 2)
  assert.deepEqual([inputs.amount!.data, inputs.amount!.shape], [new Float32Array([1, 3]), [2]])
  assert.deepEqual([...inputs.purpose!.nulls!], [1, 1])
  assert.throws(() => columns.toModel({ ...inputs, age: tensor('int64', [2], new BigInt64Array([20n, 5n])) }), coded('value-range', /inputs\.age\[1\]/))
  assert.deepEqual(
    columns.outputs.map(({ name }) => name),
    ['label', 'p', 'd'],
  )
  assert.throws(() => columns.toModel({ age: given.age! }), coded('tensor-missing', /"amount"/))
})
