import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Signature } from '@fairlead/contract'
import { encodeForm, type Form } from '@fairlead/evaluator'
import type { Tensor } from '../../domain/inference/index.ts'
import { FORM_FORMAT } from '../../model/compiled/form-format.ts'
import { formSignature } from '../../model/compiled/signature.ts'
import { coded } from '../../testing/fake-inference.ts'
import { identityForm } from '../../testing/identity-form.ts'
import { runtimeSuite } from '../../testing/runtime-suite.ts'
import { compiledRuntime } from './index.ts'

runtimeSuite({ make: compiledRuntime, identity: identityForm, types: ['bool', 'int32', 'int64', 'float32', 'float64'] })

const open = (form: Form, signature: Signature = formSignature(form)) => compiledRuntime().open({ format: FORM_FORMAT, bytes: encodeForm(form), signature })
const texts = (...data: string[]): Tensor => ({ type: 'string', shape: [data.length], data })
const doubles = (...data: number[]): Tensor => ({ type: 'float64', shape: [data.length], data: Float64Array.from(data) })

/** Columns of categories and a plain one, put together into one input and answered as they are. */
function frame(unseen: 'refuse' | 'missing'): Form {
  const columns = [
    { name: 'colour', categories: { values: ['red', 'grün', ''], unseen } },
    { name: 'size', categories: { values: [10, 2.5, -1], unseen } },
    { name: 'weight' },
  ]
  return {
    version: 1,
    source: { format: 'xgboost', version: '', objective: '' },
    inputs: [{ name: 'input', type: 'f32', width: 3, columns }],
    steps: [],
    outputs: [{ name: 'prediction', value: 0, role: 'prediction', rank: 2 }],
    texts: [],
  }
}

test('texts that the form knows come back, others as empty text', async () => {
  const { bytes, signature } = identityForm([{ name: 's', type: 'string', shape: [-1, 2] }], ['own', 'rent'])
  await using session = await compiledRuntime().open({ format: FORM_FORMAT, bytes, signature })
  const { s_out } = await session.run({ s: { type: 'string', shape: [2, 2], data: ['rent', 'free', '', 'own'] } })
  assert.deepEqual(s_out, { type: 'string', shape: [2, 2], data: ['rent', '', '', 'own'] })
})

test('categories become their positions, each column by a tensor of its own', async () => {
  await using session = await open(frame('refuse'))
  const weight: Tensor = { type: 'float32', shape: [4], data: new Float32Array([1.5, 2.5, 3.5, Number.NaN]) }
  const colour = { ...texts('grün', '', '', 'red'), nulls: new Uint8Array([0, 0, 1, 0]) }
  const { prediction } = await session.run({ weight, colour, size: doubles(-1, Number.NaN, 10, 2.5) })
  assert.deepEqual(prediction!.shape, [4, 3])
  const { NaN: no } = Number
  assert.deepEqual([...(prediction!.data as Float32Array)], [1, 2, 1.5, 2, no, 2.5, no, 0, 3.5, 0, 1, no])
})

test('a category that the model does not know is refused, or missing where that was stated', async () => {
  const rows = { weight: { type: 'float32', shape: [2], data: new Float32Array(2) }, colour: texts('red', 'mauve'), size: doubles(10, 11) } as const
  await using strict = await open(frame('refuse'))
  await assert.rejects(strict.run(rows as never), coded('value-unknown', /rows\[1\]\.colour: "mauve" is not one of the categories/))
  await using lax = await open(frame('missing'))
  const { prediction } = await lax.run(rows as never)
  assert.deepEqual([...(prediction!.data as Float32Array)], [0, 0, 0, Number.NaN, Number.NaN, 0])
})

test("a number that the model needs and that is none is the caller's mistake, named by row and column", async () => {
  const columns = [{ name: 'age' }, { name: 'income' }]
  const form = { ...frame('refuse'), inputs: [{ name: 'input', type: 'f32', width: 2, columns, required: [1] }] } satisfies Form
  await using session = await open(form)
  const rows = (...data: number[]): Record<string, Tensor> => ({ input: { type: 'float32', shape: [data.length / 2, 2], data: Float32Array.from(data) } })
  await session.run(rows(1, 2, Number.NaN, 4))
  await assert.rejects(session.run(rows(1, 2, 3, Number.NaN)), coded('value-missing', /^rows\[1\]\.income: the model needs a value here/))
})

test("a category that a step does not know is the caller's mistake, too", async () => {
  const form = { ...frame('refuse'), inputs: [{ name: 'x', type: 'f32', width: 1 }] } satisfies Form
  const onehot = { op: 'onehot', of: [0], to: 'f32', categories: [1, 2], unknown: 'error' } as const
  await using session = await open({ ...form, steps: [onehot], outputs: [{ ...form.outputs[0]!, value: 1 }] })
  const run = session.run({ x: { type: 'float32', shape: [3, 1], data: Float32Array.of(2, 1, 3) } })
  await assert.rejects(run, coded('value-unknown', /^rows\[2\]: is none of the categories/))
})

test('bytes that are no form, or a damaged one, are refused when they are opened', async () => {
  const signature = formSignature(frame('refuse'))
  const whole = encodeForm(frame('refuse'))
  for (const bytes of [new Uint8Array(), whole.slice(0, 40), whole.map((byte, i) => (i === whole.length - 9 ? byte ^ 1 : byte))])
    await assert.rejects(compiledRuntime().open({ format: FORM_FORMAT, bytes, signature }), coded('load-failed', /cannot be compiled/))
})
