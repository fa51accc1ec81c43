import assert from 'node:assert/strict'
import { test } from 'node:test'
import { randomTrees } from '../../testing/random.ts'
import { Layout } from './layout.ts'

/** Places of a tree's nodes and of the children of its splits. */
function placed(line: number, shape: 'even' | 'any', splits: number) {
  const trees = randomTrees({ trees: 9, splits, shape })
  const layout = new Layout(trees, line)
  return Array.from(trees.roots, (root) => {
    const places = new Map<number, number>()
    const children = new Map<number, number>()
    const visitor = {
      split: (node: number, place: number, pair: number) => {
        places.set(node, place)
        children.set(node, pair)
        return node % 3 === 0
      },
      leaf: (node: number, place: number) => void places.set(node, place),
    }
    return { trees, root, places, children, extent: layout.go(root, visitor) }
  })
}

test('every node has a place of its own, children stand side by side and behind their split, in the order that is asked for', () => {
  for (const [line, splits] of [
    [8, 40],
    [1, 40],
    [8, 0],
  ] as const) {
    for (const { trees, root, places, children, extent } of placed(line, 'any', splits)) {
      assert.equal(places.get(root), 0)
      assert.equal(new Set(places.values()).size, places.size)
      assert.ok(Math.max(...places.values()) < extent.size)
      for (const [node, pair] of children) {
        const [first, second] = node % 3 === 0 ? [trees.yes[node]!, trees.no[node]!] : [trees.no[node]!, trees.yes[node]!]
        assert.deepEqual([places.get(first), places.get(second)], [pair, pair + 1])
        assert.ok(pair > places.get(node)!)
      }
    }
  }
})

test('a way down an even tree goes through a new line of the cache for every second level, but the first three are one', () => {
  for (const { trees, root, places, extent } of placed(8, 'even', 63)) {
    if (places.size < 127) continue
    assert.equal(extent.depth, 6)
    const lines = (node: number): Set<number> => new Set([Math.floor(places.get(node)! / 8)])
    const most = (node: number): number => {
      const go = (at: number, seen: Set<number>): number => {
        const now = new Set([...seen, ...lines(at)])
        return trees.feature[at]! < 0 ? now.size : Math.max(go(trees.yes[at]!, now), go(trees.no[at]!, now))
      }
      return go(node, new Set())
    }
    assert.equal(most(root), 3)
  }
})
