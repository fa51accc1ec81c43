import type { ModelVersion } from '@fairlead/contract/control'
import { shortDigest } from '../format/text.ts'
import type { LayoutEdge, LayoutNode } from '../graph/layout.ts'

/** The lineage of a version as a graph: what it was made from, the version, where it runs. */
export function lineageGraph(version: ModelVersion): { nodes: LayoutNode[]; edges: LayoutEdge[] } {
  const nodes: LayoutNode[] = []
  const edges: LayoutEdge[] = []
  const { lineage } = version
  const self = 'version'
  const run = lineage.trainingRun === undefined ? undefined : 'run'
  const before = (id: string, label: string, detail: string) => {
    nodes.push({ id, label, detail, kind: 'source' })
    edges.push({ from: id, to: run ?? self })
  }
  for (const [name, digest] of Object.entries(lineage.dataDigests ?? {})) before(`data ${name}`, name, `data ${shortDigest(digest)}`)
  if (lineage.codeCommit !== undefined) before('code', 'Code', lineage.codeCommit.slice(0, 12))
  if (run !== undefined) {
    nodes.push({ id: run, label: 'Training run', detail: lineage.trainingRun, kind: 'source' })
    edges.push({ from: run, to: self })
  }
  if (lineage.source !== undefined) {
    nodes.push({ id: 'source', label: 'Imported from', detail: lineage.source, kind: 'source' })
    edges.push({ from: 'source', to: self })
  }
  nodes.push({ id: self, label: `${version.model}:${version.version}`, detail: shortDigest(version.digest), kind: 'output' })
  for (const deployment of version.deployments) {
    nodes.push({ id: `deployment ${deployment.name}`, label: deployment.name, detail: `deployment, release ${deployment.release}`, kind: 'deployment' })
    edges.push({ from: self, to: `deployment ${deployment.name}` })
  }
  return { nodes, edges }
}
