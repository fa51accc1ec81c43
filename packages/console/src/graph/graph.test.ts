import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ModelGraph } from '@fairlead/contract/control'
import { collapseGraph } from './collapse.ts'
import { layersOf, layoutGraph } from './layout.ts'

const options = { direction: 'down' as const, nodeWidth: 100, nodeHeight: 40, layerGap: 30, gap: 20 }
const node = (id: string) => ({ id, label: id, kind: 'operator' })
const edge = (pair: string) => ({ from: pair[0] ?? '', to: pair[1] ?? '' })

test('a node stands one layer after its last predecessor', () => {
  const layers = layersOf(['a', 'b', 'c', 'd'], ['ab', 'bc', 'ac', 'cd'].map(edge))
  assert.deepEqual(
    [...layers],
    [
      ['a', 0],
      ['b', 1],
      ['c', 2],
      ['d', 3],
    ],
  )
})

test('what feeds only a late node stands next to it', () => {
  assert.equal(layersOf(['a', 'b', 'c', 's'], ['ab', 'bc', 'sc'].map(edge)).get('s'), 1)
})

test('circles and edges to nowhere do not stop the drawing', () => {
  const drawing = layoutGraph(['a', 'b', 'c'].map(node), ['ab', 'bc', 'ca', 'ax', 'aa'].map(edge), options)
  assert.equal(drawing.nodes.length, 3)
  assert.equal(drawing.edges.length, 3)
})

test('no two boxes overlap, and all are inside the drawing', () => {
  const ids = Array.from({ length: 40 }, (_, index) => `n${index}`)
  const edges = ids.slice(1).map((id, index) => ({ from: `n${Math.floor(index / 3)}`, to: id }))
  for (const direction of ['down', 'right'] as const) {
    const { nodes, width, height } = layoutGraph(ids.map(node), edges, { ...options, direction })
    for (const a of nodes) {
      assert.ok(a.x >= 0 && a.y >= 0 && a.x + a.width <= width && a.y + a.height <= height)
      for (const b of nodes) {
        if (a === b) continue
        assert.ok(a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y, `${a.id} on ${b.id}`)
      }
    }
  }
})

test('an ordering without crossings is found where the given one crosses', () => {
  const { nodes } = layoutGraph(['a', 'b', 'x', 'y'].map(node), ['ay', 'bx'].map(edge), options)
  const x = (id: string) => nodes.find((one) => one.id === id)?.x ?? 0
  assert.equal(x('a') < x('b'), x('y') < x('x'))
})

test('an edge that passes a layer goes around the box in it', () => {
  const { nodes, edges } = layoutGraph(['a', 'b', 'c'].map(node), ['ab', 'bc', 'ac'].map(edge), options)
  const box = nodes.find((one) => one.id === 'b')
  const long = edges.find((one) => one.from === 'a' && one.to === 'c')
  assert.equal(long?.points.length, 4, 'two stretches')
  assert.equal(nodes.length, 3, 'the bend itself is not drawn')
  const [x, y] = long?.points[1] ?? [0, 0]
  assert.ok(box && y === box.y && (x <= box.x || x >= box.x + box.width), `${x} is beside the box`)
})

test('an empty graph is an empty drawing', () => {
  assert.deepEqual(layoutGraph([], [], options).nodes, [])
})

const graph: ModelGraph = {
  nodes: [
    { id: 'in', op: 'float32', name: 'age', kind: 'input' },
    ...['a', 'b', 'c', 'd', 'e'].map((id) => ({ id, op: `Op${id}`, kind: 'operator' as const })),
    { id: 'out', op: 'int64', name: 'label', kind: 'output' },
  ],
  edges: ['in-a', 'a-b', 'b-c', 'c-d', 'd-e', 'e-out', 'c-d'].map((pair) => ({ from: pair.split('-')[0] ?? '', to: pair.split('-')[1] ?? '' })),
  truncated: false,
}

test('a run of operators is one block until it is opened', () => {
  const closed = collapseGraph(graph, new Set())
  assert.deepEqual(
    closed.blocks.map((block) => block.label),
    ['age', '5 operators', 'label'],
  )
  assert.equal(closed.edges.length, 2)
  const open = collapseGraph(graph, new Set(closed.collapsible))
  assert.equal(open.blocks.length, 7)
  assert.equal(open.edges.length, 6)
})

test('a branch ends a run', () => {
  const branched = { ...graph, edges: [...graph.edges, { from: 'b', to: 'd' }] }
  assert.deepEqual(collapseGraph(branched, new Set()).collapsible, [])
})
