import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FairleadError } from '@fairlead/contract'
import { tableFromArrays, tableFromIPC, tableToIPC } from '@uwdata/flechette'
import type { Tensors } from '../../domain/inference/index.ts'
import { readTensorStream, TensorStreamWriter } from './tensor-stream.ts'

const TENSORS: Tensors = {
  whole: { type: 'int64', shape: [3], data: new BigInt64Array([1n, -(2n ** 60n), 3n]) },
  part: { type: 'float64', shape: [3], data: new Float64Array([0.5, Number.NaN, 2]), nulls: new Uint8Array([0, 1, 0]) },
  text: { type: 'string', shape: [3], data: ['x', 'é€😀', ''], nulls: new Uint8Array([0, 0, 1]) },
  flag: { type: 'bool', shape: [3], data: new Uint8Array([1, 0, 1]) },
  wide: { type: 'float32', shape: [3, 2, 2], data: new Float32Array(12).map((_, i) => i) },
  small: { type: 'uint8', shape: [3], data: new Uint8Array([0, 128, 255]) },
}

describe('tensors as Arrow streams', () => {
  it('are read by another reader as they were written', () => {
    const table = tableFromIPC(new TensorStreamWriter(Object.keys(TENSORS)).write(TENSORS), { useBigInt: true })
    assert.equal(table.numRows, 3)
    assert.deepEqual([...table.getChild('whole')], [1n, -(2n ** 60n), 3n])
    assert.deepEqual([...table.getChild('part')], [0.5, null, 2])
    assert.deepEqual([...table.getChild('text')], ['x', 'é€😀', null])
    assert.deepEqual([...table.getChild('flag')], [true, false, true])
    assert.deepEqual(
      [...table.getChild('wide')].map((list) => [...(list as Iterable<number>)]),
      [
        [0, 1, 2, 3],
        [4, 5, 6, 7],
        [8, 9, 10, 11],
      ],
    )
  })

  it('come back with their types, values and nulls; lists have two dimensions', () => {
    const back = readTensorStream(new TensorStreamWriter(Object.keys(TENSORS)).write(TENSORS))
    for (const name of ['whole', 'part', 'text', 'flag', 'small']) assert.deepEqual(back[name], TENSORS[name], name)
    assert.deepEqual(back.wide, { ...TENSORS.wide, shape: [3, 4] })
  })

  it('of many sizes are written by one writer, in the order of its names', () => {
    const writer = new TensorStreamWriter(['b', 'a'])
    for (const rows of [1, 2, 1000, 0, 7]) {
      const tensors: Tensors = {
        a: { type: 'string', shape: [rows], data: Array.from({ length: rows }, (_, i) => `row ${i}`) },
        b: { type: 'float64', shape: [rows, rows % 3], data: new Float64Array(rows * (rows % 3)).fill(rows) },
      }
      const back = readTensorStream(
        writer.write(tensors.b!.data.length > 0 ? tensors : { ...tensors, b: { type: 'int8', shape: [rows], data: new Int8Array(rows) } }),
      )
      assert.deepEqual(Object.keys(back), ['b', 'a'])
      assert.deepEqual(back.a!.data, tensors.a!.data)
    }
  })

  it('of another writer are read, floats with nulls as NaN beside the mark', () => {
    const table = tableFromArrays({ a: [1.5, null, 3], c: [true, null, false] })
    const back = readTensorStream(tableToIPC(table, { format: 'stream' }) as Uint8Array)
    assert.deepEqual(back.a, { type: 'float64', shape: [3], data: new Float64Array([1.5, Number.NaN, 3]), nulls: new Uint8Array([0, 1, 0]) })
    assert.deepEqual(back.c, { type: 'bool', shape: [3], data: new Uint8Array([1, 0, 0]), nulls: new Uint8Array([0, 1, 0]) })
  })

  it('that are damaged are refused', () => {
    const bytes = new TensorStreamWriter(Object.keys(TENSORS)).write(TENSORS)
    const refused = (error: unknown) => error instanceof FairleadError && error.code === 'table-invalid'
    for (let length = 1; length < bytes.length - 8; length += 13) {
      try {
        readTensorStream(bytes.subarray(0, length))
      } catch (error) {
        assert.ok(refused(error), `${error}`)
      }
    }
    assert.throws(() => readTensorStream(tableToIPC(tableFromArrays({ a: [{ x: 1 }] }), { format: 'stream' }) as Uint8Array), refused)
  })
})
