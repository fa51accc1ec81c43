import { useLayoutEffect, useRef } from 'react'
import type { Drawing, Placed } from './layout.ts'

interface DrawingViewProps {
  drawing: Drawing
  direction: 'down' | 'right'
  label: string
  /** Whether the words of the edges stand beside them. */
  edgeWords?: boolean
  /** Id of the box that stands in the middle of the region at first, where the drawing is wider. */
  middle?: string
  /** Ids of the boxes that can be pressed. */
  pressable?: ReadonlySet<string>
  onPress?: (id: string) => void
}

const MARGIN = 8
/** Least scale at which a drawing is still read; beyond it the region scrolls. */
const SMALLEST = 0.7
/** The same where the region opens at a box of its own, from which one goes on. */
const SMALLEST_FROM_MIDDLE = 0.9

/** Shortens a text to what fits a box; the title has all of it. */
function fit(text: string, width: number): string {
  const most = Math.floor(width / 7)
  return text.length > most ? `${text.slice(0, most - 1)}…` : text
}

/** The path of an edge: a curve over each gap between layers, straight beside the boxes it passes. */
function curve(points: [number, number][], direction: 'down' | 'right'): string {
  let path = ''
  for (let at = 0; at + 1 < points.length; at += 2) {
    const [[x1, y1], [x2, y2]] = [points[at] ?? [0, 0], points[at + 1] ?? [0, 0]]
    const middle = direction === 'down' ? (y2 - y1) / 2 : (x2 - x1) / 2
    const bow = direction === 'down' ? `${x1},${y1 + middle} ${x2},${y2 - middle}` : `${x1 + middle},${y1} ${x2 - middle},${y2}`
    path += `${at === 0 ? 'M' : 'L'}${x1},${y1}C${bow} ${x2},${y2}`
  }
  return path
}

/** A drawing of boxes and arrows, in a region that scrolls. */
export function DrawingView({ drawing, direction, label, edgeWords = false, middle, pressable, onPress }: DrawingViewProps) {
  const width = drawing.width + 2 * MARGIN
  const height = drawing.height + 2 * MARGIN
  const region = useRef<HTMLElement>(null)
  useLayoutEffect(() => {
    const box = drawing.nodes.find(({ id }) => id === middle)
    if (!region.current || !box) return
    const { scrollWidth, clientWidth } = region.current
    region.current.scrollLeft = ((box.x + box.width / 2 + MARGIN) / width) * scrollWidth - clientWidth / 2
  }, [drawing, middle, width])
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard.
    <section ref={region} className="fl-drawing" tabIndex={0} aria-label={label}>
      <svg
        style={{ width: '100%', minWidth: width * (middle === undefined ? SMALLEST : SMALLEST_FROM_MIDDLE), maxWidth: width }}
        viewBox={`${-MARGIN} ${-MARGIN} ${width} ${height}`}
      >
        <title>{label}</title>
        <defs>
          <marker id="fl-arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse">
            <path d="M0 0 8 4 0 8Z" fill="var(--fl-line-strong)" />
          </marker>
        </defs>
        {drawing.edges.map((edge) => (
          <path key={`${edge.from} ${edge.to}`} className="fl-edge" d={curve(edge.points, direction)} markerEnd="url(#fl-arrow)">
            {edge.label ? <title>{edge.label}</title> : null}
          </path>
        ))}
        {edgeWords ? drawing.edges.map((edge) => <EdgeWord key={`${edge.from} ${edge.to}`} edge={edge} />) : null}
        {drawing.nodes.map((node) =>
          pressable?.has(node.id) ? <PressableBox key={node.id} node={node} onPress={() => onPress?.(node.id)} /> : <Box key={node.id} node={node} />,
        )}
      </svg>
    </section>
  )
}

function EdgeWord({ edge }: { edge: Drawing['edges'][number] }) {
  const [[x1, y1], [x2, y2]] = [edge.points[0] ?? [0, 0], edge.points[1] ?? [0, 0]]
  return (
    <text className="fl-edge-word" x={(x1 + x2) / 2} y={(y1 + y2) / 2 + 4}>
      {edge.label}
    </text>
  )
}

function BoxShape({ node }: { node: Placed }) {
  const middle = node.x + node.width / 2
  return (
    <>
      <title>{[node.full ?? node.label, node.detail].filter(Boolean).join(': ')}</title>
      <rect x={node.x} y={node.y} width={node.width} height={node.height} rx={node.kind === 'input' || node.kind === 'output' ? node.height / 2 : 6} />
      <text x={middle} y={node.y + node.height / 2 + (node.detail ? -3 : 5)}>
        {fit(node.label, node.width - 8)}
      </text>
      {node.detail ? (
        <text className="detail" x={middle} y={node.y + node.height / 2 + 13}>
          {fit(node.detail, (node.width - 12) * 1.1)}
        </text>
      ) : null}
    </>
  )
}

function Box({ node }: { node: Placed }) {
  return (
    <g className="fl-box" data-kind={node.kind}>
      <BoxShape node={node} />
    </g>
  )
}

function PressableBox({ node, onPress }: { node: Placed; onPress: () => void }) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a button element cannot stand inside a drawing.
    <g
      className="fl-box"
      data-kind={node.kind}
      role="button"
      tabIndex={0}
      onClick={onPress}
      onKeyDown={(event) => {
        if (event.key !== 'Enter' && event.key !== ' ') return
        event.preventDefault()
        onPress()
      }}
    >
      <BoxShape node={node} />
    </g>
  )
}
