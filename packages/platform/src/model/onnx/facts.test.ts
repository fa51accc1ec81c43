import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { modelFacts, modelGraph } from '@fairlead/contract/control'
import { type MadeNode, makeOnnx, onnxFile } from '../test-support.ts'
import { onnxFacts } from './facts.ts'
import { onnxGraph } from './graph.ts'
import { readOnnx } from './read.ts'

describe('facts of an ONNX file', () => {
  it('counts operators and parameters and keeps the contract', () => {
    const facts = onnxFacts(readOnnx(onnxFile('credit_v1')), ['changed'])
    assert.deepEqual(modelFacts.parse(facts), facts)
    assert.equal(facts.operators['ai.onnx.ml::OneHotEncoder'], 5)
    assert.equal(facts.operators.Cast, 3)
    assert.deepEqual(facts.opsets, { 'ai.onnx.ml': 1, 'ai.onnx': 17 })
    assert.equal(facts.producer, 'skl2onnx 1.20.0')
    assert.equal(facts.sizeBytes, 2799)
    assert.deepEqual(facts.rewrites, ['changed'])
    assert.deepEqual(facts.unsupportedOperators, [])
  })

  it('counts weights in initializers, external data and tree operators', () => {
    assert.equal(onnxFacts(readOnnx(onnxFile('hm-initializers-as-inputs')), []).parameters, 4)
    const external = onnxFacts(readOnnx(onnxFile('hm-external-data')), [])
    assert.equal(external.parameters, 64 * 32 + 32)
    assert.equal(external.sizeBytes, 254 + 8320)
    assert.ok(onnxFacts(readOnnx(onnxFile('credit_v2_tensor')), []).parameters > 1000)
    assert.deepEqual(onnxFacts(readOnnx(onnxFile('hm-unknown-op')), []).unsupportedOperators, ['Relux'])
  })
})

/** A chain of blocks, each `pattern` long. */
function chain(pattern: string[], repeats: number): MadeNode[] {
  const nodes: MadeNode[] = []
  for (let index = 0; index < pattern.length * repeats; index += 1)
    nodes.push({ op: pattern[index % pattern.length]!, inputs: [index === 0 ? 'x' : `t${index - 1}`], outputs: [`t${index}`] })
  return nodes
}

function graphOf(nodes: MadeNode[], output: string) {
  const graph = onnxGraph(readOnnx(makeOnnx({ nodes, inputs: [{ name: 'x', shape: ['N', 4] }], outputs: [{ name: output, shape: ['N', 4] }] })))
  assert.deepEqual(modelGraph.parse(graph), graph)
  const ids = new Set(graph.nodes.map((node) => node.id))
  assert.equal(ids.size, graph.nodes.length)
  for (const edge of graph.edges) assert.ok(ids.has(edge.from) && ids.has(edge.to))
  return graph
}

describe('the graph for drawing', () => {
  it('draws a small graph node by node, inputs to outputs', () => {
    const graph = onnxGraph(readOnnx(onnxFile('credit_v1')))
    assert.equal(graph.nodes.filter((node) => node.kind === 'input').length, 9)
    assert.equal(graph.nodes.filter((node) => node.kind === 'output').length, 2)
    assert.equal(graph.nodes.filter((node) => node.kind === 'operator').length, readOnnx(onnxFile('credit_v1')).graph.nodes.length)
    assert.equal(graph.truncated, false)
    const sex = graph.nodes.find((node) => node.name === 'sex')
    assert.ok(graph.edges.some((edge) => edge.from === sex?.id && edge.label === '[?, 1]'))
  })

  it('draws what a subgraph takes from around it', () => {
    const graph = onnxGraph(readOnnx(onnxFile('hm-if')))
    const input = graph.nodes.find((node) => node.kind === 'input')
    const choice = graph.nodes.find((node) => node.op === 'If')
    assert.ok(graph.edges.some((edge) => edge.from === input?.id && edge.to === choice?.id))
  })

  it('collapses parallel branches and repeated blocks with their counts', () => {
    const branches = Array.from({ length: 400 }, (_, index): MadeNode => ({ op: 'Sigmoid', inputs: ['x'], outputs: [`b${index}`] }))
    const joined = graphOf([...branches, { op: 'Sum', inputs: branches.flatMap((node) => node.outputs!), outputs: ['y'] }], 'y')
    assert.deepEqual(
      joined.nodes.filter((node) => node.kind === 'operator').map((node) => [node.op, node.count]),
      [
        ['Sigmoid', 400],
        ['Sum', undefined],
      ],
    )
    const deep = graphOf(chain(['MatMul', 'Add', 'Relu'], 100), 't299')
    assert.deepEqual(
      deep.nodes.filter((node) => node.kind === 'operator').map((node) => [node.op, node.count]),
      [
        ['MatMul', 100],
        ['Add', 100],
        ['Relu', 100],
      ],
    )
    assert.equal(deep.truncated, false)
    assert.ok(deep.edges.some((edge) => edge.to === 'out0'))
  })

  it('cuts the middle of what still is too long, and says so', () => {
    let seed = 1
    const names = ['Relu', 'Abs', 'Neg', 'Exp', 'Sin', 'Cos', 'Tan']
    const nodes = chain(['Relu'], 900).map((node) => {
      seed = (seed * 48271) % 2147483647
      return { ...node, op: names[seed % names.length]! }
    })
    const graph = graphOf(nodes, 't899')
    assert.equal(graph.truncated, true)
    assert.ok(graph.nodes.length <= 152)
    assert.ok(graph.nodes.some((node) => node.op === '…' && node.count! > 100))
  })

  it('keeps very many inputs readable', () => {
    const inputs = Array.from({ length: 300 }, (_, index) => ({ name: `c${index}`, shape: ['N', 1] }))
    const model = makeOnnx({ nodes: [{ op: 'Concat', inputs: inputs.map((value) => value.name), outputs: ['y'] }], inputs, outputs: [{ name: 'y' }] })
    const graph = onnxGraph(readOnnx(model))
    assert.equal(graph.nodes.filter((node) => node.kind === 'input').length, 40)
    assert.ok(graph.nodes.some((node) => node.name === '261 more' && node.count === 261))
  })
})
