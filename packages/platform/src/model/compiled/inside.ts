import type { ModelComparison, ModelTree, TreeNode } from '@fairlead/contract/control'
import { compareForms, type Drawn, decodeForm, drawTree } from '@fairlead/evaluator'
import { compareGraphs, type GraphFile } from '../onnx/compare.ts'

/** Which tree, and how deep. */
export interface TreeAsk {
  tree: number
  depth: number
  step?: number | undefined
}

/** Columns that a comparison lists. */
const MOST_COLUMNS = 200

/** What can be asked of encoded forms, and of ONNX files that have none. */
export type InsideTask =
  | { kind: 'tree'; form: Uint8Array; ask: TreeAsk }
  | { kind: 'comparison'; before: Uint8Array; after: Uint8Array }
  | { kind: 'graphs'; before: GraphFile; after: GraphFile }

/** Answers what is asked of encoded forms and of graphs; what is refused is in the answer, because it may have to cross threads. */
export function lookInside(task: InsideTask): { tree: ModelTree } | { comparison: ModelComparison } | { refused: string } {
  if (task.kind === 'graphs') return { comparison: compareGraphs(task.before, task.after) }
  if (task.kind === 'comparison') return { comparison: comparisonOf(task.before, task.after) }
  try {
    return { tree: treeOf(task.form, task.ask) }
  } catch (error) {
    // the evaluator's word for a tree, step or depth that is not there
    if (error instanceof RangeError) return { refused: error.message }
    throw error
  }
}

function treeOf(form: Uint8Array, { tree, depth, step }: TreeAsk): ModelTree {
  const { root, ...drawing } = drawTree(decodeForm(form), { tree, depth, ...(step === undefined ? {} : { step }) })
  return { ...drawing, nodes: listed(root) }
}

function comparisonOf(before: Uint8Array, after: Uint8Array): ModelComparison {
  const { same, changes, ensembles, importance } = compareForms(decodeForm(before), decodeForm(after), { features: MOST_COLUMNS })
  return {
    same,
    changes: [...changes],
    ensembles: ensembles.map(({ firstChanged, ...rest }) => ({ ...rest, firstChanged: [...firstChanged] })),
    importance: [...importance],
  }
}

/** The nodes of a drawing, level by level. */
function listed(root: Drawn): TreeNode[] {
  const nodes: TreeNode[] = []
  let level = [root]
  while (level.length > 0) {
    nodes.push(...level.map(nodeOf))
    level = level.flatMap((node) => (node.kind === 'split' ? [node.yes, node.no] : []))
  }
  return nodes
}

function nodeOf(drawn: Drawn): TreeNode {
  const { node: id, kind, cover } = drawn
  const common = { id, kind, ...(cover === undefined ? {} : { cover }) }
  if (kind === 'rest') return { ...common, splits: drawn.splits, leaves: drawn.leaves }
  if (kind === 'leaf') {
    const values = drawn.values.map((value) => (Number.isFinite(value) ? value : null))
    return { ...common, values, ...(drawn.linear === undefined ? {} : { linear: drawn.linear }) }
  }
  const { feature, test, threshold, gain, yes, no } = drawn
  return { ...common, feature, test, yes: yes.node, no: no.node, ...(threshold === undefined ? {} : { threshold }), ...(gain === undefined ? {} : { gain }) }
}
