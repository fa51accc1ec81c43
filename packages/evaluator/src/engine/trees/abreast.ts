import { TEST, type Trees } from '../../form/trees.ts'
import type { Workbench } from '../workbench.ts'
import { Columns, Sets, type Test } from './columns.ts'
import type { Part } from './part.ts'
import { MOST_LEAVES, type Shape } from './shape.ts'
import { lessThan } from './splits.ts'

/** Rows that are worked out side by side. */
export const ROWS = 64
const TREE_BYTES = 20

/** Whether every split of a tree can be told from a rank or a set: none tests for equality, and none is one that every number passes. */
export function isRanked(trees: Trees, shape: Shape): boolean {
  return splitsOf(shape).every((node) => {
    const test = trees.rule[node]! & 3
    return test === TEST.in || (test !== TEST.equal && !Number.isNaN(lessThan(trees, node)))
  })
}

/** Sets of a group of trees: so few that their columns stay in the first-level cache. */
const SETS = 192

/** Trees of up to 256 leaves each, 64 rows abreast (assembly/abreast.ts); undefined where their columns are too many. */
export function abreast(trees: Trees, { from, start, shapes }: { from: number; start: number; shapes: readonly Shape[] }, bench: Workbench): Part | undefined {
  const columns = new Columns(trees, shapes.flatMap(splitsOf))
  if (!columns.fits) return undefined
  const groups: Group[] = []
  let group: Group | undefined
  for (const shape of shapes) {
    if (!group || group.sets.size > SETS) {
      group = { sets: new Sets(columns), ops: [] }
      groups.push(group)
    }
    group.ops.push(opsOf(shape, group.sets))
  }
  if (!groups.every(({ sets }) => sets.fits)) return undefined
  return part({ trees, shapes, groups, columns, from, start }, bench)
}

interface Group {
  readonly sets: Sets
  readonly ops: Uint8Array[]
}

function splitsOf({ tops, ends, triples, singles }: Shape): number[] {
  return [...[...tops, ...triples].flatMap(({ nodes }) => nodes.filter((node) => node >= 0)), ...[...ends, ...singles].map(({ node }) => node)]
}

/** A tree as its kernel takes it. A split that is not there compares with the highest byte: nothing is above. */
function opsOf(shape: Shape, sets: Sets): Uint8Array {
  const { tops, ends, triples, singles } = shape
  const view = new DataView(new ArrayBuffer(tops.length * 12 + ends.length * 4 + triples.length * 18 + singles.length * 8))
  let at = 0
  const u16 = (number: number): void => {
    view.setUint16(at, number, true)
    at += 2
  }
  const u8 = (number: number): void => view.setUint8(at++, number)
  const testOf = (node: number): Test => (node < 0 ? { column: 0, above: 127 } : sets.testOf(node))
  for (const { nodes, leaf } of tops) {
    const tests = nodes.map(testOf)
    for (const { column } of tests) u16(column)
    for (const { above } of tests) u8(above)
    u8(leaf)
    u16(0)
  }
  for (const { node, leaf } of ends) {
    const { column, above } = testOf(node)
    u16(column)
    u8(above)
    u8(leaf)
  }
  for (const { nodes, children } of triples) {
    const tests = nodes.map(testOf)
    for (const { column } of tests) u16(column)
    for (const { above } of tests) u8(above)
    u8(0)
    for (const child of children) u16(child * ROWS)
  }
  for (const { node, children } of singles) {
    const { column, above } = testOf(node)
    u16(column)
    for (const child of children) u16(child * ROWS)
    u16(above & 0xff)
  }
  return new Uint8Array(view.buffer)
}

interface Lowered {
  readonly trees: Trees
  readonly shapes: readonly Shape[]
  readonly groups: readonly Group[]
  readonly columns: Columns
  readonly from: number
  readonly start: number
}

function part(lowered: Lowered, bench: Workbench): Part {
  const { trees, columns, groups } = lowered
  const { arena, kernels } = bench
  const bytes = trees.sum === 'f32' ? 4 : 8
  const records = recordsOf(lowered, bench)
  const widest = groups.reduce((most, { sets }) => Math.max(most, sets.size), 0)
  const fields = [
    ...columns.place(bench),
    arena.place(Uint32Array.from(records)),
    groups.length,
    arena.reserve((columns.count + widest) * ROWS),
    slots(bench),
    arena.reserve(trees.outputs * ROWS * bytes),
    arena.reserve(1024),
    trees.outputs,
    trees.leaf === 'vector' ? 1 : 0,
  ]
  const at = arena.place(Uint32Array.from([...fields, 0, 0, lowered.start]))
  arena.f64[(at >>> 3) + fields.length / 2] = trees.zero
  const kernel = kernels[`abreast_${trees.compare}_${trees.sum}`]
  const stride = trees.features * (trees.compare === 'f32' ? 4 : 8)
  return { run: (rows, source, sums) => kernel(rows, at, source, stride, sums), cost: costOf(lowered) }
}

/** Writes the trees of every group; the groups' records. */
function recordsOf({ trees, shapes, groups, from }: Lowered, bench: Workbench): number[] {
  const { arena } = bench
  const bytes = trees.sum === 'f32' ? 4 : 8
  const width = (trees.leaf === 'vector' ? trees.outputs : 1) * bytes
  const starts = offsets(shapes.map(({ leaves }) => leaves.length * width))
  const ops = groups.flatMap((group) => group.ops)
  const places = offsets(ops.map(({ length }) => length))
  const opsAt = arena.place(concat(ops))
  const leaves = shapes.flatMap((shape) => shape.leaves)
  const leavesAt = bench.constants(trees.sum, leavesOf(trees, leaves))
  const records = shapes.flatMap(({ tops, ends, triples, singles }, tree) => [
    opsAt + places[tree]!,
    tops.length | (ends.length << 16),
    triples.length | (singles.length << 16),
    leavesAt + starts[tree]!,
    (trees.target[from + tree] ?? 0) * ROWS * bytes,
  ])
  const treesAt = arena.place(Uint32Array.from(records))
  const firsts = offsets(groups.map((group) => group.ops.length))
  return groups.flatMap((group, at) => [...group.sets.place(bench), treesAt + firsts[at]! * TREE_BYTES, group.ops.length])
}

/** Instructions for a tile of rows. */
function costOf({ trees, shapes, groups, columns }: Lowered): number {
  const adding = ROWS * (trees.leaf === 'vector' ? 3 + 4 * trees.outputs : trees.sum === 'f32' ? 4 : 5)
  const splits = shapes.reduce(
    (sum, { tops, ends, triples, singles }) => sum + tops.length * 62 + ends.length * 24 + triples.length * 92 + singles.length * 40,
    0,
  )
  return columns.cost + groups.reduce((sum, { sets }) => sum + sets.cost, 0) + splits + shapes.length * (adding + 20)
}

/** Room for what nodes come to, after the numbers of leaves: each 64 times. */
function slots({ arena }: Workbench): number {
  const at = arena.reserve(2 * MOST_LEAVES * ROWS)
  for (let leaf = 0; leaf < MOST_LEAVES; leaf++) arena.u8.fill(leaf, at + leaf * ROWS, at + (leaf + 1) * ROWS)
  return at
}

function leavesOf(trees: Trees, leaves: readonly number[]): Float64Array {
  const { outputs, vectors } = trees
  if (trees.leaf === 'scalar') return Float64Array.from(leaves, (node) => trees.value[node]!)
  const rows = leaves.map((node) => trees.yes[node] as number)
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

function concat(arrays: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(arrays.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const array of arrays) {
    all.set(array, at)
    at += array.length
  }
  return all
}
