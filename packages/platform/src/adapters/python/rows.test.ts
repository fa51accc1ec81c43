import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FairleadError } from '@fairlead/contract'
import type { Tensors } from '../../domain/inference/index.ts'
import type { PythonModel } from '../../model/python/spec.ts'
import { type RowCodec, readAnswer, writeRows } from './rows.ts'

const seen: Tensors[] = []
const codec = (answer: Tensors = {}): RowCodec => ({
  writer: (names) => (tensors) => {
    seen.push(Object.fromEntries(names.map((name) => [name, tensors[name]!])))
    return new Uint8Array([1])
  },
  read: () => answer,
})
const model = (inputs: PythonModel['inputs']): PythonModel => ({
  folder: '',
  kind: 'columns',
  inputs,
  direct: true,
  environment: { digest: '', python: undefined, build: [], requirements: [], constraints: [], left: [] },
})
const numbers = (...values: number[]) => ({ type: 'float64' as const, shape: [values.length], data: new Float64Array(values) })
const failed = (words: RegExp) => (error: unknown) => error instanceof FairleadError && error.code === 'model-run-failed' && words.test(error.message)

describe('rows for a Python worker', () => {
  it('are the columns of the model in its order; sizes that vary go along', () => {
    const inputs: Tensors = { b: { type: 'float64', shape: [2, 3], data: new Float64Array(6) }, a: { ...numbers(1, 2), shape: [2, 1] }, other: numbers(0, 0) }
    const { header, body } = writeRows(
      model([
        { name: 'a', type: 'float64' },
        { name: 'b', type: 'float64', shape: [-1] },
      ]),
      inputs,
      codec(),
    )
    assert.deepEqual([header, body.length], [{ sizes: { b: [3] } }, 1])
    const sent = seen.at(-1)!
    assert.deepEqual(Object.keys(sent), ['a', 'b'])
    assert.deepEqual([sent.a!.shape, sent.b!.shape], [[2], [2, 3]])
  })

  it('keep lists without values as such', () => {
    const inputs: Tensors = { a: numbers(1), p: { type: 'float64', shape: [1, 0], data: new Float64Array(0), nulls: new Uint8Array(0) } }
    writeRows(
      model([
        { name: 'a', type: 'float64' },
        { name: 'p', type: 'float64', shape: [-1], param: true },
      ]),
      inputs,
      codec(),
    )
    assert.deepEqual(seen.at(-1)!.p!.shape, [1, 0])
  })
})

describe('answers of a Python worker', () => {
  const frame = (outputs: object[], form = 'records') => ({ header: { id: 1, form, outputs }, body: new Uint8Array(0) })

  it('have the shapes that they had in Python', () => {
    const wide = { type: 'float32' as const, shape: [2, 6], data: new Float32Array(12) }
    const { form, outputs, tensors } = readAnswer(frame([{ name: 'x', type: 'float32', shape: [2, 3] }]), { rows: 2 }, codec({ x: wide }))
    assert.deepEqual([form, outputs, tensors.x!.shape], ['records', [{ name: 'x', type: 'float32', shape: [-1, 2, 3] }], [2, 2, 3]])
  })

  it('of another number or type than was asked for are refused', () => {
    const one = frame([{ name: 'x', type: 'float64', shape: [] }])
    assert.throws(() => readAnswer(one, { rows: 3 }, codec({ x: numbers(1, 2) })), failed(/2 rows of "x" for 3/))
    assert.throws(() => readAnswer(one, { rows: 2 }, codec({})), failed(/no rows of "x" for 2/))
    const expected = [{ name: 'x', type: 'string' as const, shape: [-1] }]
    assert.throws(() => readAnswer(one, { rows: 2, expected }, codec({ x: numbers(1, 2) })), failed(/"x" as float64, not as string/))
  })
})
