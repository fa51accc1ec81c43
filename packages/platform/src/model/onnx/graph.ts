import type { ModelGraph } from '@fairlead/contract/control'
import { collapse, type DrawnNode } from './graph-collapse.ts'
import type { OnnxGraph, OnnxModel, OnnxNode, OnnxType } from './model.ts'
import { operatorName } from './operators.ts'

/** Up to this many operators are drawn one by one. */
const DRAWN_LIMIT = 150
/** Up to this many inputs, and outputs, are drawn one by one. */
const PORT_LIMIT = 40

/**
 * The model's graph for drawing. Constants are left out; past 150 operators, equal operators of one layer and repeated
 * blocks are drawn once with their count, and what is still too much is cut in the middle (`truncated`).
 */
export function onnxGraph(model: OnnxModel): ModelGraph {
  const { graph } = model
  const drawn = graph.nodes.filter((node) => node.operator !== 'Constant').map(toDrawn)
  const { nodes, memberOf, truncated } = collapse(drawn, producersOf(drawn), DRAWN_LIMIT)
  const inputs = ports(
    graph.inputs.map((value) => value.name),
    'in',
  )
  const outputs = ports(
    graph.outputs.map((value) => value.name),
    'out',
  )
  const types = new Map([...graph.inputs, ...graph.outputs].map((value) => [value.name, typeLabel(value.type)]))
  const edges = new EdgeList()
  const source = new Map<string, string>()
  for (const [name, id] of inputs.ids) source.set(name, id)
  drawn.forEach((node, index) => {
    const id = memberOf[index]
    if (id !== undefined) for (const name of node.outputs) source.set(name, id)
  })
  drawn.forEach((node, index) => {
    const to = memberOf[index]
    for (const name of node.inputs) edges.add(source.get(name), to, types.get(name))
  })
  for (const [name, id] of outputs.ids) edges.add(source.get(name), id, types.get(name))
  return {
    nodes: [
      ...inputs.nodes.map((node) => ({ ...node, kind: 'input' as const })),
      ...nodes.map(({ id, op, name, count }) => ({ id, op, kind: 'operator' as const, ...(name ? { name } : {}), ...(count > 1 ? { count } : {}) })),
      ...outputs.nodes.map((node) => ({ ...node, kind: 'output' as const })),
    ],
    edges: edges.inOrder([...inputs.nodes, ...nodes, ...outputs.nodes].map((node) => node.id)),
    truncated,
  }
}

function toDrawn(node: OnnxNode): DrawnNode {
  const outer = node.attributes.flatMap((attribute) => attribute.graphs.flatMap(outerNames))
  return {
    op: operatorName(node.domain, node.operator),
    name: node.name,
    inputs: [...node.inputs, ...outer].filter((name) => name !== ''),
    outputs: node.outputs,
  }
}

/** Names that a subgraph takes from the graph around it. */
function outerNames(graph: OnnxGraph): string[] {
  const own = new Set([...graph.inputs, ...graph.initializers].map((value) => value.name))
  for (const node of graph.nodes) for (const name of node.outputs) own.add(name)
  const used = graph.nodes.flatMap((node) => [...node.inputs, ...node.attributes.flatMap((attribute) => attribute.graphs.flatMap(outerNames))])
  return [...new Set(used)].filter((name) => !own.has(name))
}

/** For each node, the indices of the nodes that feed it. */
function producersOf(nodes: readonly DrawnNode[]): number[][] {
  const producer = new Map<string, number>()
  nodes.forEach((node, index) => {
    for (const name of node.outputs) producer.set(name, index)
  })
  return nodes.map((node, index) => node.inputs.map((name) => producer.get(name)).filter((one) => one !== undefined && one < index) as number[])
}

function ports(names: readonly string[], prefix: string): { nodes: { id: string; op: string; name?: string; count?: number }[]; ids: Map<string, string> } {
  const shown = names.length <= PORT_LIMIT ? names : names.slice(0, PORT_LIMIT - 1)
  const rest = names.slice(shown.length)
  const op = prefix === 'in' ? 'Input' : 'Output'
  const nodes: { id: string; op: string; name?: string; count?: number }[] = shown.map((name, index) => ({ id: `${prefix}${index}`, op, name }))
  if (rest.length > 0) nodes.push({ id: `${prefix}+`, op, name: `${rest.length} more`, count: rest.length })
  return {
    nodes,
    ids: new Map([...shown.map((name, index): [string, string] => [name, `${prefix}${index}`]), ...rest.map((name): [string, string] => [name, `${prefix}+`])]),
  }
}

function typeLabel(type: OnnxType): string | undefined {
  if (type.kind !== 'tensor' || type.dimensions === undefined) return undefined
  return `[${type.dimensions.map((dimension) => dimension ?? '?').join(', ')}]`
}

/** Edges between drawn nodes: no doubles, none from a node to itself, and none back up, so that the drawing has no cycles. */
class EdgeList {
  readonly #edges = new Map<string, { from: string; to: string; label?: string }>()

  add(from: string | undefined, to: string | undefined, label: string | undefined): void {
    if (from === undefined || to === undefined || from === to) return
    const key = `${from} ${to}`
    if (!this.#edges.has(key)) this.#edges.set(key, { from, to, ...(label === undefined ? {} : { label }) })
  }

  inOrder(ids: readonly string[]): { from: string; to: string; label?: string }[] {
    const rank = new Map(ids.map((id, index) => [id, index]))
    return [...this.#edges.values()].filter((edge) => rank.get(edge.from)! < rank.get(edge.to)!)
  }
}
