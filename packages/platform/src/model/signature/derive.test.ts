import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Signature } from '@fairlead/contract'
import { signature as signatureSchema } from '@fairlead/contract/schemas'
import { readOnnx } from '../onnx/read.ts'
import { rewriteOnnx } from '../onnx/rewrite.ts'
import { fails, type MadeValue, makeOnnx, onnxFile } from '../test-support.ts'
import { deriveSignature } from './derive.ts'

function derive(bytes: Uint8Array): Signature {
  const { bytes: served, classes } = rewriteOnnx(readOnnx(bytes))
  const signature = deriveSignature(readOnnx(served), classes)
  assert.deepEqual(signatureSchema.parse(signature), signature)
  return signature
}

const fieldsOf = (name: string) => derive(onnxFile(name)).fields.map(({ name: field, kind, tensor, classes }) => [field, kind, tensor, classes ?? null])

const made = (inputs: MadeValue[], outputs: MadeValue[]) => derive(makeOnnx({ inputs, outputs }))

describe('signatures derived from ONNX files', () => {
  it('gives a named column per input and the classes of a ZipMap', () => {
    const signature = derive(onnxFile('credit_v1'))
    assert.equal(signature.task, 'classification')
    assert.deepEqual(signature.columns.slice(0, 2), [
      { name: 'age', type: 'int64', tensor: 'age' },
      { name: 'sex', type: 'string', tensor: 'sex' },
    ])
    assert.deepEqual(signature.outputs, [
      { name: 'output_label', type: 'int64', shape: [-1] },
      { name: 'output_probability', type: 'float32', shape: [-1, 2], keys: ['0', '1'] },
    ])
    assert.deepEqual(fieldsOf('credit_v1'), [
      ['label', 'label', 'output_label', null],
      ['probabilities', 'probabilities', 'output_probability', ['0', '1']],
    ])
  })

  it('finds classes in classifier operators and label tables when there is no ZipMap', () => {
    assert.deepEqual(fieldsOf('credit_v2_tensor')[1], ['probabilities', 'probabilities', 'probabilities', ['0', '1']])
    assert.deepEqual(fieldsOf('hm-treec-logistic')[1], ['probabilities', 'probabilities', 'scores', ['2', '5', '9']])
    assert.deepEqual(fieldsOf('onnx-xgboost-binary')[1]?.[3], ['0', '1'])
  })

  it('does not call raw scores and distances probabilities', () => {
    assert.deepEqual(fieldsOf('hm-treec-none')[1], ['scores', 'values', 'scores', null])
    assert.deepEqual(fieldsOf('onnx-kmeans')[1]?.slice(0, 2), ['scores', 'values'])
  })

  it('answers a regressor as value, several numbers as values', () => {
    const one = made([{ name: 'X', shape: ['N', 8] }], [{ name: 'variable', shape: ['N', 1] }])
    assert.equal(one.task, 'regression')
    assert.deepEqual(one.fields, [{ name: 'value', kind: 'value', type: 'float32', tensor: 'variable' }])
    const several = derive(onnxFile('hm-linear-regressor'))
    assert.equal(several.task, 'other')
    assert.deepEqual(several.fields, [{ name: 'y', kind: 'values', type: 'float32', tensor: 'y', shape: [2] }])
    assert.deepEqual(
      fieldsOf('onnx-logistic-columns').map(([name, kind]) => [name, kind]),
      [
        ['label', 'label'],
        ['i0', 'value'],
        ['i1', 'value'],
        ['i2', 'value'],
      ],
    )
  })

  it('makes one column of a wide tensor and keeps higher shapes and dimension names', () => {
    const signature = made([{ name: 'image', shape: ['batch', 3, 'h', 8] }], [{ name: 'y', shape: ['batch', 3] }])
    assert.deepEqual(signature.columns, [{ name: 'image', type: 'float32', tensor: 'image', shape: [3, -1, 8] }])
    assert.deepEqual(signature.inputs[0], { name: 'image', type: 'float32', shape: [-1, 3, -1, 8], dimensions: ['batch', null, 'h', null] })
    assert.deepEqual(made([{ name: 'x', shape: ['N', 4] }], [{ name: 'y' }]).columns[0]?.shape, [4])
  })

  it('takes every element type that travels', () => {
    const types = derive(onnxFile('hm-all-types')).columns.map((column) => column.type)
    assert.deepEqual(types.toSorted(), [
      'bool',
      'float16',
      'float32',
      'float64',
      'int16',
      'int32',
      'int64',
      'int8',
      'string',
      'uint16',
      'uint32',
      'uint64',
      'uint8',
    ])
  })

  it('tells the rows of a fixed batch from the shape of a value', () => {
    const fixed = derive(onnxFile('hm-shape-fixed-batch'))
    assert.deepEqual(fixed.columns[0]?.shape, [3])
    const scan = derive(onnxFile('hm-scan'))
    assert.deepEqual(
      scan.columns.map((column) => column.shape),
      [[2], [2]],
    )
  })

  it('takes the 1 that converters write for the rows of an output as any number', () => {
    assert.deepEqual(derive(onnxFile('onnx-lightgbm-multi')).outputs[0]?.shape, [-1])
    assert.deepEqual(made([{ name: 'x', shape: [1, 3] }], [{ name: 'y', shape: [1, 3] }]).outputs[0]?.shape, [1, 3])
  })

  it('takes a tensor without a shape as a list per row', () => {
    const signature = derive(onnxFile('hm-shape-no-shape'))
    assert.deepEqual([signature.columns[0]?.shape, signature.fields[0]?.shape], [[-1], [-1]])
  })

  it('gives every field a name of its own', () => {
    const names = made(
      [{ name: 'x', shape: ['N'] }],
      [
        { name: 'probabilities', shape: ['N'] },
        { name: 'class_probabilities', shape: ['N', 2] },
        { name: 'label', type: 7, shape: ['N'] },
      ],
    ).fields.map((field) => field.name)
    assert.equal(new Set(names).size, 3)
    assert.deepEqual(names, ['probabilities', 'class_probabilities', 'label'])
  })

  it('refuses types that cannot travel, naming the tensor', () => {
    assert.throws(() => derive(onnxFile('hm-io-bfloat16')), fails('model-input-unsupported', /input "x" has element type bfloat16/))
    assert.throws(() => derive(onnxFile('hm-map-input')), fails('model-input-unsupported', /input "m" is a map/))
    assert.throws(() => made([], [{ name: 'y', type: 16, shape: ['N'] }]), fails('model-output-unsupported', /output "y" has element type bfloat16/))
  })
})
