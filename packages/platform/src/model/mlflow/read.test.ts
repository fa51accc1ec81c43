import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import type { Signature } from '@fairlead/contract'
import { readModel } from '../index.ts'
import { fails, listing, makeOnnx, mlflowFiles } from '../test-support.ts'
import { exampleRows } from './example.ts'

/** An MLflow directory around a hand-made model of one wide float input, with the given input signature. */
function directory(inputs: unknown, files: Record<string, string | Uint8Array> = {}, shape: (string | number)[] = ['N', 3]) {
  const mlmodel = ['flavors:', '  onnx:', '    data: model.onnx', 'signature:', `  inputs: '${JSON.stringify(inputs)}'`]
  const onnx = makeOnnx({ nodes: [{ op: 'Identity', inputs: ['X'], outputs: ['y'] }], inputs: [{ name: 'X', shape }], outputs: [{ name: 'y', shape }] })
  return listing({ MLmodel: mlmodel.join('\n'), 'model.onnx': onnx, ...files })
}

const replaced = (name: string, from: string | RegExp, to: string) => {
  const files = mlflowFiles(name)
  const text = new TextDecoder().decode(files.MLmodel as Uint8Array)
  assert.match(text, from instanceof RegExp ? from : new RegExp(from))
  return listing({ ...files, MLmodel: text.replace(from, to) })
}

describe('MLflow directories', () => {
  it('reads a credit model: entry, columns, example, lineage facts', async () => {
    const model = await readModel(listing(mlflowFiles('credit-risk')))
    assert.equal(model.entry, 'model.onnx')
    assert.deepEqual(
      model.signature.columns.map((column) => `${column.name}:${column.type}`),
      [
        'age:int64',
        'sex:string',
        'job:int64',
        'housing:string',
        'saving_accounts:string',
        'checking_account:string',
        'credit_amount:int64',
        'duration:int64',
        'purpose:string',
      ],
    )
    assert.equal(model.example.length, 5)
    assert.deepEqual(model.example[0], {
      age: 31,
      sex: 'male',
      job: 2,
      housing: 'own',
      saving_accounts: 'little',
      checking_account: 'rich',
      credit_amount: 4473,
      duration: 36,
      purpose: 'radio_tv',
    })
    assert.equal(model.tool.mlflow_version, '3.17.2')
    assert.equal(model.tool.python_version, '3.11.7')
    assert.match(model.tool['requirements.txt']!, /^mlflow==3\.17\.2/)
    assert.match(model.tool['python_env.yaml']!, /python: 3\.11\.7/)
  })

  it('names the columns of a wide tensor by the signature and reads its example', async () => {
    const model = await readModel(listing(mlflowFiles('v3-onnx-zipmap')))
    assert.deepEqual(model.signature.columns[1], { name: 'sepal_width', type: 'float32', tensor: 'X', index: 1 })
    assert.equal(model.example[0]?.sepal_width, 3.5)
    assert.deepEqual(model.signature.fields[1]?.classes, ['0', '1', '2'])
  })

  it('takes doubles for a float tensor', async () => {
    const model = await readModel(listing(mlflowFiles('v3-onnx-columns')))
    assert.equal(model.signature.columns[0]?.type, 'float64')
    assert.equal(model.signature.inputs[0]?.type, 'float32')
    assert.deepEqual(model.signature.fields, [{ name: 'value', kind: 'value', type: 'float32', tensor: 'variable' }])
  })

  it('reads tensor signatures and their nested example', async () => {
    const model = await readModel(listing(mlflowFiles('v3-onnx-tensor')))
    assert.deepEqual(model.signature.columns, [{ name: 'X', type: 'float32', tensor: 'X', shape: [4] }])
    assert.deepEqual(Object.keys(model.example[0]!), ['X'])
    assert.equal((model.example[0]!.X as number[]).length, 4)
  })

  it('reads a directory inside the upload', async () => {
    const files = Object.fromEntries(Object.entries(mlflowFiles('credit-risk')).map(([path, data]) => [`model/${path}`, data]))
    const model = await readModel(listing(files))
    assert.equal(model.entry, 'model/model.onnx')
    assert.equal(model.example.length, 5)
  })

  it('takes required: false where the tensor can say so, and other types as the tensor has them', async () => {
    const specs = [
      { type: 'double', name: 'a', required: false },
      { type: 'long', name: 'b' },
      { type: 'datetime', name: 'c' },
    ]
    const { signature } = await readModel(directory(specs))
    assert.deepEqual(signature.columns, [
      { name: 'a', type: 'float64', tensor: 'X', index: 0, optional: true },
      { name: 'b', type: 'int64', tensor: 'X', index: 1 },
      { name: 'c', type: 'float32', tensor: 'X', index: 2 },
    ])
  })

  it('refuses what only Python can run, saying which flavours there are', async () => {
    const none = 'flavors:\n  python_function:\n    loader_module: mlflow.pyfunc.model\n'
    await assert.rejects(
      readModel(listing({ MLmodel: none })),
      fails('code-not-allowed', /no flavour that is read .*; it has python_function, which only Python can run.*the loader mlflow\.pyfunc\.model/),
    )
    const sklearn = mlflowFiles('sklearn-only')
    await assert.rejects(readModel(listing({ ...sklearn, 'model.skops': Uint8Array.of(0x80, 5) })), fails('code-not-allowed', /model\.skops .* Python pickle/))
    await assert.rejects(
      readModel(listing({ ...sklearn, 'model.skops': 'tree\n' })),
      fails('code-not-allowed', /flavour sklearn, and its file model\.skops is a LightGBM/),
    )
    const scored = String(Buffer.from(sklearn.MLmodel as Uint8Array)).replace('predict_fn: predict', 'predict_fn: score')
    await assert.rejects(readModel(listing({ ...sklearn, MLmodel: scored })), fails('code-not-allowed', /the function that answers is score/))
  })

  it("reads LightGBM's scikit-learn classes, which MLflow saves with skops under the flavour lightgbm", async () => {
    const MLmodel = 'flavors:\n  lightgbm:\n    data: model.skops\n    model_class: lightgbm.sklearn.LGBMClassifier\n    serialization_format: skops\n'
    const file = new URL('../../../../evaluator/src/skops/testdata/lightgbm-classifier.skops', import.meta.url)
    const model = await readModel(listing({ MLmodel, 'model.skops': new Uint8Array(readFileSync(file)) }))
    assert.deepEqual(
      [model.signature.fields.map(({ name }) => name), model.signature.fields[1]?.classes],
      [
        ['label', 'probabilities'],
        ['no', 'yes'],
      ],
    )
  })

  it('refuses paths that leave the folder', async () => {
    await assert.rejects(readModel(replaced('credit-risk', /data: model.onnx/, 'data: ../other/model.onnx')), fails('model-path-escapes', /\.\.\/other/))
    await assert.rejects(readModel(replaced('credit-risk', 'conda: conda.yaml', 'conda: /etc/passwd')), fails('model-path-escapes', /passwd/))
    await assert.rejects(readModel(replaced('credit-risk', 'artifact_path: input_example.json', 'artifact_path: ../x.json')), fails('model-path-escapes'))
  })

  it('refuses what is missing or broken', async () => {
    await assert.rejects(readModel(replaced('credit-risk', /data: model.onnx/, 'data: gone.onnx')), fails('model-data-missing', /gone\.onnx/))
    await assert.rejects(readModel(listing({ MLmodel: 'flavors: [' })), fails('model-file-invalid', /MLmodel is not valid YAML/))
    await assert.rejects(readModel(listing({ MLmodel: 'run_id: 1' })), fails('model-file-invalid', /MLmodel: flavors/))
    await assert.rejects(readModel(listing({ MLmodel: Uint8Array.of(0xff) })), fails('model-file-invalid', /UTF-8/))
    await assert.rejects(readModel(listing({ ...mlflowFiles('credit-risk'), 'input_example.json': '{' })), fails('model-file-invalid', /input_example\.json/))
    await assert.rejects(readModel(directory([{ name: 'a' }])), fails('model-file-invalid', /neither a list of columns nor of tensors/))
    await assert.rejects(readModel(replaced('credit-risk', /inputs: '\[/, "inputs: 'x[")), fails('model-file-invalid', /not valid JSON/))
  })

  it('refuses what only serves to blow up', async () => {
    const keys = Array.from({ length: 90_000 }, (_, index) => `k${index}: 1`).join('\n')
    await assert.rejects(readModel(listing({ MLmodel: keys })), fails('model-file-invalid', /more than 256000 bytes/))
    await assert.rejects(readModel(listing({ MLmodel: '['.repeat(250_000) })), fails('model-file-invalid', /line 1\): it is nested deeper than 100 levels/))
    await assert.rejects(readModel(listing({ MLmodel: 'run_id: a\nrun_id: b' })), fails('model-file-invalid', /line 2\): the key "run_id" stands twice/))
  })

  it('refuses a signature that contradicts the ONNX file', async () => {
    const columns = (...names: string[]) => names.map((name) => ({ type: 'double', name, required: true }))
    await assert.rejects(
      readModel(directory(columns('a', 'b'))),
      fails('signature-invalid', /declares 2 columns and the tensor "X" takes values of shape \[3\]/),
    )
    await assert.rejects(readModel(directory(columns('a', 'b', 'a'))), fails('signature-invalid', /"a" twice/))
    await assert.rejects(
      readModel(directory([{ type: 'tensor', name: 'Z', 'tensor-spec': { dtype: 'float32', shape: [-1, 3] } }])),
      fails('signature-invalid', /tensor "Z", which the model file lacks/),
    )
    await assert.rejects(readModel(replaced('credit-risk', '"name": "sex"', '"name": "gender"')), fails('signature-invalid', /column "gender"/))
  })
})

describe('MLflow input examples', () => {
  const signature: Signature = {
    task: 'other',
    inputs: [],
    outputs: [],
    columns: [
      { name: 'a', type: 'float32', tensor: 'X', index: 0 },
      { name: 'b', type: 'float64', tensor: 'X', index: 1, optional: true },
      { name: 'n', type: 'int64', tensor: 'n' },
    ],
    fields: [],
  }

  it('takes frames, records, positions and tensors', () => {
    const row = { a: 1, b: 2, n: 3 }
    assert.deepEqual(exampleRows({ columns: ['n', 'a', 'b'], data: [[3, 1, 2]] }, signature), [row])
    assert.deepEqual(exampleRows({ data: [[1, 2, 3]] }, signature), [row])
    assert.deepEqual(exampleRows({ dataframe_split: { columns: ['a', 'b', 'n'], data: [[1, 2, 3]] } }, signature), [row])
    assert.deepEqual(exampleRows({ dataframe_records: [row] }, signature), [row])
    assert.deepEqual(exampleRows({ inputs: { X: [[1, 2]], n: [[3]] } }, signature), [row])
    assert.deepEqual(exampleRows({ inputs: { data: [[1, 2, 3]] }, params: {} }, signature), [row])
  })

  it('writes NaN for null where it can, leaves optional ones out and drops rows that cannot be sent', () => {
    assert.deepEqual(exampleRows({ data: [[null, null, 3]] }, signature), [{ a: 'NaN', n: 3 }])
    assert.deepEqual(exampleRows({ data: [[1, 2, null]] }, signature), [])
    assert.deepEqual(exampleRows({ columns: ['a', 'b', 'n', 'z'], data: [[1, 2, 3, 4]] }, signature), [])
    for (const odd of [null, 7, 'x', [], {}, [1, 2], { data: 'x' }, { data: [7] }]) assert.deepEqual(exampleRows(odd, signature), [], JSON.stringify(odd))
  })
})
