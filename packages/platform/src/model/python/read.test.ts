import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readModel } from '../index.ts'
import { fails, listing, mlflowFiles } from '../test-support.ts'
import { withAnswers } from './answers.ts'
import { pythonModel } from './read.ts'

const changed = (name: string, from: RegExp, to: string) => {
  const files = mlflowFiles(name)
  const text = new TextDecoder().decode(files.MLmodel as Uint8Array)
  assert.match(text, from)
  return listing({ ...files, MLmodel: text.replace(from, to) })
}

describe('models that only Python runs', () => {
  it('are refused with what would run, unless that is allowed', async () => {
    const files = listing(mlflowFiles('v3-pyfunc-custom'))
    await assert.rejects(
      readModel(files),
      fails(
        'code-not-allowed',
        /Only Python can run it\. Loading it would run the loader mlflow\.pyfunc\.model, pickled objects \(python_model\.pkl\), programs \(code\/.*in an environment of mlflow==3\.17\.2, pandas, cloudpickle/,
      ),
    )
    const model = await readModel(files, { allowCode: true })
    assert.equal(model.format, 'python')
    assert.equal(model.entry, 'MLmodel')
    assert.deepEqual(model.facts.python?.requirements, ['mlflow==3.17.2', 'pandas', 'cloudpickle'])
    assert.match(model.facts.python?.environment ?? '', /^sha256:/)
  })

  it('have the columns of their signature, and their parameters as optional ones', async () => {
    const { signature, example } = await readModel(listing(mlflowFiles('v3-params')), { allowCode: true })
    assert.deepEqual(
      signature.columns.map(({ name, type, optional, parameter, shape }) => [name, type, optional ?? false, parameter ?? false, shape]),
      [
        ['a', 'int64', false, false, undefined],
        ['b', 'float64', false, false, undefined],
        ['s', 'string', true, false, undefined],
        ['scale', 'float64', true, true, undefined],
        ['shift', 'int64', true, true, undefined],
        ['round', 'bool', true, true, undefined],
        ['label', 'string', true, true, undefined],
        ['since', 'string', true, true, undefined],
        ['weights', 'float64', true, true, [-1]],
      ],
    )
    assert.ok(example.length > 0)
    assert.deepEqual(Object.keys(example[0]!).sort(), ['a', 'b'])
  })

  it('take bodies of scoring requests where their rows have no types', async () => {
    const { signature, example } = await readModel(listing(mlflowFiles('v3-type-hints')), { allowCode: true })
    assert.equal(signature.answer, 'body')
    assert.deepEqual(
      signature.columns.map(({ name }) => name),
      ['body', 'type'],
    )
    assert.match(String(example[0]?.body), /^\{\s*"inputs"/)
    const { signature: none } = await readModel(changed('v3-models-from-code', /signature:[\s\S]*?type_hint_from_example/, 'type_hint_from_example'), {
      allowCode: true,
    })
    assert.equal(none.answer, 'body')
  })

  it('of old versions of MLflow are read alike', async () => {
    const { signature, facts } = await readModel(listing(mlflowFiles('v1_30-pyfunc')), { allowCode: true })
    assert.deepEqual(
      signature.columns.map(({ name, type }) => `${name}:${type}`),
      ['a:int64', 'b:float64'],
    )
    assert.equal(facts.python?.version, '3.11.7')
  })

  it('tell moments, bytes, tensors and columns without names apart', async () => {
    const inputs = (json: unknown) => changed('v3-models-from-code', /inputs: '[^']*'/, `inputs: '${JSON.stringify(json)}'`)
    const kinds = async (json: unknown) => (await pythonModel(inputs(json), 'MLmodel')).model
    assert.deepEqual(
      await kinds([
        { type: 'datetime', name: 't' },
        { type: 'binary', name: 'b' },
      ]).then(({ inputs: found }) => found),
      [
        { name: 't', type: 'string', of: 'datetime' },
        { name: 'b', type: 'string', of: 'binary' },
      ],
    )
    assert.equal((await kinds([{ type: 'double' }, { type: 'string' }])).kind, 'positions')
    const tensor = { type: 'tensor', 'tensor-spec': { dtype: 'float32', shape: [-1, 2, 3] } }
    assert.deepEqual((await kinds([tensor])).inputs, [{ name: 'input', type: 'float32', shape: [2, 3] }])
    assert.equal((await kinds([{ ...tensor, name: 'x' }])).kind, 'tensors')
    for (const json of [
      [{ type: 'array', items: { type: 'long' }, name: 'a' }],
      [{ type: 'tensor', 'tensor-spec': { dtype: 'object', shape: [-1] } }],
      [{ type: 'tensor', 'tensor-spec': { dtype: 'float32', shape: [4, 2] } }],
      [
        { type: 'double', name: 'same' },
        { type: 'double', name: 'same' },
      ],
    ])
      assert.equal((await kinds(json)).kind, 'body', JSON.stringify(json))
  })

  it('are refused where their files say what no model may', async () => {
    const refuse = (from: RegExp, to: string) => readModel(changed('v3-pyfunc-custom', from, to), { allowCode: true })
    await assert.rejects(refuse(/code: code/, 'code: ../code'), fails('model-path-escapes'))
    await assert.rejects(refuse(/python_model: python_model\.pkl/, 'python_model: /etc/passwd'), fails('model-path-escapes'))
    await assert.rejects(refuse(/loader_module: .*/, 'loader: x'), fails('model-format-unknown'))
    await assert.rejects(refuse(/ {2}params: '\[.*\n.*\n.*\n/, "  params: 'nonsense'\n"), fails('model-file-invalid', /signature\.params/))
    await assert.rejects(
      refuse(/mlflow_version: 3\.17\.2/, 'mlflow_version: 3.17.2\nmetadata:\n  mlflow:\n    model:\n      isExternal: true'),
      fails('model-format-unknown', /lies elsewhere/),
    )
    await assert.rejects(
      readModel(listing(mlflowFiles('v3-pyfunc-custom')), { allowCode: true, reading: { as: 'classifier' } }),
      fails('model-option-invalid', /a model that Python runs/),
    )
  })

  it('that run natively do so, whatever is allowed', async () => {
    assert.equal((await readModel(listing(mlflowFiles('v3-onnx-columns')), { allowCode: true })).format, 'onnx')
  })
})

describe('answers that a model was seen to give', () => {
  const signature = { task: 'other' as const, inputs: [], outputs: [], columns: [], fields: [] }
  const fields = (seen: Parameters<typeof withAnswers>[1]) => withAnswers(signature, seen).fields.map(({ name, kind, classes }) => [name, kind, classes])

  it('are a label, probabilities, a value or values under their names', () => {
    const one = { name: 'value', type: 'int64' as const, shape: [-1] }
    const three = { name: 'value', type: 'float64' as const, shape: [-1, 3] }
    assert.deepEqual(fields({ form: 'array', outputs: [one], kind: 'classifier', classes: ['0', '1'] }), [['label', 'label', undefined]])
    assert.deepEqual(fields({ form: 'array', outputs: [three], kind: 'classifier', classes: ['a', 'b', 'c'] }), [
      ['probabilities', 'probabilities', ['a', 'b', 'c']],
    ])
    assert.deepEqual(fields({ form: 'array', outputs: [three], kind: 'classifier', classes: ['a', 'b'] }), [['values', 'values', undefined]])
    assert.deepEqual(fields({ form: 'array', outputs: [one] }), [['value', 'value', undefined]])
    assert.deepEqual(
      fields({
        form: 'records',
        outputs: [
          { ...one, name: 'score' },
          { ...three, name: 'parts' },
        ],
      }),
      [
        ['score', 'value', undefined],
        ['parts', 'values', undefined],
      ],
    )
  })
})
