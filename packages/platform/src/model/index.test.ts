import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { modelFacts, modelGraph } from '@fairlead/contract/control'
import { InferenceSession } from 'onnxruntime-node'
import { readModel } from './index.ts'
import { loadableOnnx } from './onnx/loadable.ts'
import { fails, listing, makeOnnx, onnxFile } from './test-support.ts'

describe('reading a model', () => {
  it('reads a bare ONNX file, rewritten only when it is loaded', async () => {
    const model = await readModel(listing({ 'model.onnx': onnxFile('credit_v1') }))
    assert.equal(model.format, 'onnx')
    assert.equal(model.entry, 'model.onnx')
    assert.deepEqual(modelFacts.parse(model.facts), model.facts)
    assert.deepEqual(modelGraph.parse(model.graph), model.graph)
    assert.equal(model.facts.operators['ai.onnx.ml::ZipMap'], 1)
    assert.equal(model.facts.rewrites.length, 1)
    assert.deepEqual([model.example, model.tool, model.trainingRun], [[], {}, undefined])
    const session = await InferenceSession.create(loadableOnnx(onnxFile('credit_v1')).bytes)
    assert.deepEqual(
      session.outputNames,
      model.signature.outputs.map((spec) => spec.name),
    )
    await session.release()
  })

  it('gives back the same object when nothing has to be rewritten', () => {
    const bytes = onnxFile('credit_v2_tensor')
    assert.equal(loadableOnnx(bytes).bytes, bytes)
  })

  it('lays a signature file over it', async () => {
    const signatureFile = 'outputs: [{ tensor: output_probability, classes: [bad, good] }]'
    const { signature } = await readModel(listing({ 'model.onnx': onnxFile('credit_v1') }), { signatureFile })
    assert.deepEqual(
      signature.fields.map((field) => field.classes),
      [
        ['bad', 'good'],
        ['bad', 'good'],
      ],
    )
    await assert.rejects(
      readModel(listing({ 'model.onnx': onnxFile('credit_v1') }), { signatureFile: 'outputs: [{ tensor: output_probabilty }]' }),
      fails('signature-invalid', /did you mean "output_probability"/),
    )
  })

  it('finds external data beside the file and names it when missing', async () => {
    const files = { 'm/model.onnx': onnxFile('hm-external-data'), 'm/weights.bin': new Uint8Array(8320) }
    assert.deepEqual((await readModel(listing(files))).externalData, ['m/weights.bin'])
    await assert.rejects(readModel(listing({ 'm/model.onnx': onnxFile('hm-external-data') })), fails('model-data-missing', /m\/weights\.bin/))
  })

  it('says which files it cannot choose between or read', async () => {
    const bytes = onnxFile('credit_v1')
    await assert.rejects(readModel(listing({ 'a.onnx': bytes, 'b.onnx': bytes })), fails('model-format-unknown', /several ONNX files: a\.onnx, b\.onnx/))
    await assert.rejects(readModel(listing({ 'a/MLmodel': '', 'b/MLmodel': '' })), fails('model-format-unknown', /several MLflow models/))
    await assert.rejects(readModel(listing({})), fails('model-format-unknown', /no files/))
    await assert.rejects(readModel(listing({ 'a.pkl': Uint8Array.of(0x80, 4), 'b.txt': 'x' })), fails('model-format-unknown', /among a\.pkl, b\.txt/))
    await assert.rejects(readModel(listing({ 'model.pkl': Uint8Array.of(0x80, 4) })), fails('model-format-unknown', /model\.pkl .* Python pickle/))
    await assert.rejects(readModel(listing({ 'model.onnx': 'not a model' })), fails('model-file-invalid', /model\.onnx is not an ONNX file: it is text/))
    await assert.rejects(readModel(listing({ 'model.onnx': '' })), fails('model-file-invalid', /empty/))
    await assert.rejects(readModel(listing({ 'model.onnx': onnxFile('hm-unknown-op') })), fails('model-operator-unsupported', /Relux/))
  })

  it('reads a lone file whatever its name, and refuses one beyond 2 GB unread', async () => {
    assert.equal((await readModel(listing({ 'model.bin': onnxFile('credit_v1') }))).entry, 'model.bin')
    const huge = { paths: [{ path: 'model.onnx', size: 2 ** 31 }], read: () => assert.fail('it was read') }
    await assert.rejects(readModel(huge), fails('model-too-large', /model\.onnx has 2147483648 bytes/))
  })

  it('takes names that objects inherit, wherever they come from', async () => {
    const model = (from: string, to: string) => ({
      'model.onnx': makeOnnx({
        nodes: [{ op: 'Identity', inputs: [from], outputs: [to] }],
        inputs: [{ name: from, shape: ['N', 2] }],
        outputs: [{ name: to, shape: ['N', 2] }],
      }),
    })
    for (const [from, to] of [
      ['__proto__', 'constructor'],
      ['toString', '__proto__'],
    ] as const) {
      const { signature } = await readModel(listing(model(from, to)))
      assert.deepEqual([signature.inputs[0]?.name, signature.outputs[0]?.name], [from, to])
    }
    const signatureFile = 'inputs: [{ tensor: x, columns: [constructor, __proto__] }]'
    const { signature } = await readModel(listing(model('x', 'y')), { signatureFile })
    assert.deepEqual(
      signature.columns.map(({ name }) => name),
      ['constructor', '__proto__'],
    )
  })
})
