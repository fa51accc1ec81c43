import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DATA_TYPES, type DataType, FairleadError, type TensorSpec } from '@fairlead/contract'
import type { Artifact, Runtime, Tensor, TensorData } from '../domain/inference/index.ts'

/** Extreme and ordinary values of each type. */
const VALUES: Record<DataType, TensorData> = {
  bool: new Uint8Array([1, 0, 1]),
  int8: new Int8Array([-128, 0, 127]),
  int16: new Int16Array([-32768, 0, 32767]),
  int32: new Int32Array([-2147483648, 0, 2147483647]),
  int64: new BigInt64Array([-9223372036854775808n, 9007199254740993n, 9223372036854775807n]),
  uint8: new Uint8Array([0, 1, 255]),
  uint16: new Uint16Array([0, 1, 65535]),
  uint32: new Uint32Array([0, 1, 4294967295]),
  uint64: new BigUint64Array([0n, 9007199254740993n, 18446744073709551615n]),
  float16: new Uint16Array([0x3c00, 0x7e00, 0xfc00]),
  float32: new Float32Array([-0, Number.NaN, 1e-45]),
  float64: new Float64Array([0.1, Number.NEGATIVE_INFINITY, 5e-324]),
  string: ['', 'ä€😀', 'a\u0000b'],
}

/** What the suite needs to know of a runtime. */
export interface RuntimeSuiteOptions {
  make(): Runtime
  /** A model that copies each input `x` to `x_out`. */
  identity(inputs: TensorSpec[]): Artifact
  /** Types that come back; all unless given. */
  types?: readonly DataType[]
}

function coded(code: string) {
  return (error: unknown) => error instanceof FairleadError && error.code === code
}

/** The cases that every runtime must pass. */
export function runtimeSuite({ make, identity, types = DATA_TYPES }: RuntimeSuiteOptions): void {
  const spec = (name: string, type: DataType, shape: number[] = [-1]): TensorSpec => ({ name, type, shape })
  const tensor = (type: DataType, data: TensorData, shape = [data.length]): Tensor => ({ type, shape, data })

  test('every type comes back bit for bit', async () => {
    for (const type of types) {
      await using session = await make().open(identity([spec('x', type)]))
      const { x_out } = await session.run({ x: tensor(type, VALUES[type]) })
      assert.deepEqual(x_out, tensor(type, VALUES[type]), type)
    }
  })

  test('several inputs and outputs of different types and shapes', async () => {
    const second = types.includes('string') ? 'string' : 'bool'
    await using session = await make().open(identity([spec('a', 'float32', [-1, 2]), spec('b', second, [-1, 1]), spec('c', 'int64')]))
    const inputs = {
      a: tensor('float32', new Float32Array([1, 2, 3, 4]), [2, 2]),
      b: second === 'string' ? tensor('string', ['x', ''], [2, 1]) : tensor('bool', new Uint8Array([1, 0]), [2, 1]),
      c: tensor('int64', new BigInt64Array([7n, 8n])),
    }
    assert.deepEqual({ ...(await session.run(inputs)) }, { a_out: inputs.a, b_out: inputs.b, c_out: inputs.c })
  })

  test('a view into a larger buffer is read at its own place', async () => {
    await using session = await make().open(identity([spec('x', 'float32')]))
    const { x_out } = await session.run({ x: tensor('float32', new Float32Array([1, 2, 3, 4]).subarray(1, 3)) })
    assert.deepEqual([...(x_out!.data as Float32Array)], [2, 3])
  })

  test('the same session answers again and again, and does not keep its inputs', async () => {
    await using session = await make().open(identity([spec('x', 'float64')]))
    const data = new Float64Array([1, 2])
    const first = await session.run({ x: tensor('float64', data) })
    data.fill(9)
    const second = await session.run({ x: tensor('float64', data) })
    assert.deepEqual([...(first.x_out!.data as Float64Array), ...(second.x_out!.data as Float64Array)], [1, 2, 9, 9])
  })

  test('a run without rows answers without rows', async () => {
    await using session = await make().open(identity([spec('x', 'float32', [-1, 2])]))
    const { x_out } = await session.run({ x: tensor('float32', new Float32Array(0), [0, 2]) })
    assert.deepEqual(x_out!.shape, [0, 2])
  })

  test('a missing input, a wrong type and a wrong shape are refused, and the session goes on', async () => {
    await using session = await make().open(identity([spec('x', 'float32', [-1, 2])]))
    const good = tensor('float32', new Float32Array([1, 2]), [1, 2])
    await assert.rejects(session.run({ y: good }), coded('model-run-failed'))
    await assert.rejects(session.run({ x: tensor('float64', new Float64Array([1, 2]), [1, 2]) }), coded('model-run-failed'))
    await assert.rejects(session.run({ x: tensor('float32', new Float32Array([1, 2, 3]), [1, 3]) }), coded('model-run-failed'))
    assert.deepEqual({ ...(await session.run({ x: good })) }, { x_out: good })
  })

  test('nothing runs after it was disposed, and disposing twice is harmless', async () => {
    const session = await make().open(identity([spec('x', 'float32')]))
    await session[Symbol.asyncDispose]()
    await session[Symbol.asyncDispose]()
    await assert.rejects(session.run({ x: tensor('float32', new Float32Array([1])) }), coded('model-run-failed'))
  })

  test('bytes that are no model are refused', async () => {
    for (const bytes of [new Uint8Array(0), new TextEncoder().encode('not a model'), identity([spec('x', 'float32')]).bytes.slice(0, -20)]) {
      await assert.rejects(make().open({ ...identity([spec('x', 'float32')]), bytes }), coded('load-failed'))
    }
  })
}
