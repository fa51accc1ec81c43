import type { TreeNodes } from '../../form/grove.ts'
import type { Item } from '../item.ts'
import type { NpyArray } from '../npy.ts'

/** A compiled tree of scikit-learn (`sklearn.tree._tree.Tree`), opened but not yet read. */
export interface OpenTree {
  readonly item: Item
  readonly nodes: NpyArray
  readonly values: NpyArray
  /** Outputs times classes: numbers of a leaf. */
  readonly width: number
  readonly outputs: number
}

/** What a leaf gives, from its numbers in the file. */
export type LeafRule = (numbers: Float64Array, out: Float64Array) => void

const COPY: LeafRule = (numbers, out) => out.set(numbers)
const CRITERIA_WITH_MISSING = new Set(['gini', 'log_loss', 'entropy', 'squared_error', 'friedman_mse', 'poisson'])

/** The tree of a fitted decision tree. */
export function openTree(estimator: Item): OpenTree {
  const item = estimator.get('tree_')
  if (item.loader !== 'TreeNode' || item.name !== 'sklearn.tree._tree.Tree') throw item.unsupported(`${item.name} is not a tree of scikit-learn`)
  const nodes = item.get('nodes').array()
  const values = item.get('values').array()
  if (nodes.kind !== 'records' || nodes.shape.length !== 1) throw item.malformed('its nodes are not one array of records')
  const [count, outputs = 0, classes = 0] = values.shape
  if (values.shape.length !== 3 || count !== nodes.length || outputs < 1 || classes < 1) throw item.malformed('its values do not fit its nodes')
  return { item, nodes, values, width: outputs * classes, outputs }
}

/** The nodes of an opened tree by column; what was unpacked of it is let go. `features`, where given, are the columns of the model that its own stand for. */
export function readTree(tree: OpenTree, rule: LeafRule = COPY, features?: Float64Array): TreeNodes {
  const { nodes, width } = tree
  const yes = nodes.numbers('left_child')
  const feature = nodes.numbers('feature')
  for (let i = 0; i < feature.length; i += 1) {
    if (yes[i] === -1) feature[i] = -1
    else if ((feature[i] as number) < 0) throw tree.item.malformed(`node ${i} tests column ${feature[i]}`)
    else if (features !== undefined) feature[i] = features[feature[i] as number] ?? Number.NaN
  }
  const values = tree.values.numbers()
  const read: TreeNodes = {
    count: nodes.length,
    feature,
    threshold: nodes.numbers('threshold'),
    yes,
    no: nodes.numbers('right_child'),
    ...(nodes.hasField('missing_go_to_left') ? { missingYes: nodes.numbers('missing_go_to_left') } : {}),
    cover: nodes.numbers('weighted_n_node_samples'),
    gain: gains(nodes, feature, yes),
    leaf: (node, out) => rule(values.subarray(node * width, (node + 1) * width), out),
  }
  nodes.forget()
  tree.values.forget()
  return read
}

/** Whether a tree's library takes rows with missing values, and the file says where they go. */
export function takesMissing(estimator: Item, tree: OpenTree): boolean {
  if (!tree.nodes.hasField('missing_go_to_left')) return false
  const monotonic = estimator.find('monotonic_cst')
  return (monotonic === undefined || monotonic.isNone()) && CRITERIA_WITH_MISSING.has(estimator.get('criterion').text())
}

/** Weighted decrease of impurity of each split. */
function gains(nodes: NpyArray, feature: Float64Array, yes: Float64Array): Float64Array {
  const no = nodes.numbers('right_child')
  const impurity = nodes.numbers('impurity')
  const weight = nodes.numbers('weighted_n_node_samples')
  const part = (node: number) => (impurity[node] ?? 0) * (weight[node] ?? 0)
  return feature.map((column, i) => (column < 0 ? 0 : part(i) - part(yes[i] as number) - part(no[i] as number)))
}

/** Whether an object was saved by a scikit-learn older than a version. */
export function isBefore(item: Item, major: number, minor: number): boolean {
  const version = /^(\d+)\.(\d+)/.exec(item.find('_sklearn_version')?.text() ?? '')
  if (version === null) return false
  const [, first, second] = version.map(Number) as [number, number, number]
  return first < major || (first === major && second < minor)
}
