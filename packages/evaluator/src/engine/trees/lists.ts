import type { Trees } from '../../form/trees.ts'
import type { Workbench } from '../workbench.ts'
import { type Extent, Layout, type Visitor } from './layout.ts'
import type { Part } from './part.ts'
import { Prepared } from './prepared.ts'

/** Columns and nodes of a tree that a narrow node can name. */
const NARROW = { columns: 8192, nodes: 65_536 } as const
/** Trees that are walked together for one row. */
const TOGETHER = 8
const TREE_BYTES = 16
/** Bytes of nodes that stay near, however many rows go through them one by one; beyond, rows go through each tree together from so many on. */
const CACHED = 1 << 20
const TOGETHER_FROM = 32

/** Nodes of a line of the cache: none of its own size where they are too large for a block to fit. */
const LINE = { narrow: 8, wide: 1 } as const

/** Trees by their numbers, and what their sums start with: an address, 0 where they lie there already. */
interface Range {
  readonly from: number
  readonly to: number
  readonly start: number
}

interface Planned {
  readonly trees: Trees
  readonly range: Range
  readonly prepared: Prepared
  readonly extents: readonly Extent[]
  readonly narrow: boolean
  readonly cost: number
}

/** Trees as lists of nodes whose children stand side by side (assembly/lists.ts): any depth, any test. */
export function lists(trees: Trees, range: Range, bench: Workbench): Part {
  const wanted = trees.compare === 'f32'
  const { prepared, extents } = survey(trees, range, wanted)
  const narrow = wanted && prepared.width <= NARROW.columns && extents.every(({ size }) => size <= NARROW.nodes)
  const step = narrow ? 11 : 18
  const cost = prepared.cost + extents.reduce((sum, { depth }) => sum + depth * step + 6, 0)
  return part({ trees, range, prepared, extents: narrow === wanted ? extents : survey(trees, range, narrow).extents, narrow, cost }, bench)
}

/** What each tree takes, and every split's column. */
function survey(trees: Trees, { from, to }: Range, narrow: boolean): { prepared: Prepared; extents: Extent[] } {
  const prepared = new Prepared(trees)
  const layout = new Layout(trees, narrow ? LINE.narrow : LINE.wide)
  const visitor: Visitor = { split: (node) => prepared.testOf(node).turned, leaf: () => {} }
  const extents: Extent[] = []
  for (let tree = from; tree < to; tree++) extents.push(layout.go(trees.roots[tree]!, visitor))
  prepared.settle()
  return { prepared, extents }
}

function part(planned: Planned, bench: Workbench): Part {
  const { trees, range, prepared, narrow } = planned
  const { arena, kernels } = bench
  const { compare, sum } = trees
  const row = narrow ? 'f32' : 'f64'
  const bytes = compare === 'f32' ? 4 : 8
  const width = prepared.width * (narrow ? 4 : 8)
  const { treesAt, leaves, size } = writeNodes(planned, bench)
  const sets = [arena.place(trees.sets.start), arena.place(trees.sets.words)] as const
  const columns = prepared.place({ bytes, cell: narrow ? 4 : 8, words: sets[1] }, bench)
  const leavesAt = bench.constants(sum, leaves)
  const vectors = trees.leaf === 'vector' ? 1 : 0
  const ends = arena.reserve(4 * TOGETHER)
  const together = size > CACHED ? TOGETHER_FROM : 0xffffffff
  const fields = [treesAt, range.to - range.from, ...columns, width, ...sets, leavesAt, trees.outputs, vectors, 0, 0, ends, range.start, together]
  const at = arena.place(Uint32Array.from(fields))
  arena.f64[(at >>> 3) + 7] = trees.zero
  const room = bench.room(width)
  const kernel = kernels[`lists_${compare}_${row}_${sum}` as 'lists_f32_f32_f32']
  const stride = trees.features * bytes
  return { run: (rows, source, sums) => kernel(rows, at, source, stride, room.at, sums), cost: planned.cost }
}

/**
 * Writes the nodes of every tree into the memory, `size` bytes of them, and behind the trees some that are a leaf each and change no sum,
 * so that there are whole groups.
 */
function writeNodes(planned: Planned, { arena }: Workbench): { treesAt: number; leaves: number[]; size: number } {
  const { trees, range, extents, narrow } = planned
  const bytes = narrow ? 8 : 16
  // whole lines of the cache, as the places inside a tree are meant
  const sizes = extents.map(({ size }) => Math.ceil((size * bytes) / 64) * 64)
  const nodesAt = arena.reserve(sizes.reduce((sum, size) => sum + size, 0) + bytes)
  const treesAt = arena.reserve((sizes.length + TOGETHER) * TREE_BYTES)
  const writer = new Writer(planned, arena.memory.buffer)
  const records = new Uint32Array(arena.memory.buffer, treesAt, ((sizes.length + TOGETHER) * TREE_BYTES) / 4)
  const size = trees.sum === 'f32' ? 4 : 8
  let at = nodesAt
  extents.forEach(({ depth }, tree) => {
    const deepest = extents.slice(tree, tree + TOGETHER).reduce((most, { depth: other }) => Math.max(most, other), 0)
    records.set([at, (trees.target[range.from + tree] ?? 0) * size, depth, deepest], tree * 4)
    writer.tree(trees.roots[range.from + tree]!, at)
    at += sizes[tree]!
  })
  writer.nothing(at)
  for (let tree = sizes.length; tree < sizes.length + TOGETHER; tree++) records.set([at, 0, 0, 0], tree * 4)
  return { treesAt, leaves: writer.leaves, size: at - nodesAt }
}

/**
 * Writes nodes: narrow ones (the key of the threshold as u32, then the offset in the row and the way to the children as u16) or wide ones (the key as
 * i64, offset in the row, way). Keys are integers that rise where the numbers rise.
 */
class Writer implements Visitor {
  /** Leaves by their number, where nodes hold numbers: rows of vectors, or f64 that does not fit a narrow node. */
  readonly leaves: number[] = []
  readonly #planned: Planned
  readonly #layout: Layout
  readonly #f32: Float32Array
  readonly #f64: Float64Array
  readonly #i32: Int32Array
  readonly #numbered: boolean
  #base = 0

  constructor(planned: Planned, buffer: ArrayBuffer) {
    const { trees, narrow } = planned
    this.#planned = planned
    this.#layout = new Layout(trees, narrow ? LINE.narrow : LINE.wide)
    this.#f32 = new Float32Array(buffer)
    this.#f64 = new Float64Array(buffer)
    this.#i32 = new Int32Array(buffer)
    this.#numbered = trees.leaf === 'vector' || (narrow && trees.sum === 'f64')
  }

  /** Writes a tree from its root on at an address. */
  tree(root: number, base: number): void {
    this.#base = base
    this.#layout.go(root, this)
  }

  /** Writes a tree that is a leaf of −0. */
  nothing(base: number): void {
    this.#base = base
    this.#value(0, this.#planned.trees.leaf === 'vector' ? 0 : -0)
  }

  /** Writes a split: what passes its test goes to the second child. */
  split(node: number, place: number, children: number): boolean {
    const { column, threshold, turned } = this.#planned.prepared.testOf(node)
    this.#write(place, { number: threshold, column, way: children - place })
    this.#key(place)
    return turned
  }

  /** Writes a leaf: its own child, with its value or its number where a split has its threshold. */
  leaf(node: number, place: number): void {
    const { trees } = this.#planned
    if (trees.leaf === 'scalar') {
      this.#value(place, trees.value[node]!)
      return
    }
    const { outputs, vectors } = trees
    this.#write(place, { number: 0, column: 0, way: 0 })
    this.#number(place, this.leaves.length / outputs)
    for (let k = 0; k < outputs; k++) this.leaves.push(vectors[trees.yes[node]! * outputs + k]!)
  }

  #value(place: number, value: number): void {
    this.#write(place, { number: value, column: 0, way: 0 })
    if (!this.#numbered) return
    this.#number(place, this.leaves.length)
    this.leaves.push(value)
  }

  #number(place: number, number: number): void {
    if (this.#planned.narrow) this.#i32[(this.#base + place * 8) >>> 2] = number
    else this.#f64[(this.#base + place * 16) / 8] = number
  }

  #write(place: number, { number, column, way }: { number: number; column: number; way: number }): void {
    if (this.#planned.narrow) {
      const at = (this.#base + place * 8) / 4
      this.#f32[at] = number
      this.#i32[at + 1] = (column * 4) | (way << 16)
      return
    }
    const at = (this.#base + place * 16) / 8
    this.#f64[at] = number
    this.#i32[at * 2 + 2] = column * 8
    this.#i32[at * 2 + 3] = way
  }

  /** Makes the threshold of a node its key; −0 is 0. */
  #key(place: number): void {
    const numbers = this.#i32
    if (this.#planned.narrow) {
      const at = (this.#base + place * 8) / 4
      this.#f32[at]! += 0
      numbers[at]! ^= (numbers[at]! >> 31) | 0x80000000
      return
    }
    const at = (this.#base + place * 16) / 4
    this.#f64[at / 2]! += 0
    const sign = numbers[at + 1]! >> 31
    numbers[at]! ^= sign
    numbers[at + 1]! ^= sign & 0x7fffffff
  }
}
