import type { Trees } from '../../form/trees.ts'
import { postOrder } from './splits.ts'

/** Leaves that a byte can number. */
export const MOST_LEAVES = 256

/**
 * A tree's splits in four kinds, as the kernel works them out (assembly/abreast.ts). A child is the number of a leaf, or
 * `MOST_LEAVES` and the place of the split that it is the result of.
 */
export interface Shape {
  /** Node of each leaf from left to right. One whose sibling pair was filled up comes twice. */
  readonly leaves: readonly number[]
  /** Pairs of leaves below two splits below one: the three splits, −1 for one that is not there, and the first of the four leaves. */
  readonly tops: readonly { readonly nodes: readonly [number, number, number]; readonly leaf: number }[]
  /** Splits with two leaves. */
  readonly ends: readonly { readonly node: number; readonly leaf: number }[]
  /** Three splits, one above two, and what is below. */
  readonly triples: readonly { readonly nodes: readonly [number, number, number]; readonly children: readonly number[] }[]
  readonly singles: readonly { readonly node: number; readonly children: readonly number[] }[]
}

type Kind = 'leaf' | 'end' | 'top' | 'triple' | 'single' | 'inside'

/** How the splits of a tree are worked out together; undefined for more leaves than a byte numbers. */
export function shapeOf(trees: Trees, root: number): Shape | undefined {
  const order = postOrder(trees, root, 2 * MOST_LEAVES - 1)
  if (!order) return undefined
  const kinds = new Map<number, Kind>()
  for (const node of order) kinds.set(node, kindOf(trees, node, kinds))
  const leaves: number[] = []
  const firstLeaf = new Map<number, number>()
  const open = [root]
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    const kind = kinds.get(node)
    firstLeaf.set(node, leaves.length)
    if (kind === 'leaf') leaves.push(node)
    else if (kind === 'top') leaves.push(...pair(trees, trees.yes[node]!), ...pair(trees, trees.no[node]!))
    else open.push(trees.no[node]!, trees.yes[node]!)
  }
  if (leaves.length > MOST_LEAVES) return undefined
  return placed(trees, { order, kinds, leaves, firstLeaf })
}

/** The leaves of a split with two of them, or a leaf twice. */
function pair(trees: Trees, node: number): [number, number] {
  return trees.feature[node]! < 0 ? [node, node] : [trees.yes[node]!, trees.no[node]!]
}

function kindOf(trees: Trees, node: number, kinds: Map<number, Kind>): Kind {
  if (trees.feature[node]! < 0) return 'leaf'
  const children = [trees.yes[node]!, trees.no[node]!]
  const [left, right] = children.map((child) => kinds.get(child)) as [Kind, Kind]
  if (left === 'leaf' && right === 'leaf') return 'end'
  const take = (kind: Kind): Kind => {
    for (const child of children) if (kinds.get(child) !== 'leaf') kinds.set(child, 'inside')
    return kind
  }
  if ((left === 'end' || left === 'leaf') && (right === 'end' || right === 'leaf')) return take('top')
  const canTake = (child: number): boolean => {
    const kind = kinds.get(child)
    if (kind === 'end') return true
    return kind === 'single' && [trees.yes[child]!, trees.no[child]!].every((below) => kinds.get(below) !== 'single')
  }
  return children.every(canTake) ? take('triple') : 'single'
}

interface Found {
  readonly order: readonly number[]
  readonly kinds: ReadonlyMap<number, Kind>
  readonly leaves: readonly number[]
  readonly firstLeaf: ReadonlyMap<number, number>
}

function placed(trees: Trees, { order, kinds, leaves, firstLeaf }: Found): Shape {
  const of = (kind: Kind): number[] => order.filter((node) => kinds.get(node) === kind)
  const places = new Map<number, number>()
  for (const node of [...of('top'), ...of('end'), ...of('triple'), ...of('single')]) places.set(node, MOST_LEAVES + places.size)
  const child = (node: number): number => places.get(node) ?? (firstLeaf.get(node) as number)
  const below = (node: number): [number, number] => [trees.yes[node]!, trees.no[node]!]
  const splitOr = (node: number): number => (trees.feature[node]! < 0 ? -1 : node)
  return {
    leaves,
    tops: of('top').map((node) => ({ nodes: [node, splitOr(trees.yes[node]!), splitOr(trees.no[node]!)], leaf: firstLeaf.get(node) as number })),
    ends: of('end').map((node) => ({ node, leaf: firstLeaf.get(node) as number })),
    triples: of('triple').map((node) => {
      const [left, right] = below(node)
      return { nodes: [node, left, right], children: [...below(left), ...below(right)].map(child) }
    }),
    singles: of('single').map((node) => ({ node, children: below(node).map(child) })),
  }
}
