import { TEST, type Trees } from '../../form/trees.ts'
import type { Workbench } from '../workbench.ts'
import { Columns } from './columns.ts'
import { lessThan, postOrder } from './splits.ts'
import type { Part } from './walk.ts'

/** Rows that are worked out side by side. */
const ROWS = 64
/** Leaves that a byte can number. */
export const MOST_LEAVES = 256

/** Whether a split can be told from a rank or a set: not by equality, and not one that every number passes. */
export function isRanked(trees: Trees, node: number): boolean {
  const test = trees.rule[node]! & 3
  if (test === TEST.equal) return false
  return test === TEST.in || !Number.isNaN(lessThan(trees, node))
}

/** Trees of up to 256 leaves each, 64 rows abreast (assembly/abreast.ts); undefined where their columns are too many. */
export function abreast(trees: Trees, range: { from: number; to: number }, bench: Workbench): Part | undefined {
  const orders = Array.from({ length: range.to - range.from }, (_, at) => postOrder(trees, trees.roots[range.from + at]!))
  const columns = new Columns(
    trees,
    orders.flatMap((order) => order.filter((node) => trees.feature[node]! >= 0)),
  )
  const nodes = orders.map((order) => nodesOf(trees, order, columns))
  if (!columns.fits) return undefined
  return part({ trees, orders, nodes, columns, range }, bench)
}

/** A tree as its kernel takes it: column, left and right result and threshold of each split, 16 bits each. */
function nodesOf(trees: Trees, order: readonly number[], columns: Columns): Uint16Array {
  const nodes = new Uint16Array(((order.length - 1) / 2) * 4)
  const places: number[] = []
  let leaf = 0
  let split = 0
  for (const node of order) {
    if (trees.feature[node]! < 0) places.push(leaf++ * ROWS)
    else {
      const right = places.pop() as number
      const left = places.pop() as number
      const { column, above } = columns.testOf(node)
      nodes.set([column, left, right, above & 0xff], split * 4)
      places.push((MOST_LEAVES + split++) * ROWS)
    }
  }
  return nodes
}

interface Lowered {
  readonly trees: Trees
  readonly orders: readonly number[][]
  readonly nodes: readonly Uint16Array[]
  readonly columns: Columns
  readonly range: { from: number }
}

function part({ trees, orders, nodes, columns, range }: Lowered, bench: Workbench): Part {
  const { arena, kernels } = bench
  const bytes = trees.sum === 'f32' ? 4 : 8
  const leaves = orders.map((order) => order.filter((node) => trees.feature[node]! < 0))
  const width = trees.leaf === 'vector' ? trees.outputs : 1
  const starts = offsets(leaves.map(({ length }) => length * width * bytes))
  const places = offsets(nodes.map(({ byteLength }) => byteLength))
  const nodesAt = arena.place(concat(nodes))
  const leavesAt = bench.constants(trees.sum, leavesOf(trees, leaves))
  const records = orders.flatMap((_, tree) => [
    nodesAt + places[tree]!,
    nodes[tree]!.length / 4,
    leavesAt + starts[tree]!,
    (trees.target[range.from + tree] ?? 0) * ROWS * bytes,
  ])
  const fields = [
    ...columns.place(bench),
    arena.place(Uint32Array.from(records)),
    orders.length,
    arena.reserve(columns.bytes),
    slots(bench),
    arena.reserve(trees.outputs * ROWS * bytes),
    arena.reserve(1024),
    trees.outputs,
    trees.leaf === 'vector' ? 1 : 0,
  ]
  const at = arena.place(Uint32Array.from([...fields, 0, 0]))
  arena.f64[(at >>> 3) + fields.length / 2] = trees.zero
  const kernel = kernels[`abreast_${trees.compare}_${trees.sum}`]
  const stride = trees.features * (trees.compare === 'f32' ? 4 : 8)
  return (rows, source, sums) => kernel(rows, at, source, stride, sums)
}

/** Room for what nodes come to, after the numbers of leaves: each 64 times. */
function slots({ arena }: Workbench): number {
  const at = arena.reserve(2 * MOST_LEAVES * ROWS)
  for (let leaf = 0; leaf < MOST_LEAVES; leaf++) arena.u8.fill(leaf, at + leaf * ROWS, at + (leaf + 1) * ROWS)
  return at
}

function leavesOf(trees: Trees, leaves: readonly number[][]): Float64Array {
  const { outputs, vectors } = trees
  if (trees.leaf === 'scalar') return Float64Array.from(leaves.flat(), (node) => trees.value[node]!)
  const rows = leaves.flat().map((node) => trees.yes[node] as number)
  return Float64Array.from({ length: rows.length * outputs }, (_, at) => vectors[rows[Math.floor(at / outputs)]! * outputs + (at % outputs)]!)
}

/** Where each part begins when they follow one another. */
function offsets(lengths: readonly number[]): number[] {
  let sum = 0
  return lengths.map((length) => {
    sum += length
    return sum - length
  })
}

function concat(arrays: readonly Uint16Array[]): Uint16Array {
  const all = new Uint16Array(arrays.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const array of arrays) {
    all.set(array, at)
    at += array.length
  }
  return all
}
