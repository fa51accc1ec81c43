import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeOnnx, onnxFile } from '../test-support.ts'
import { compareGraphs } from './compare.ts'
import { WireWriter } from './protobuf.ts'

const graphs = (before: Uint8Array, after: Uint8Array) => compareGraphs({ bytes: before }, { bytes: after })

/** A TensorProto of floats. */
function weights(name: string, values: readonly number[]): WireWriter {
  const raw = new Uint8Array(Float32Array.from(values).buffer)
  return new WireWriter().varint(1, values.length).varint(2, 1).text(8, name).raw(new WireWriter().bytes(9, raw).finish())
}

function network({ op = 'Relu', numbers = [1, 2], inputs = ['x'], opset = 17 }: { op?: string; numbers?: number[]; inputs?: string[]; opset?: number } = {}) {
  return makeOnnx({
    opset,
    initializers: [weights('w', numbers)],
    nodes: [
      { op: 'Mul', inputs: [inputs[0]!, 'w'], outputs: ['h'] },
      { op, inputs: ['h'], outputs: ['y'] },
    ],
    inputs: inputs.map((name) => ({ name, shape: ['N', 2] })),
    outputs: [{ name: 'y', shape: ['N', 2] }],
  })
}

test('the same file differs in nothing', () => {
  assert.deepEqual(graphs(network(), network()), { same: true, changes: [], ensembles: [], importance: [] })
  assert.ok(graphs(onnxFile('credit_v1'), onnxFile('credit_v1')).same)
})

test('operators, inputs, versions and constants that differ are told', () => {
  assert.deepEqual(graphs(network(), network({ numbers: [1, 3] })).changes, [{ what: 'constant w', before: 'float32 [2]', after: 'float32 [2]' }])
  assert.deepEqual(graphs(network(), network({ numbers: [1, 2, 3] })).changes, [{ what: 'constant w', before: 'float32 [2]', after: 'float32 [3]' }])
  const { same, changes } = graphs(network(), network({ op: 'Sigmoid', inputs: ['x', 'z'], opset: 18 }))
  assert.equal(same, false)
  assert.deepEqual(changes, [
    { what: 'opset ai.onnx', before: 17, after: 18 },
    { what: 'operator Relu', before: 1, after: null },
    { what: 'nodes, as they are connected and set', before: 2, after: 2 },
    { what: 'input z', before: null, after: 'float32 [N, 2]' },
    { what: 'operator Sigmoid', before: null, after: 1 },
  ])
})

test('values that lie in another file differ where that file does', () => {
  const bytes = onnxFile('hm-external-data')
  const beside = (digest: string) => new Map([['weights.bin', digest]])
  assert.ok(compareGraphs({ bytes, beside: beside('a') }, { bytes, beside: beside('a') }).same)
  const { changes } = compareGraphs({ bytes, beside: beside('a') }, { bytes, beside: beside('b') })
  assert.ok(changes.length > 0 && changes.every(({ what, before, after }) => what.startsWith('constant ') && before === after))
  assert.match(String(changes[0]!.before), /in weights\.bin$/)
})

test('a network that differs in very many constants is told of in part', () => {
  const wide = (shift: number) =>
    makeOnnx({
      initializers: Array.from({ length: 600 }, (_, at) => weights(`w${at}`, [at + shift])),
      nodes: [{ op: 'Relu', inputs: ['x'], outputs: ['y'] }],
      inputs: [{ name: 'x', shape: ['N'] }],
      outputs: [{ name: 'y', shape: ['N'] }],
    })
  assert.equal(graphs(wide(0), wide(1)).changes.length, 500)
})
