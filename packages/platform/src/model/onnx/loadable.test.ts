import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { makeOnnx } from '../test-support.ts'
import { loadableOnnx } from './loadable.ts'
import { WireWriter } from './protobuf.ts'

const made = (nodes: { op: string; domain?: string }[]) =>
  makeOnnx({ nodes: nodes.map((node) => ({ ...node, inputs: ['x'], outputs: ['y'] })), inputs: [{ name: 'x' }], outputs: [{ name: 'y' }] })

describe('operators whose work depends on values', () => {
  it('are named once each, in both names of the standard domain and among the runtime its own', () => {
    const nodes = [{ op: 'Scan' }, { op: 'Loop', domain: 'ai.onnx' }, { op: 'Loop' }, { op: 'Add' }, { op: 'GreedySearch', domain: 'com.microsoft' }]
    assert.deepEqual(loadableOnnx(made(nodes)).branching, ['Loop', 'Scan', 'com.microsoft::GreedySearch'])
  })

  it('are not those of the same name in other domains', () => {
    assert.deepEqual(loadableOnnx(made([{ op: 'Loop', domain: 'com.example' }, { op: 'MatMul' }])).branching, [])
  })

  it('are found within the graphs of others and in functions', () => {
    const node = (op: string) => new WireWriter().text(2, 'y').text(4, op)
    const within = new WireWriter().text(1, 'body').message(6, new WireWriter().message(1, node('Loop')))
    const graph = new WireWriter().message(1, node('Custom').text(7, 'made').message(5, within))
    const body = new WireWriter().text(1, 'Made').text(10, 'made').message(7, node('If'))
    const file = new WireWriter().varint(1, 8).message(7, graph).message(8, new WireWriter().text(1, '').varint(2, 17)).message(25, body).finish()
    assert.deepEqual(loadableOnnx(file).branching, ['If', 'Loop'])
  })
})
