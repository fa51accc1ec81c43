import type { ModelTree } from '@fairlead/contract/control'
import { Button, NumberInput, Select } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useMemo } from 'react'
import { treeQuery } from '../api/queries.ts'
import { DrawingView } from '../graph/drawing.tsx'
import { layoutTree } from '../graph/tree-layout.ts'
import { Loaded } from '../ui/feedback.tsx'
import { treeDrawing, treeLines } from './tree-drawing.ts'

const DEPTHS = ['2', '3', '4', '5', '6', '8']

/** One tree of the model, drawn; which one and how deep is in the address. */
export function TreeView({ model, version, trees }: { model: string; version: number; trees: number }) {
  const { tree = 0, depth = 3 } = useSearch({ from: '/shell/models/$name' })
  const navigate = useNavigate({ from: '/models/$name' })
  const to = (next: { tree?: number; depth?: number }) => void navigate({ search: (was) => ({ ...was, ...next }), replace: true, resetScroll: false })
  const query = useQuery({ ...treeQuery(model, version, { tree: Math.min(tree, trees - 1), depth }), placeholderData: keepPreviousData })
  return (
    <section className="fl-stack tight">
      <div className="fl-row spread">
        <h3>One tree</h3>
        <span className="fl-row">
          <Button size="compact-sm" variant="default" disabled={tree <= 0} onClick={() => to({ tree: tree - 1 })}>
            Previous
          </Button>
          <NumberInput
            size="xs"
            w={110}
            aria-label={`Tree, from 0 to ${trees - 1}`}
            min={0}
            max={trees - 1}
            allowDecimal={false}
            clampBehavior="strict"
            value={Math.min(tree, trees - 1)}
            onChange={(value) => typeof value === 'number' && to({ tree: value })}
          />
          <Button size="compact-sm" variant="default" disabled={tree >= trees - 1} onClick={() => to({ tree: tree + 1 })}>
            Next
          </Button>
          <Select
            size="xs"
            w={120}
            aria-label="Levels that are drawn"
            allowDeselect={false}
            data={DEPTHS.map((value) => ({ value, label: `${value} levels` }))}
            value={String(depth)}
            onChange={(value) => to({ depth: Number(value) })}
          />
        </span>
      </div>
      <Loaded query={query}>{(data) => <Tree tree={data} />}</Loaded>
    </section>
  )
}

function Tree({ tree }: { tree: ModelTree }) {
  const drawing = useMemo(() => {
    const { boxes, edges } = treeDrawing(tree)
    return layoutTree(boxes, edges, { widthOf: ({ kind }) => (kind === 'split' ? 176 : 112), nodeHeight: 46, layerGap: 40, gap: 10 })
  }, [tree])
  return (
    <>
      <p className="fl-soft fl-small">
        Tree {tree.tree} of 0 to {tree.trees - 1}
        {tree.output === undefined ? '' : `, for ${typeof tree.output === 'number' ? `output ${tree.output}` : tree.output}`}. Where the words hold, the way
        goes to the left; a leaf says what it adds to the sum.
        {tree.nodes[0]?.cover ? ' Shares are of the training rows, by their weight.' : ''}
      </p>
      <DrawingView drawing={drawing} direction="down" edgeWords middle={String(tree.nodes[0]?.id)} label={`Tree ${tree.tree}, its root at the top`} />
      <details>
        <summary>The tree in words</summary>
        <ul className="fl-tree">
          {treeLines(tree).map(({ id, depth, text }) => (
            <li key={id} style={{ marginInlineStart: depth * 16 }}>
              {text}
            </li>
          ))}
        </ul>
      </details>
    </>
  )
}
