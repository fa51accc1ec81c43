/** A box of a drawing. */
export interface LayoutNode {
  id: string
  label: string
  detail?: string | undefined
  kind: string
}
export interface LayoutEdge {
  from: string
  to: string
  label?: string | undefined
}
export interface Placed extends LayoutNode {
  x: number
  y: number
  width: number
  height: number
}
export interface Drawing {
  nodes: Placed[]
  edges: { from: string; to: string; label?: string | undefined; points: [number, number][] }[]
  width: number
  height: number
}
export interface LayoutOptions {
  /** Whether layers go downwards or to the right. */
  direction: 'down' | 'right'
  nodeWidth: number
  nodeHeight: number
  /** Space between layers and between neighbours. */
  layerGap: number
  gap: number
}

/** Layer of each node: the longest way to it from a node without predecessors, which itself stands just before its first successor. Edges that would close a circle are left out. */
export function layersOf(ids: readonly string[], edges: readonly LayoutEdge[]): Map<string, number> {
  const known = new Set(ids)
  const next = new Map<string, string[]>(ids.map((id) => [id, []]))
  const waiting = new Map<string, number>(ids.map((id) => [id, 0]))
  for (const { from, to } of edges) {
    if (from === to || !known.has(from) || !known.has(to)) continue
    next.get(from)?.push(to)
    waiting.set(to, (waiting.get(to) ?? 0) + 1)
  }
  const layers = new Map<string, number>(ids.map((id) => [id, 0]))
  const queue = ids.filter((id) => waiting.get(id) === 0)
  const done = new Set<string>()
  const place = (id: string) => {
    if (done.has(id)) return
    done.add(id)
    for (const to of next.get(id) ?? []) {
      if (done.has(to)) continue
      layers.set(to, Math.max(layers.get(to) ?? 0, (layers.get(id) ?? 0) + 1))
      waiting.set(to, (waiting.get(to) ?? 1) - 1)
      if (waiting.get(to) === 0) queue.push(to)
    }
  }
  for (let at = 0; at < queue.length; at++) place(queue[at] ?? '')
  // What is left stands on a circle: place it in the order given.
  for (const id of ids) {
    if (done.has(id)) continue
    queue.length = 0
    queue.push(id)
    for (let at = 0; at < queue.length; at++) place(queue[at] ?? '')
  }
  const fed = new Set(edges.filter((edge) => edge.from !== edge.to && known.has(edge.from)).map((edge) => edge.to))
  for (const id of ids) {
    const after = (next.get(id) ?? []).map((to) => layers.get(to) ?? 0)
    if (!fed.has(id) && after.length > 0) layers.set(id, Math.max(0, Math.min(...after) - 1))
  }
  return layers
}

const SWEEPS = 4

/** Orders the nodes of each layer by the mean place of their neighbours, a few times down and up, which takes most crossings out. */
function ordered(nodes: readonly LayoutNode[], edges: readonly LayoutEdge[], layers: Map<string, number>): string[][] {
  const rows: string[][] = []
  for (const node of nodes) {
    const layer = layers.get(node.id) ?? 0
    while (rows.length <= layer) rows.push([])
    rows[layer]?.push(node.id)
  }
  const neighbours = new Map<string, { before: string[]; after: string[] }>(nodes.map((node) => [node.id, { before: [], after: [] }]))
  for (const { from, to } of edges) {
    neighbours.get(from)?.after.push(to)
    neighbours.get(to)?.before.push(from)
  }
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const place = new Map<string, number>()
    const settle = (row: string[]) => {
      for (const [index, id] of row.entries()) place.set(id, (index + 0.5) / row.length)
    }
    const side = sweep % 2 === 0 ? 'before' : 'after'
    for (const row of rows) settle(row)
    for (const row of side === 'before' ? rows : [...rows].reverse()) {
      const wish = (id: string) => {
        const known = (neighbours.get(id)?.[side] ?? []).flatMap((one) => place.get(one) ?? [])
        return known.length === 0 ? (place.get(id) ?? 0) : known.reduce((sum, one) => sum + one, 0) / known.length
      }
      const wishes = new Map(row.map((id) => [id, wish(id)]))
      row.sort((a, b) => (wishes.get(a) ?? 0) - (wishes.get(b) ?? 0))
      settle(row)
    }
  }
  return rows
}

/** Lays a graph out in layers. Every node of `nodes` is placed, whatever the edges are. */
export function layoutGraph(nodes: readonly LayoutNode[], edges: readonly LayoutEdge[], options: LayoutOptions): Drawing {
  const { direction, nodeWidth, nodeHeight, layerGap, gap } = options
  const known = new Set(nodes.map((node) => node.id))
  const kept = edges.filter((edge) => known.has(edge.from) && known.has(edge.to) && edge.from !== edge.to)
  const rows = ordered(
    nodes,
    kept,
    layersOf(
      nodes.map((node) => node.id),
      kept,
    ),
  )
  const down = direction === 'down'
  const across = (down ? nodeWidth : nodeHeight) + gap
  const along = (down ? nodeHeight : nodeWidth) + layerGap
  const widest = rows.reduce((most, row) => Math.max(most, row.length), 1) * across - gap
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const placed = new Map<string, Placed>()
  for (const [layer, row] of rows.entries()) {
    const start = (widest - (row.length * across - gap)) / 2
    for (const [index, id] of row.entries()) {
      const node = byId.get(id)
      if (!node) continue
      const [a, b] = [start + index * across, layer * along]
      placed.set(id, { ...node, x: down ? a : b, y: down ? b : a, width: nodeWidth, height: nodeHeight })
    }
  }
  const length = Math.max(0, rows.length * along - layerGap)
  const ends = (edge: LayoutEdge): [number, number][] => {
    const from = placed.get(edge.from)
    const to = placed.get(edge.to)
    if (!from || !to) return []
    return down
      ? [[from.x + from.width / 2, from.y + from.height] as [number, number], [to.x + to.width / 2, to.y] as [number, number]]
      : [[from.x + from.width, from.y + from.height / 2] as [number, number], [to.x, to.y + to.height / 2] as [number, number]]
  }
  return {
    nodes: [...placed.values()],
    edges: kept.map((edge) => ({ ...edge, points: ends(edge) })),
    width: down ? widest : length,
    height: down ? length : widest,
  }
}
