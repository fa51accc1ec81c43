import assert from 'node:assert/strict'
import { test } from 'node:test'
import { layoutTree } from './tree-layout.ts'

const options = { widthOf: () => 100, nodeHeight: 40, layerGap: 30, gap: 20 }
const node = (id: string) => ({ id, label: id, kind: 'split' })
const edge = (pair: string) => ({ from: pair[0] ?? '', to: pair[1] ?? '', label: 'yes' })
const drawn = (ids: string, pairs: string) => layoutTree([...ids].map(node), pairs === '' ? [] : pairs.split(' ').map(edge), options)
const middle = ({ nodes }: ReturnType<typeof drawn>, id: string) => {
  const found = nodes.find((one) => one.id === id)
  return (found?.x ?? Number.NaN) + 50
}

test('a node stands above the middle of its branches, and the first branch to the left', () => {
  const drawing = drawn('abcde', 'ab ac bd be')
  assert.ok(middle(drawing, 'b') < middle(drawing, 'c'))
  assert.equal(middle(drawing, 'a'), (middle(drawing, 'b') + middle(drawing, 'c')) / 2)
  assert.equal(middle(drawing, 'b'), (middle(drawing, 'd') + middle(drawing, 'e')) / 2)
  assert.deepEqual([drawing.height, Math.min(...drawing.nodes.map(({ x }) => x))], [180, 0])
  assert.equal(drawing.width, Math.max(...drawing.nodes.map(({ x }) => x + 100)))
})

test('a branch with the deeper tree keeps its side, and boxes of a layer never touch', () => {
  const drawing = drawn('abcdefghijk', 'ab ac bd be cf cg dh di ej ek')
  assert.ok(middle(drawing, 'b') < middle(drawing, 'c'))
  for (const one of drawing.nodes) {
    const neighbours = drawing.nodes.filter((other) => other.y === one.y && other.x > one.x)
    assert.ok(
      neighbours.every((other) => other.x >= one.x + one.width + options.gap),
      one.id,
    )
  }
  const order = drawing.nodes.filter(({ y }) => y === 140).sort((a, b) => a.x - b.x)
  assert.equal(order.map(({ id }) => id).join(''), 'defg')
})

test('an edge leads from the lower side of a box to the upper side of the one below', () => {
  const drawing = drawn('abc', 'ab ac')
  const [first] = drawing.edges
  assert.deepEqual(first?.points, [
    [middle(drawing, 'a'), 40],
    [middle(drawing, 'b'), 70],
  ])
  assert.equal(first?.label, 'yes')
})

test('a root alone is a drawing, and edges to nowhere are left out', () => {
  const drawing = drawn('a', 'ax')
  assert.deepEqual([drawing.nodes.length, drawing.edges.length, drawing.width, drawing.height], [1, 0, 100, 40])
})
