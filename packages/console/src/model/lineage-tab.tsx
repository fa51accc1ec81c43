import type { ModelVersion } from '@fairlead/contract/control'
import { useMemo } from 'react'
import { shortDigest } from '../format/text.ts'
import { DrawingView } from '../graph/drawing.tsx'
import { layoutGraph } from '../graph/layout.ts'
import { Ago, Copy, Digest, Facts } from '../ui/show.tsx'
import { lineageGraph } from './lineage.ts'
import { MlflowSection } from './mlflow-lineage.tsx'

/** Where a version came from and where it went, drawn, with the same in words. */
export function LineageTab({ version }: { version: ModelVersion }) {
  const drawing = useMemo(() => {
    const { nodes, edges } = lineageGraph(version)
    return layoutGraph(nodes, edges, { direction: 'right', nodeWidth: 196, nodeHeight: 50, layerGap: 56, gap: 16 })
  }, [version])
  const { lineage } = version
  return (
    <div className="fl-stack" style={{ padding: 16 }}>
      <DrawingView drawing={drawing} direction="right" label="Lineage: what this version was made from, and where it runs" />
      <Facts
        items={[
          ['Source', lineage.source ?? 'not told'],
          ['Training run', lineage.trainingRun ?? 'not told'],
          [
            'Code',
            lineage.codeCommit ? (
              <span key="c" className="fl-digest">
                <code>{shortDigest(lineage.codeCommit)}</code> <Copy value={lineage.codeCommit} label="Copy commit" />
              </span>
            ) : (
              'not told'
            ),
          ],
          ...Object.entries(lineage.dataDigests ?? {}).map(([name, digest]) => [`Data ${name}`, <Digest key={name} digest={digest} />] as const),
          ...Object.entries(lineage.tool ?? {}).map(([name, value]) => [name, value] as const),
          [
            'Imported',
            <span key="i">
              <Ago at={lineage.importedAt} /> by {lineage.importedBy}
            </span>,
          ],
        ]}
      />
      {lineage.mlflow ? <MlflowSection mlflow={lineage.mlflow} /> : null}
    </div>
  )
}
