import type { ModelGraph } from '@fairlead/contract/control'
import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { graphQuery } from '../api/queries.ts'
import { plural } from '../format/number.ts'
import { Empty, Loaded } from '../ui/feedback.tsx'
import { collapseGraph } from './collapse.ts'
import { DrawingView } from './drawing.tsx'
import { layoutGraph } from './layout.ts'

/** The graph of a model version, runs of operators folded into blocks. */
export function GraphTab({ model, version }: { model: string; version: number }) {
  const graph = useQuery(graphQuery(model, version))
  return <Loaded query={graph}>{(data) => (data.nodes.length === 0 ? <Empty title="This model has no graph to draw" /> : <GraphView graph={data} />)}</Loaded>
}

function GraphView({ graph }: { graph: ModelGraph }) {
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set())
  const { blocks, edges, collapsible } = useMemo(() => collapseGraph(graph, open), [graph, open])
  const drawing = useMemo(() => layoutGraph(blocks, edges, { direction: 'down', nodeWidth: 164, nodeHeight: 46, layerGap: 34, gap: 12 }), [blocks, edges])
  const folded = new Set(collapsible.filter((id) => !open.has(id)))
  return (
    <div className="fl-stack" style={{ padding: 16 }}>
      <div className="fl-row spread">
        <span className="fl-soft">
          {plural(graph.nodes.length, 'node')}, {plural(collapsible.length, 'block')}
          {graph.truncated ? '. The graph is large: some nodes were left out.' : ''}
        </span>
        <span className="fl-row">
          <Button size="compact-sm" variant="default" disabled={folded.size === 0} onClick={() => setOpen(new Set(collapsible))}>
            Open all blocks
          </Button>
          <Button size="compact-sm" variant="default" disabled={open.size === 0} onClick={() => setOpen(new Set())}>
            Fold
          </Button>
        </span>
      </div>
      <DrawingView
        drawing={drawing}
        direction="down"
        label="Graph of the model, inputs at the top"
        pressable={folded}
        onPress={(id) => setOpen((was) => new Set([...was, id]))}
      />
    </div>
  )
}
