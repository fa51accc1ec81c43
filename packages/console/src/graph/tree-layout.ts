import type { Drawing, LayoutEdge, LayoutNode, Placed } from './layout.ts'

export interface TreeLayoutOptions {
  widthOf: (node: LayoutNode) => number
  nodeHeight: number
  /** Space between layers and between neighbours. */
  layerGap: number
  gap: number
}

/** How far a subtree reaches to both sides of its root's middle, layer by layer. */
interface Reach {
  left: number[]
  right: number[]
}

/** Puts subtrees side by side, as near to each other as their layers allow; answers where the middle of each stands and how far all reach. */
function beside(reaches: readonly Reach[], gap: number): { middles: number[]; reach: Reach } {
  const all: Reach = { left: [], right: [] }
  const middles: number[] = []
  for (const { left, right } of reaches) {
    const middle = middles.length === 0 ? 0 : Math.max(...left.slice(0, all.right.length).map((edge, layer) => (all.right[layer] ?? 0) + gap - edge))
    middles.push(middle)
    for (const [layer, edge] of left.entries()) all.left[layer] = Math.min(all.left[layer] ?? Number.POSITIVE_INFINITY, edge + middle)
    for (const [layer, edge] of right.entries()) all.right[layer] = edge + middle
  }
  return { middles, reach: all }
}

/** Lays a tree out downwards: every node above the middle of its branches, which keep the order of `edges`. Nodes come with the root first and none before the one above it. */
export function layoutTree(nodes: readonly LayoutNode[], edges: readonly LayoutEdge[], options: TreeLayoutOptions): Drawing {
  const { widthOf, nodeHeight, layerGap, gap } = options
  const below = new Map<string, string[]>(nodes.map(({ id }) => [id, []]))
  for (const { from, to } of edges) if (below.has(to)) below.get(from)?.push(to)
  const reaches = new Map<string, Reach>()
  const shifts = new Map<string, number>()
  for (const node of nodes.toReversed()) {
    const half = widthOf(node) / 2
    const branches = below.get(node.id) ?? []
    const { middles, reach } = beside(
      branches.flatMap((id) => reaches.get(id) ?? []),
      gap,
    )
    const centre = ((middles[0] ?? 0) + (middles.at(-1) ?? 0)) / 2
    for (const [at, id] of branches.entries()) shifts.set(id, (middles[at] ?? 0) - centre)
    reaches.set(node.id, { left: [-half, ...reach.left.map((edge) => edge - centre)], right: [half, ...reach.right.map((edge) => edge - centre)] })
  }
  const root = reaches.get(nodes[0]?.id ?? '') ?? { left: [0], right: [0] }
  const leftmost = Math.min(...root.left)
  const middles = new Map<string, { x: number; layer: number }>([[nodes[0]?.id ?? '', { x: -leftmost, layer: 0 }]])
  for (const { id } of nodes) {
    const place = middles.get(id)
    if (!place) continue
    for (const branch of below.get(id) ?? []) middles.set(branch, { x: place.x + (shifts.get(branch) ?? 0), layer: place.layer + 1 })
  }
  const placed = nodes.flatMap((node): Placed[] => {
    const place = middles.get(node.id)
    const width = widthOf(node)
    return place ? [{ ...node, x: place.x - width / 2, y: place.layer * (nodeHeight + layerGap), width, height: nodeHeight }] : []
  })
  const byId = new Map(placed.map((node) => [node.id, node]))
  return {
    nodes: placed,
    edges: edges.flatMap((edge) => {
      const [from, to] = [byId.get(edge.from), byId.get(edge.to)]
      if (!from || !to) return []
      const points: [number, number][] = [
        [from.x + from.width / 2, from.y + from.height],
        [to.x + to.width / 2, to.y],
      ]
      return [{ ...edge, points }]
    }),
    width: Math.max(...root.right) - leftmost,
    height: root.left.length * (nodeHeight + layerGap) - layerGap,
  }
}
