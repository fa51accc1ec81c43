import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Explanation } from '@fairlead/contract'
import { encodeForm, type Form } from '@fairlead/evaluator'
import type { Tensors } from '../../domain/inference/index.ts'
import { FORM_FORMAT } from '../../model/compiled/form-format.ts'
import { formSignature } from '../../model/compiled/signature.ts'
import { coded } from '../../testing/fake-inference.ts'
import { STUMPS, stumpsForm } from '../../testing/stumps-form.ts'
import { compiledRuntime } from './index.ts'

const open = (form: Form, signature = formSignature(form)) => compiledRuntime().open({ format: FORM_FORMAT, bytes: encodeForm(form), signature })
/** Numbers as far as rounding leaves them. */
function rounded(explanations: Explanation[]): Explanation[] {
  const round = (_: string, value: unknown) => (typeof value === 'number' ? Number(value.toFixed(12)) : value)
  return JSON.parse(JSON.stringify(explanations, round)) as Explanation[]
}

const ROWS: Tensors = {
  amount: { type: 'float32', shape: [2], data: Float32Array.of(5, 20.5) },
  purpose: { type: 'string', shape: [2], data: ['boat', ''], nulls: Uint8Array.of(0, 1) },
}

test('each row is explained by the columns of the signature, with reasons in words', async () => {
  await using session = await open(stumpsForm())
  const purpose = { of: 'good', margin: 0, bias: 1, contributions: { amount: 0, purpose: -1 } }
  assert.deepEqual(rounded(await session.explain!(ROWS)), [
    {
      method: 'path-dependent',
      outputs: [
        { of: 'bad', margin: 1.5, bias: 0.5, contributions: { amount: 1, purpose: 0 }, reasons: ['amount = 5 raises it by 1'] },
        { ...purpose, reasons: ['purpose = boat lowers it by 1'] },
      ],
    },
    {
      method: 'path-dependent',
      outputs: [
        { of: 'bad', margin: -0.5, bias: 0.5, contributions: { amount: -1, purpose: 0 }, reasons: ['amount = 20.5 lowers it by 1'] },
        { ...purpose, reasons: ['purpose is missing and lowers it by 1'] },
      ],
    },
  ])
})

test('columns and classes have the names that the signature gives them', async () => {
  const form = { ...stumpsForm(), inputs: [{ name: 'input', type: 'f32' as const, width: 2 }] }
  const signature = formSignature(form)
  const rows: Tensors = { input: { type: 'float32', shape: [1, 2], data: Float32Array.of(5, 0) } }
  await using plain = await open(form)
  assert.deepEqual(rounded(await plain.explain!(rows))[0]!.outputs[1]!.contributions, { 'input[0]': 0, 'input[1]': 1 })
  const columns = ['loan', 'use'].map((name, index) => ({ name, type: 'float32' as const, tensor: 'input', index }))
  const fields = signature.fields.map((field) => ({ ...field, classes: ['no', 'yes'] }))
  await using renamed = await open(form, { ...signature, columns, fields })
  const { of, contributions } = rounded(await renamed.explain!(rows))[0]!.outputs[1]!
  assert.deepEqual([of, contributions], ['yes', { loan: 0, use: 1 }])
})

test('trees without counts are explained against the rows that came with them; where there are counts, these are asked', async () => {
  const { cover, ...bare } = STUMPS
  const rows: Tensors = {
    amount: { type: 'float32', shape: [4], data: Float32Array.of(5, 5, 5, 20) },
    purpose: { type: 'string', shape: [4], data: ['boat', 'boat', 'boat', 'car'] },
  }
  const background = { rows: 4, from: 'example' as const, inputs: rows }
  const artifact = (form: Form) => ({ format: FORM_FORMAT, bytes: encodeForm(form), signature: formSignature(form), background })
  await using session = await compiledRuntime().open(artifact(stumpsForm(bare)))
  const [first] = rounded(await session.explain!(ROWS))
  assert.deepEqual(first, {
    method: 'interventional',
    background: { rows: 4, from: 'example' },
    outputs: [
      { of: 'bad', margin: 1.5, bias: 1, contributions: { amount: 0.5, purpose: 0 }, reasons: ['amount = 5 raises it by 0.5'] },
      { of: 'good', margin: 0, bias: 0.5, contributions: { amount: 0, purpose: -0.5 }, reasons: ['purpose = boat lowers it by 0.5'] },
    ],
  })
  await using counted = await compiledRuntime().open(artifact(stumpsForm({ ...bare, cover: cover! })))
  const [own] = await counted.explain!(ROWS)
  assert.deepEqual([own?.method, own?.background], ['path-dependent', undefined])
})

test('a value that a step before the trees refuses is the mistake of whoever asks', async () => {
  const form = stumpsForm()
  const onehot = { op: 'onehot', of: [0], to: 'f32', categories: [1, 2], unknown: 'error' } as const
  const steps = [onehot, { ...form.steps[0]!, of: [1] }, { ...form.steps[1]!, of: [2] }] as Form['steps']
  const outputs = [{ ...form.outputs[0]!, value: 3 }]
  await using session = await open({ ...form, inputs: [{ name: 'x', type: 'f32', width: 1 }], steps, outputs })
  const rows = (...data: number[]): Tensors => ({ x: { type: 'float32', shape: [data.length, 1], data: Float32Array.from(data) } })
  assert.equal((await session.explain!(rows(1, 2))).length, 2)
  await assert.rejects(session.explain!(rows(1, 3)), coded('value-unknown', /^rows\[1\]: is none of the categories/))
})

test('a model that cannot be explained says why, and so do rows that lack a tensor', async () => {
  const { cover, ...bare } = STUMPS
  await using session = await open(stumpsForm(bare))
  await assert.rejects(session.explain!(ROWS), coded('explanation-unavailable', /how many training rows/))
  await using other = await open(stumpsForm({ ...STUMPS, cover: cover! }))
  await assert.rejects(other.explain!({ amount: ROWS.amount! }), coded('model-run-failed', /"purpose" is missing/))
})

test('more numbers than an answer can hold are refused before they are worked out', async () => {
  const linear = (width: number, outputs: number): Form => ({
    version: 1,
    source: { format: 'onnx', version: '', objective: '' },
    inputs: [{ name: 'x', type: 'f64', width }],
    steps: [
      { op: 'affine', of: [0], outputs, weights: new Float64Array(width * outputs), bias: new Float64Array(outputs), biasFirst: true, skipMissing: false },
    ],
    outputs: [{ name: 'y', value: 1, role: 'prediction', rank: 2 }],
    texts: [],
  })
  const rows = (count: number, width: number): Tensors => ({ x: { type: 'float64', shape: [count, width], data: new Float64Array(count * width) } })
  await using wide = await open(linear(250, 1000))
  assert.equal((await wide.explain!(rows(2, 250))).length, 2)
  await assert.rejects(wide.explain!(rows(16, 250)), coded('rows-too-many', /at most 15 are explained/))
  await using wider = await open(linear(2500, 2000))
  await assert.rejects(wider.explain!(rows(1, 2500)), coded('explanation-unavailable', /5002000 numbers/))
})

test('a linear model is explained against the mean of the rows that came with it, where they have one', async () => {
  const form: Form = {
    version: 1,
    source: { format: 'skops', version: '', objective: '' },
    inputs: [{ name: 'x', type: 'f64', width: 2, columns: [{ name: 'a' }, { name: 'b' }] }],
    steps: [{ op: 'affine', of: [0], outputs: 1, weights: Float64Array.of(2, -1), bias: Float64Array.of(10), biasFirst: false, skipMissing: false }],
    outputs: [{ name: 'y', value: 1, role: 'prediction', rank: 1 }],
    texts: [],
  }
  const tensors = (...values: number[]): Tensors => ({ x: { type: 'float64', shape: [values.length / 2, 2], data: Float64Array.from(values) } })
  const explained = async (background?: Tensors) => {
    const own = background && { background: { inputs: background, rows: 2, from: 'golden rows' as const } }
    await using session = await compiledRuntime().open({ format: FORM_FORMAT, bytes: encodeForm(form), signature: formSignature(form), ...own })
    const [{ method, background: told, outputs } = { outputs: [] }] = await session.explain!(tensors(3, 4))
    return [method, told, outputs[0]?.bias, outputs[0]?.margin, outputs[0]?.contributions]
  }
  assert.deepEqual(await explained(), ['linear', undefined, 10, 12, { a: 6, b: -4 }])
  assert.deepEqual(await explained(tensors(1, 4, 3, 6)), ['linear', { rows: 2, from: 'golden rows' }, 9, 12, { a: 2, b: 1 }])
  assert.deepEqual(await explained(tensors(1, Number.NaN, 3, 6)), ['linear', undefined, 10, 12, { a: 6, b: -4 }])
})
