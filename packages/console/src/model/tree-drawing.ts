import type { ModelTree, TreeNode } from '@fairlead/contract/control'
import { plural, significant } from '../format/number.ts'
import type { LayoutEdge, LayoutNode } from '../graph/layout.ts'

const number = (value: number | null): string => (value === null ? 'not finite' : significant(value, 4))

/** A leaf in words: what it adds. */
function leafWords({ values = [], linear }: TreeNode): string {
  if (linear !== undefined) return linear
  if (values.length > 3) return `${values.slice(0, 3).map(number).join(', ')} …`
  return values.map(number).join(', ')
}

/** The share of the training rows that came to a node, where the file tells. */
function coverWords({ cover }: TreeNode, root: TreeNode): string | undefined {
  if (cover === undefined || !root.cover) return undefined
  return `${significant((100 * cover) / root.cover, 2)} % of rows`
}

/** Characters that a box of a split has room for. */
const TEST_LENGTH = 22

/** A test that fits its box: where it is too long, its column is shortened, so that what is asked of the column stays. The column is set apart from the signs beside it, whichever way it is written. */
function shortTest({ test = '', feature = '' }: TreeNode): string {
  if (feature === '' || !test.startsWith(feature)) return test
  const asked = test.slice(feature.length)
  const room = Math.max(12, TEST_LENGTH - asked.length)
  return `\u2068${feature.length > room ? `${feature.slice(0, room - 1)}…` : feature}\u2069${asked}`
}

/** A tree as boxes and arrows: `yes` to the left. */
export function treeDrawing({ nodes }: ModelTree): { boxes: LayoutNode[]; edges: LayoutEdge[] } {
  const root = nodes[0]!
  const boxes = nodes.map((node): LayoutNode => {
    const detail = coverWords(node, root)
    const id = String(node.id)
    if (node.kind === 'split') return { id, kind: 'split', label: shortTest(node), full: node.test, detail }
    if (node.kind === 'leaf') return { id, kind: 'output', label: leafWords(node), detail }
    return { id, kind: 'block', label: `${plural(node.splits ?? 0, 'split')} below`, detail }
  })
  const edges = nodes.flatMap(({ id, kind, yes, no }): LayoutEdge[] =>
    kind === 'split'
      ? [
          { from: String(id), to: String(yes), label: 'yes' },
          { from: String(id), to: String(no), label: 'no' },
        ]
      : [],
  )
  return { boxes, edges }
}

/** The tree as indented lines, for those who do not see the drawing. */
export function treeLines({ nodes }: ModelTree): { id: number; depth: number; text: string }[] {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const lines: { id: number; depth: number; text: string }[] = []
  const open: { id: number; depth: number; when: string }[] = [{ id: nodes[0]!.id, depth: 0, when: '' }]
  for (let next = open.pop(); next; next = open.pop()) {
    const node = byId.get(next.id)
    if (!node) continue
    const what =
      node.kind === 'split'
        ? `${node.test}?`
        : node.kind === 'leaf'
          ? `adds ${leafWords(node)}`
          : `${plural(node.splits ?? 0, 'split')} and ${plural(node.leaves ?? 0, 'leaf', 'leaves')} below`
    lines.push({ id: node.id, depth: next.depth, text: next.when === '' ? what : `${next.when}: ${what}` })
    if (node.kind !== 'split') continue
    open.push({ id: node.no!, depth: next.depth + 1, when: 'no' }, { id: node.yes!, depth: next.depth + 1, when: 'yes' })
  }
  return lines
}
