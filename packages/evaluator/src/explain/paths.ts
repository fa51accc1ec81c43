import type { Elements } from '../form/element.ts'
import type { Trees } from '../form/trees.ts'
import type { WasmModule } from '../kernels/index.ts'
import { KernelMemory } from './memory.ts'
import type { Method } from './method.ts'
import { levelBytes, PathWriter, pathBytes, points } from './path-program.ts'
import { load, unload } from './rows.ts'
import { type Shape, shape } from './shape.ts'
import { setBytes } from './splits.ts'

/** Rows that the kernel takes together, and bytes of a column of them. */
const LANES = 8
const LANE_BYTES = 64

/** Bytes of programs that stay in memory from call to call; of a larger ensemble some trees at a time are written. */
const RESIDENT = 2 ** 26

/** Bytes of rows and sums that are worked on together: what stays near the processor. */
const CHUNK = 2 ** 21

/** One tree for one output, ready to run. */
interface Program {
  readonly tree: number
  readonly output: number
  address: number
}

/** Path-dependent Tree SHAP: what a feature adds where those that are not known go as the training rows went. */
export class PathMethod implements Method {
  readonly bias: Float64Array
  readonly #trees: Trees
  readonly #shape: Shape
  readonly #writer: PathWriter
  readonly #memory: KernelMemory
  readonly #groups: Program[][]
  readonly #bytes: number
  #written = -1

  /** @throws Unexplainable for an ensemble without cover, or of a kind that is not explained */
  constructor(trees: Trees, module?: WasmModule) {
    this.#memory = new KernelMemory(module)
    this.#trees = trees
    this.#shape = shape(trees)
    this.#writer = new PathWriter(trees, this.#shape)
    const sums = Float64Array.from(trees.base)
    for (const { tree, output } of programs(trees)) sums[output] = sums[output]! + this.#writer.average(tree, output)
    this.bias = sums
    const { groups, bytes } = grouped(programs(trees), this.#shape)
    this.#groups = groups
    this.#bytes = bytes
  }

  explain(data: Elements, count: number, contributions: Float64Array): void {
    const { used } = this.#shape
    const { outputs, features } = this.#trees
    const each = LANE_BYTES * used.length * (1 + outputs)
    const chunk = LANES * Math.min(Math.ceil(count / LANES), Math.max(1, Math.floor(CHUNK / Math.max(1, each))))
    for (let first = 0; first < count; first += chunk) {
      const some = { data, width: features, first, count: Math.min(chunk, count - first) }
      const blocks = Math.ceil(some.count / LANES)
      const [setsAt, programAt, stack, x, phi] = this.#place(blocks) as [number, number, number, number, number]
      load(this.#trees, this.#shape, some, { numbers: this.#memory.doubles(x, blocks * LANES * used.length), lanes: LANES })
      const sums = this.#memory.doubles(phi, blocks * LANES * used.length * outputs).fill(0)
      for (let group = 0; group < this.#groups.length; group++) {
        this.#write(group, setsAt, programAt)
        this.#run(group, { blocks, x, phi, stack })
      }
      unload(this.#shape, { numbers: sums, lanes: LANES }, some, { contributions, width: features, outputs })
    }
  }

  /** Addresses of sets, programs, stack, rows and sums. */
  #place(blocks: number): number[] {
    const { used, distinct, depth } = this.#shape
    const widest = distinct.reduce((a, b) => Math.max(a, b), 0)
    const column = blocks * LANE_BYTES * used.length
    return this.#memory.place(setBytes(this.#trees), this.#bytes, (depth + 1) * levelBytes(widest), column, column * this.#trees.outputs)
  }

  #write(group: number, setsAt: number, programAt: number): void {
    if (this.#written === group) return
    this.#memory.words(setsAt, this.#trees.sets.words.length).set(this.#trees.sets.words)
    const view = this.#memory.view()
    let at = programAt
    for (const program of this.#groups[group]!) {
      program.address = at
      at = this.#writer.write(program.tree, program.output, { view, at, setsAt })
    }
    this.#written = group
  }

  #run(group: number, { blocks, x, phi, stack }: { blocks: number; x: number; phi: number; stack: number }): void {
    const width = this.#shape.used.length * LANE_BYTES
    const stride = width * this.#trees.outputs
    for (const { tree, output, address } of this.#groups[group]!) {
      const n = points(this.#shape.distinct[tree]!)
      this.#memory.kernels.explainPaths(address, n, x, width, phi + output * width, stride, blocks, stack)
    }
  }
}

/** Each tree once for each output that it adds to. */
function programs(trees: Trees): Program[] {
  return Array.from(trees.roots.keys()).flatMap((tree) =>
    trees.leaf === 'scalar'
      ? [{ tree, output: trees.target[tree]!, address: 0 }]
      : Array.from({ length: trees.outputs }, (_, output) => ({ tree, output, address: 0 })),
  )
}

/** Programs of trees with splits, in groups that fit into memory; the bytes of the largest group. */
function grouped(all: readonly Program[], shape: Shape): { groups: Program[][]; bytes: number } {
  const groups: Program[][] = []
  let [bytes, size] = [0, Number.POSITIVE_INFINITY]
  for (const program of all) {
    const own = pathBytes(shape, program.tree)
    if (own === 0) continue
    if (size + own > RESIDENT) {
      groups.push([])
      size = 0
    }
    groups.at(-1)!.push(program)
    size += own
    bytes = Math.max(bytes, size)
  }
  return { groups, bytes }
}
