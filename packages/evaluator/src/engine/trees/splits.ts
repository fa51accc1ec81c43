import { MISSING, TEST, type Trees } from '../../form/trees.ts'

const double = new DataView(new ArrayBuffer(8))

/** The least number above x, of f32 or f64; NaN for +∞. */
export function nextUp(x: number, type: 'f32' | 'f64'): number {
  if (Number.isNaN(x) || x === Number.POSITIVE_INFINITY) return Number.NaN
  if (type === 'f32') {
    double.setFloat32(0, x === 0 ? 0 : x)
    double.setInt32(0, double.getInt32(0) + (x < 0 ? -1 : 1))
    return double.getFloat32(0)
  }
  double.setFloat64(0, x === 0 ? 0 : x)
  double.setBigInt64(0, double.getBigInt64(0) + (x < 0 ? -1n : 1n))
  return double.getFloat64(0)
}

/** The t for which a split of numbers is `x < t`; NaN when there is none (x ≤ +∞). A comparison with NaN never holds, nor does x < −∞. */
export function lessThan(trees: Trees, node: number): number {
  const value = trees.value[node] as number
  if (Number.isNaN(value)) return Number.NEGATIVE_INFINITY
  return (trees.rule[node]! & 3) === TEST.less ? value : nextUp(value, trees.compare)
}

/** Where a column's missing values are to be found and go: `MISSING` bits that matter for it. */
export function missingOf(rule: number): number {
  return (rule & MISSING.none) !== 0 ? MISSING.none : rule & (MISSING.yes | MISSING.zeroToo)
}

/** The nodes of one tree, children before their parents and left before right; the root comes last. Undefined for more than `most`. */
export function postOrder(trees: Trees, root: number, most: number): number[] | undefined {
  const order: number[] = []
  const open = [root]
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (order.push(node) > most) return undefined
    if (trees.feature[node]! >= 0) open.push(trees.yes[node]!, trees.no[node]!)
  }
  return order.reverse()
}
