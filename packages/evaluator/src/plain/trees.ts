import type { TreesStep } from '../form/steps.ts'
import { type LinearLeaves, MISSING, type Sets, TEST, type Trees } from '../form/trees.ts'
import { rounding, type Value, zeros } from './value.ts'

/** The sums of a tree ensemble, one per output. Trees are summed in order, each addition rounded to the type of the sums. */
export function trees({ trees }: TreesStep, [rows]: readonly Value[], count: number): Value {
  const result = zeros(trees.sum, count, trees.outputs)
  for (let row = 0; row < count; row++) {
    const features = Float64Array.from(rows!.data.subarray(row * rows!.width, (row + 1) * rows!.width) as ArrayLike<number>)
    result.data.set(sums(trees, features) as never, row * trees.outputs)
  }
  return result
}

function sums(trees: Trees, row: Float64Array): Float64Array {
  const round = rounding(trees.sum)
  const total = new Float64Array(trees.outputs)
  const met = new Uint8Array(trees.outputs)
  if (trees.baseFirst) total.set(trees.base)
  const add = (output: number, what: number) => {
    const first = trees.aggregate !== 'sum' && met[output] === 0
    met[output] = 1
    const sum = total[output]!
    if (first) total[output] = what
    else if (trees.aggregate === 'min') total[output] = Math.min(sum, what)
    else if (trees.aggregate === 'max') total[output] = Math.max(sum, what)
    else total[output] = round(sum + what)
  }
  for (const [tree, root] of trees.roots.entries()) {
    const leaf = walk(trees, root, row)
    if (trees.leaf === 'scalar') add(trees.target[tree]!, round(scalar(trees, leaf, row)))
    else for (let output = 0; output < trees.outputs; output++) add(output, round(trees.vectors[trees.yes[leaf]! * trees.outputs + output]!))
  }
  return total.map((sum, output) => {
    const divided = trees.divisor === 1 ? sum : round(sum / trees.divisor)
    return trees.baseFirst ? divided : round(divided + trees.base[output]!)
  })
}

/** The leaf that a row comes to. */
function walk(trees: Trees, root: number, row: Float64Array): number {
  let node = root
  while (trees.feature[node]! >= 0) {
    let x = row[trees.feature[node]!]!
    if (trees.compare === 'f32') x = Math.fround(x)
    if (Math.abs(x) <= trees.zero) x = 0
    node = toYes(trees, node, x) ? trees.yes[node]! : trees.no[node]!
  }
  return node
}

function toYes({ rule, value, sets }: Trees, node: number, x: number): boolean {
  const bits = rule[node]!
  const threshold = value[node]!
  const zeroIsMissing = (bits & MISSING.zeroToo) !== 0 && x === 0
  if (Number.isNaN(x) || zeroIsMissing) {
    if ((bits & MISSING.none) === 0) return (bits & MISSING.yes) !== 0
    x = 0
  }
  switch (bits & 3) {
    case TEST.less:
      return x < threshold
    case TEST.atMost:
      return x <= threshold
    case TEST.equal:
      return x === threshold
    default:
      return (x >= 0 || (bits & MISSING.cutFirst) !== 0) && isIn(sets, threshold, Math.trunc(x))
  }
}

function isIn({ start, words }: Sets, set: number, member: number): boolean {
  const size = 32 * (start[set + 1]! - start[set]!)
  if (member < 0 || member >= size) return false
  return ((words[start[set]! + Math.floor(member / 32)]! >>> (member % 32)) & 1) === 1
}

function scalar({ linear, yes, value }: Trees, leaf: number, row: Float64Array): number {
  const model = yes[leaf]!
  return linear && model >= 0 ? line(linear, model, row, value[leaf]!) : value[leaf]!
}

function line({ start, feature, coefficient, constant }: LinearLeaves, leaf: number, row: Float64Array, otherwise: number): number {
  let sum = constant[leaf]!
  for (let k = start[leaf]!; k < start[leaf + 1]!; k++) {
    const x = row[feature[k]!]!
    if (Number.isNaN(x)) return otherwise
    sum += coefficient[k]! * x
  }
  return sum
}
