import type { ModelGraph } from '@fairlead/contract/control'
import type { LayoutEdge, LayoutNode } from './layout.ts'

/** A node of the view: one node of the graph, or a run of them drawn as one block. */
export interface Block extends LayoutNode {
  /** Ids of the nodes in the block, in order. */
  members: string[]
}

const LEAST = 3

/** Runs of operators in which each has one predecessor and one successor, of at least three. */
function runsOf(graph: ModelGraph): string[][] {
  const operators = new Set(graph.nodes.filter((node) => node.kind === 'operator').map((node) => node.id))
  const after = new Map<string, Set<string>>()
  const before = new Map<string, Set<string>>()
  for (const { from, to } of graph.edges) {
    after.set(from, (after.get(from) ?? new Set()).add(to))
    before.set(to, (before.get(to) ?? new Set()).add(from))
  }
  const only = (set: Set<string> | undefined) => (set?.size === 1 ? [...set][0] : undefined)
  /** The node that follows in the same run. */
  const follower = (id: string) => {
    const next = only(after.get(id))
    return next !== undefined && next !== id && operators.has(next) && only(before.get(next)) === id ? next : undefined
  }
  const runs: string[][] = []
  const seen = new Set<string>()
  const inner = new Set([...operators].flatMap((id) => follower(id) ?? []))
  for (const id of operators) {
    if (inner.has(id) || seen.has(id)) continue
    const run: string[] = []
    for (let at: string | undefined = id; at !== undefined && !seen.has(at); at = follower(at)) {
      seen.add(at)
      run.push(at)
    }
    if (run.length >= LEAST) runs.push(run)
  }
  return runs
}

/** An operator without its domain, which is the same for a whole family and hides the name. */
const bare = (op: string) => op.slice(op.lastIndexOf(':') + 1)

function describe(ops: readonly string[]): string {
  const distinct = [...new Set(ops)]
  return distinct.length <= 3 ? distinct.join(', ') : `${distinct.slice(0, 3).join(', ')} …`
}

/** The graph as blocks: runs are one block each, except those whose first node is in `open`. */
export function collapseGraph(graph: ModelGraph, open: ReadonlySet<string>): { blocks: Block[]; edges: LayoutEdge[]; collapsible: string[] } {
  const runs = runsOf(graph)
  const home = new Map<string, string>()
  const nodes = new Map(graph.nodes.map((node) => [node.id, node]))
  const blocks: Block[] = []
  const first = new Map(runs.map((run) => [run[0] ?? '', run]))
  for (const run of runs) if (!open.has(run[0] ?? '')) for (const id of run) home.set(id, run[0] ?? id)
  for (const node of graph.nodes) {
    const block = home.get(node.id) ?? node.id
    if (block !== node.id) continue
    const run = home.has(node.id) ? first.get(node.id) : undefined
    if (run) {
      blocks.push({
        id: node.id,
        kind: 'block',
        label: `${run.length} operators`,
        detail: describe(run.map((id) => bare(nodes.get(id)?.op ?? ''))),
        members: run,
      })
    } else {
      const times = node.count !== undefined && node.count > 1 ? ` × ${node.count}` : ''
      blocks.push({
        id: node.id,
        kind: node.kind,
        label: `${node.kind === 'operator' ? bare(node.op) : (node.name ?? node.op)}${times}`,
        detail: node.kind === 'operator' ? node.name : node.op,
        members: [node.id],
      })
    }
  }
  const seen = new Set<string>()
  const edges = graph.edges.flatMap((edge) => {
    const from = home.get(edge.from) ?? edge.from
    const to = home.get(edge.to) ?? edge.to
    const key = `${from}\n${to}`
    if (from === to || seen.has(key)) return []
    seen.add(key)
    return [{ from, to, label: edge.label }]
  })
  return { blocks, edges, collapsible: runs.map((run) => run[0] ?? '') }
}
