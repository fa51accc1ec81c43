/** A box of a drawing. */
export interface LayoutNode {
  id: string
  label: string
  /** What stands for the label where there is room for more. */
  full?: string | undefined
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

/** Most bends that long edges get; beyond it they run straight, behind the boxes. */
const MOST_BENDS = 600
const BEND = 'bend'

interface Bent {
  nodes: LayoutNode[]
  /** Edges between neighbouring layers, over the bends. */
  links: LayoutEdge[]
  /** Ids of the bends of each edge, by its place among the edges. */
  bends: string[][]
}

/** Gives an edge that passes layers a bend in each of them, so that it takes a place of its own there; writes their layers into `layers`. */
function bend(nodes: readonly LayoutNode[], edges: readonly LayoutEdge[], layers: Map<string, number>): Bent {
  const passed = (edge: LayoutEdge) => Math.max(0, (layers.get(edge.to) ?? 0) - (layers.get(edge.from) ?? 0) - 1)
  const few = edges.reduce((sum, edge) => sum + passed(edge), 0) <= MOST_BENDS
  const bends = edges.map((edge, index) => Array.from({ length: few ? passed(edge) : 0 }, (_, step) => `\0${index} ${step}`))
  const links = edges.flatMap((edge, index) => {
    const way = [edge.from, ...(bends[index] ?? []), edge.to]
    return way.slice(1).map((to, step) => ({ from: way[step] ?? edge.from, to }))
  })
  for (const [index, ids] of bends.entries()) {
    const start = layers.get(edges[index]?.from ?? '') ?? 0
    for (const [step, id] of ids.entries()) layers.set(id, start + step + 1)
  }
  return { nodes: [...nodes, ...bends.flat().map((id) => ({ id, label: '', kind: BEND }))], links, bends }
}

/** Lays a graph out in layers. Every node of `nodes` is placed, whatever the edges are; `points` of an edge come in pairs, each a stretch of it. */
export function layoutGraph(nodes: readonly LayoutNode[], edges: readonly LayoutEdge[], options: LayoutOptions): Drawing {
  const { direction, nodeWidth, nodeHeight, layerGap, gap } = options
  const known = new Set(nodes.map((node) => node.id))
  const kept = edges.filter((edge) => known.has(edge.from) && known.has(edge.to) && edge.from !== edge.to)
  const layers = layersOf(
    nodes.map((node) => node.id),
    kept,
  )
  const bent = bend(nodes, kept, layers)
  const rows = ordered(bent.nodes, bent.links, layers)
  const down = direction === 'down'
  const along = (down ? nodeHeight : nodeWidth) + layerGap
  const byId = new Map(bent.nodes.map((node) => [node.id, node]))
  const breadth = (id: string) => (byId.get(id)?.kind === BEND ? 0 : down ? nodeWidth : nodeHeight)
  const lengthOf = (row: string[]) => row.reduce((sum, id) => sum + breadth(id) + gap, -gap)
  const widest = rows.reduce((most, row) => Math.max(most, lengthOf(row)), 0)
  const placed = new Map<string, Placed>()
  for (const [layer, row] of rows.entries()) {
    let a = (widest - lengthOf(row)) / 2
    const b = layer * along
    for (const id of row) {
      const node = byId.get(id)
      if (!node) continue
      const size = breadth(id)
      placed.set(id, { ...node, x: down ? a : b, y: down ? b : a, width: down ? size : nodeWidth, height: down ? nodeHeight : size })
      a += size + gap
    }
  }
  const entry = (one: Placed): [number, number] => (down ? [one.x + one.width / 2, one.y] : [one.x, one.y + one.height / 2])
  const exit = (one: Placed): [number, number] => (down ? [one.x + one.width / 2, one.y + one.height] : [one.x + one.width, one.y + one.height / 2])
  const stretches = (edge: LayoutEdge, index: number): [number, number][] => {
    const way = [edge.from, ...(bent.bends[index] ?? []), edge.to].flatMap((id) => placed.get(id) ?? [])
    return way.flatMap((one, at) => [...(at > 0 ? [entry(one)] : []), ...(at < way.length - 1 ? [exit(one)] : [])])
  }
  const length = Math.max(0, rows.length * along - layerGap)
  return {
    nodes: [...placed.values()].filter((node) => node.kind !== BEND),
    edges: kept.map((edge, index) => ({ ...edge, points: stretches(edge, index) })),
    width: down ? widest : length,
    height: down ? length : widest,
  }
}
