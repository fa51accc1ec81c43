import type { Trees } from '../../form/trees.ts'
import type { Workbench } from '../workbench.ts'
import type { Part } from './part.ts'
import { Prepared } from './prepared.ts'

/** Columns and nodes of a tree that a narrow node can name. */
const NARROW = { columns: 4096, nodes: 1 << 20 } as const
/** Trees that are walked together for one row. */
const TOGETHER = 8
const TREE_BYTES = 16

interface Layout {
  readonly trees: Trees
  readonly range: { readonly from: number; readonly to: number }
  readonly prepared: Prepared
  /** Splits and leaves of each tree, and its levels. */
  readonly sizes: Int32Array
  readonly depths: Int32Array
  readonly narrow: boolean
  readonly cost: number
}

/** Trees as lists of nodes whose children stand side by side (assembly/lists.ts): any depth, any test. */
export function lists(trees: Trees, range: { from: number; to: number }, bench: Workbench): Part {
  const prepared = new Prepared(trees)
  const { sizes, depths } = survey(trees, range, prepared)
  const narrow = trees.compare === 'f32' && prepared.width <= NARROW.columns && sizes.every((size) => size <= NARROW.nodes)
  const steps = depths.reduce((sum, depth) => sum + depth * 9 + 10, 0)
  // chains of loads go at half the pace of tiles
  const cost = 2.3 * (steps + prepared.cost)
  return part({ trees, range, prepared, sizes, depths, narrow, cost }, bench)
}

/** Counts the nodes and levels of each tree and gives every split its column. */
function survey(trees: Trees, { from, to }: { from: number; to: number }, prepared: Prepared): { sizes: Int32Array; depths: Int32Array } {
  const sizes = new Int32Array(to - from)
  const depths = new Int32Array(to - from)
  const open: number[] = []
  for (let tree = from; tree < to; tree++) {
    open.push(trees.roots[tree]!, 0)
    while (open.length > 0) {
      const depth = open.pop() as number
      const node = open.pop() as number
      sizes[tree - from]!++
      if (trees.feature[node]! < 0) {
        depths[tree - from] = Math.max(depths[tree - from]!, depth)
        continue
      }
      prepared.testOf(node)
      open.push(trees.yes[node]!, depth + 1, trees.no[node]!, depth + 1)
    }
  }
  return { sizes, depths }
}

function part(layout: Layout, bench: Workbench): Part {
  const { trees, range, prepared, narrow } = layout
  const { arena, kernels } = bench
  const { compare, sum } = trees
  const row = narrow ? 'f32' : 'f64'
  const bytes = compare === 'f32' ? 4 : 8
  const width = prepared.width * (narrow ? 4 : 8)
  const { treesAt, leaves } = writeNodes(layout, bench)
  const sets = [arena.place(trees.sets.start), arena.place(trees.sets.words)] as const
  const columns = prepared.place({ bytes, cell: narrow ? 4 : 8, words: sets[1] }, bench)
  const leavesAt = bench.constants(sum, leaves)
  const vectors = trees.leaf === 'vector' ? 1 : 0
  const ends = arena.reserve(4 * TOGETHER)
  const fields = [treesAt, range.to - range.from, ...columns, width, ...sets, leavesAt, trees.outputs, vectors, 0, 0, ends]
  const at = arena.place(Uint32Array.from(fields))
  arena.f64[(at >>> 3) + 6] = trees.zero
  const room = bench.room(width)
  const prepare = kernels[`prepare_${compare}_${row}` as 'prepare_f32_f32']
  const walk = kernels[`lists_${row}_${sum}`]
  const run: Part['run'] = (rows, source, sums) => {
    prepare(rows, at, source, trees.features * bytes, room.at)
    walk(rows, at, room.at, sums)
  }
  return { run, cost: layout.cost }
}

/** Writes the nodes of every tree into the memory, and behind the trees some that are a leaf each, so that there are whole groups. */
function writeNodes(layout: Layout, { arena }: Workbench): { treesAt: number; leaves: number[] } {
  const { trees, range, sizes, depths, narrow } = layout
  const bytes = narrow ? 8 : 16
  const nodesAt = arena.reserve((sizes.reduce((sum, size) => sum + size, 0) + 1) * bytes)
  const treesAt = arena.reserve((sizes.length + TOGETHER) * TREE_BYTES)
  const writer = new Writer(layout, arena.memory.buffer)
  const records = new Uint32Array(arena.memory.buffer, treesAt, ((sizes.length + TOGETHER) * TREE_BYTES) / 4)
  const size = trees.sum === 'f32' ? 4 : 8
  let at = nodesAt
  sizes.forEach((count, tree) => {
    const deepest = depths.subarray(tree, tree + TOGETHER).reduce((most, depth) => Math.max(most, depth), 0)
    records.set([at, (trees.target[range.from + tree] ?? 0) * size, depths[tree]!, deepest], tree * 4)
    writer.tree(trees.roots[range.from + tree]!, at)
    at += count * bytes
  })
  writer.leaf(0, at, 0)
  for (let tree = sizes.length; tree < sizes.length + TOGETHER; tree++) records.set([at, 0, 0, 0], tree * 4)
  return { treesAt, leaves: writer.leaves }
}

/** Writes nodes: narrow ones (threshold as f32, 12 bits of column, 20 of child) or wide ones (threshold as f64, offset in the row, child). */
class Writer {
  /** Leaves by their number, where nodes hold numbers: rows of vectors, or f64 that does not fit a narrow node. */
  readonly leaves: number[] = []
  readonly #layout: Layout
  readonly #f32: Float32Array
  readonly #f64: Float64Array
  readonly #u32: Uint32Array
  readonly #numbered: boolean
  #open = new Int32Array(1024)

  constructor(layout: Layout, buffer: ArrayBuffer) {
    this.#layout = layout
    this.#f32 = new Float32Array(buffer)
    this.#f64 = new Float64Array(buffer)
    this.#u32 = new Uint32Array(buffer)
    this.#numbered = layout.trees.leaf === 'vector' || (layout.narrow && layout.trees.sum === 'f64')
  }

  /** Writes a tree from its root on at an address: a pair of children behind the other, the way of `yes` first. */
  tree(root: number, base: number): void {
    const { trees, prepared } = this.#layout
    let count = 1
    let depth = 0
    this.#push(depth++, root, 0)
    while (depth > 0) {
      depth--
      const node = this.#open[depth * 2] as number
      const place = this.#open[depth * 2 + 1] as number
      if (trees.feature[node]! < 0) {
        this.leaf(node, base, place)
        continue
      }
      const { column, threshold, turned } = prepared.testOf(node)
      this.#write(base, place, { threshold, column, child: count })
      const [yes, no] = turned ? [trees.no[node]!, trees.yes[node]!] : [trees.yes[node]!, trees.no[node]!]
      this.#push(depth++, no, count + 1)
      this.#push(depth++, yes, count)
      count += 2
    }
  }

  /** Writes a leaf: its own child, with its value or its number where a split has its threshold. */
  leaf(node: number, base: number, place: number): void {
    const { trees, narrow } = this.#layout
    if (!this.#numbered) {
      this.#write(base, place, { threshold: trees.value[node]!, column: 0, child: place })
      return
    }
    const { outputs, vectors } = trees
    const number = trees.leaf === 'vector' ? this.leaves.length / outputs : this.leaves.length
    if (trees.leaf === 'scalar') this.leaves.push(trees.value[node]!)
    else for (let k = 0; k < outputs; k++) this.leaves.push(vectors[trees.yes[node]! * outputs + k]!)
    this.#write(base, place, { threshold: narrow ? 0 : number, column: 0, child: place })
    if (narrow) this.#u32[(base + place * 8) >>> 2] = number
  }

  #write(base: number, place: number, { threshold, column, child }: { threshold: number; column: number; child: number }): void {
    if (this.#layout.narrow) {
      const at = (base + place * 8) / 4
      this.#f32[at] = threshold
      this.#u32[at + 1] = column | (child << 12)
      return
    }
    const at = (base + place * 16) / 8
    this.#f64[at] = threshold
    this.#u32[at * 2 + 2] = column * 8
    this.#u32[at * 2 + 3] = child
  }

  #push(at: number, node: number, place: number): void {
    if (at * 2 + 2 > this.#open.length) {
      const larger = new Int32Array(this.#open.length * 2)
      larger.set(this.#open)
      this.#open = larger
    }
    this.#open[at * 2] = node
    this.#open[at * 2 + 1] = place
  }
}
