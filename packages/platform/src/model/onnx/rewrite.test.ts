import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { fails, onnxFile } from '../test-support.ts'
import { readOnnx } from './read.ts'
import { rewriteOnnx } from './rewrite.ts'

const rewritten = (name: string) => rewriteOnnx(readOnnx(onnxFile(name)))

/** Rows of the German credit data with what scikit-learn answers for them. */
const CREDIT = {
  rows: [
    [44n, 'female', 2n, 'own', 'not_known', 'not_known', 5943n, 24n, 'radio_tv'],
    [45n, 'male', 1n, 'own', 'little', 'little', 339n, 12n, 'education'],
    [48n, 'male', 2n, 'own', 'not_known', 'not_known', 5190n, 27n, 'repairs'],
    [26n, 'male', 2n, 'rent', 'little', 'not_known', 3518n, 6n, 'car'],
  ],
  columns: ['age', 'sex', 'job', 'housing', 'saving_accounts', 'checking_account', 'credit_amount', 'duration', 'purpose'],
  labels: [1n, 0n, 1n, 1n],
  probabilities: [
    0.0655573345188174, 0.9344426654811826, 0.535327814256157, 0.46467218574384295, 0.0951932105523885, 0.9048067894476115, 0.14515860548540238,
    0.8548413945145976,
  ],
}

function creditFeeds(): Record<string, Tensor> {
  return Object.fromEntries(
    CREDIT.columns.map((name, index) => {
      const values = CREDIT.rows.map((row) => row[index]!)
      const whole = values.every((value) => typeof value === 'bigint')
      return [name, whole ? new Tensor('int64', values as bigint[], [4, 1]) : new Tensor('string', values as string[], [4, 1])]
    }),
  )
}

describe('rewriting ONNX files', () => {
  it('makes a ZipMap output a tensor that gives the recorded probabilities', async () => {
    const { bytes, rewrites, classes } = rewritten('credit_v1')
    assert.deepEqual([...classes], [['output_probability', ['0', '1']]])
    assert.match(rewrites[0]!, /ZipMap removed: output "output_probability"/)
    const session = await InferenceSession.create(bytes)
    assert.deepEqual(session.outputNames, ['output_label', 'output_probability'])
    const answer = await session.run(creditFeeds())
    assert.deepEqual([...(answer.output_label!.data as BigInt64Array)], CREDIT.labels)
    assert.deepEqual(answer.output_probability!.dims, [4, 2])
    const found = [...(answer.output_probability!.data as Float32Array)]
    for (const [index, expected] of CREDIT.probabilities.entries()) assert.ok(Math.abs(found[index]! - expected) < 1e-6, `${found[index]} for ${expected}`)
    await session.release()
  })

  it('declares the output as float [rows, classes] and keeps every other node and value', () => {
    const before = readOnnx(onnxFile('credit_v1'))
    const after = readOnnx(rewritten('credit_v1').bytes)
    assert.deepEqual(after.graph.outputs[1], { name: 'output_probability', type: { kind: 'tensor', elementType: 1, dimensions: [null, 2] } })
    assert.deepEqual(after.graph.outputs[0], before.graph.outputs[0])
    assert.deepEqual(after.graph.inputs, before.graph.inputs)
    const shape = (model: typeof before) => model.graph.nodes.map((node) => [node.operator, node.inputs, node.outputs])
    const expected = shape(before).map(([operator, ...rest]) => [operator === 'ZipMap' ? 'Identity' : operator, ...rest])
    assert.deepEqual(shape(after), expected)
  })

  it('copies all other bytes: the weights are found unchanged', () => {
    const before = readOnnx(onnxFile('onnx-mlp'))
    const after = readOnnx(rewritten('onnx-mlp').bytes)
    const values = (model: typeof before) =>
      model.graph.initializers.map(({ range }) => Buffer.from(model.bytes.subarray(range.from, range.to)).toString('hex'))
    assert.ok(values(before).length > 0)
    assert.deepEqual(values(after), values(before))
  })

  it('gives the same bytes for the same file, and is done after one pass', () => {
    const first = rewritten('credit_v1')
    assert.deepEqual(rewritten('credit_v1').bytes, first.bytes)
    const again = rewriteOnnx(readOnnx(first.bytes))
    assert.equal(again.bytes, first.bytes)
    assert.deepEqual(again.rewrites, [])
  })

  it('leaves a file of tensors alone', () => {
    const bytes = onnxFile('credit_v2_tensor')
    const result = rewriteOnnx(readOnnx(bytes))
    assert.equal(result.bytes, bytes)
    assert.deepEqual(result.rewrites, [])
  })

  it('keeps labels exact: negative, beyond 2^53, texts beyond ASCII', () => {
    assert.deepEqual(rewritten('hm-zipmap-int').classes.get('z'), ['10', '-3', '9007199254740993'])
    assert.deepEqual(rewritten('hm-zipmap-string').classes.get('z'), ['no', 'yes', 'größer'])
    assert.deepEqual(rewritten('onnx-logistic-negative-labels').classes.get('output_probability'), ['-10', '0', '10'])
  })

  it('makes files that the runtime loads', async () => {
    for (const name of ['hm-zipmap-int', 'onnx-lightgbm-multi', 'onnx-mlp', 'onnx-logistic-multinomial-string'])
      await (await InferenceSession.create(rewritten(name).bytes)).release()
  })

  it('refuses other outputs that are not tensors, naming them', () => {
    assert.throws(() => rewritten('hm-sequence-output'), fails('model-output-unsupported', /output "s" is a sequence of a tensor/))
    assert.throws(() => rewritten('onnx-multioutput-classifier'), fails('model-output-unsupported', /output "probabilities" is a sequence/))
  })
})
