import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { InferenceSession } from 'onnxruntime-node'
import { fails, makeOnnx, onnxFile } from '../test-support.ts'
import { NEWEST_OPSETS } from './operator-table.ts'
import { isSupported, requireOperators, unsupportedOperators } from './operators.ts'
import { readOnnx } from './read.ts'

const relu = (opset: number) =>
  makeOnnx({
    nodes: [{ op: 'Relu', inputs: ['x'], outputs: ['y'] }],
    inputs: [{ name: 'x', shape: ['N', 2] }],
    outputs: [{ name: 'y', shape: ['N', 2] }],
    opset,
  })

describe('operators of the runtime', () => {
  it('accepts what the runtime runs: standard, ml, contrib, subgraphs, functions', () => {
    for (const name of ['credit_v1', 'onnx-xgboost-binary', 'hm-if', 'hm-loop', 'hm-local-function', 'hm-opset-26', 'onnx-mlp'])
      assert.doesNotThrow(() => requireOperators(readOnnx(onnxFile(name))), name)
  })

  it('knows the opset ranges', () => {
    assert.ok(isSupported('ai.onnx', 'Upsample', 9) && !isSupported('ai.onnx', 'Upsample', 10))
    assert.ok(isSupported('ai.onnx.ml', 'TreeEnsemble', 5) && !isSupported('ai.onnx.ml', 'TreeEnsemble', 3))
    assert.ok(!isSupported('ai.onnx.ml', 'TreeEnsembleRegressor', 5))
    assert.ok(isSupported('com.microsoft', 'FastGelu', 1))
    assert.ok(!isSupported('ai.onnx', 'constructor', 17) && !isSupported('__proto__', 'Relu', 17))
  })

  it('agrees with the runtime on the newest opset', async () => {
    const newest = NEWEST_OPSETS['ai.onnx']!
    requireOperators(readOnnx(relu(newest)))
    await (await InferenceSession.create(relu(newest))).release()
    assert.throws(() => requireOperators(readOnnx(relu(newest + 1))), fails('model-opset-unsupported', /opset 27 of ai\.onnx; the runtime has 1 to 26/))
    await assert.rejects(InferenceSession.create(relu(newest + 1)))
  })

  it('names unsupported operators with domain and count', () => {
    assert.throws(() => requireOperators(readOnnx(onnxFile('hm-unknown-op'))), fails('model-operator-unsupported', /Relux of domain ai\.onnx \(used once\)/))
    assert.throws(
      () => requireOperators(readOnnx(onnxFile('hm-custom-op'))),
      fails('model-operator-unsupported', /FancyScore of domain com\.acme\.special/, ([item]) => item?.path === 'operators.com.acme.special::FancyScore'),
    )
    const twice = makeOnnx({ nodes: [{ op: 'Upsample' }, { op: 'Upsample' }, { op: 'Scaler', domain: 'ai.onnx.ml' }] })
    assert.deepEqual(unsupportedOperators(readOnnx(twice)), [
      { domain: 'ai.onnx', operator: 'Upsample', count: 2, opset: 17 },
      { domain: 'ai.onnx.ml', operator: 'Scaler', count: 1, opset: undefined },
    ])
    assert.throws(() => requireOperators(readOnnx(twice)), fails('model-operator-unsupported', /Upsample .* in opset 17 \(used 2 times\).*declares no opset/))
  })

  it('refuses opsets and file formats from the future', () => {
    assert.throws(() => requireOperators(readOnnx(onnxFile('hm-opset-999'))), fails('model-opset-unsupported', /999/))
    assert.throws(() => requireOperators(readOnnx(onnxFile('hm-ir-99'))), fails('model-opset-unsupported', /99; the runtime reads 1 to 13/))
  })
})
