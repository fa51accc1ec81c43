import type { Elements } from '../form/element.ts'
import type { Trees } from '../form/trees.ts'
import type { WasmModule } from '../kernels/index.ts'
import { KernelMemory } from './memory.ts'
import type { Matrix, Method } from './method.ts'
import { type PairProgram, pairBytes, writePairs, writeWeights } from './pair-program.ts'
import { load, unload } from './rows.ts'
import { type Shape, shape } from './shape.ts'
import { setBytes } from './splits.ts'
import { Unexplainable } from './unexplainable.ts'

/** Rows that are worked on together. */
const CHUNK = 2048

/** A background row in a list of the kernel, and the most different columns of a path: it keeps a bit for each. */
const ENTRY = 16
const SLOTS = 64

/** The table of weights: as many lines and columns as features may be passed by one row alone, two numbers each. */
const WEIGHTS = (SLOTS + 1) * (SLOTS + 1)

/** Interventional Tree SHAP: what a feature adds where those that are not known are taken from background rows, on average over them. */
export class PairMethod implements Method {
  readonly bias: Float64Array
  readonly #trees: Trees
  readonly #shape: Shape
  readonly #memory: KernelMemory
  readonly #backgrounds: number
  readonly #programs: readonly PairProgram[]
  /** Sizes of what stays in memory from call to call. */
  readonly #sizes: readonly number[]

  /** @throws Unexplainable for an ensemble of a kind that is not explained */
  constructor(trees: Trees, background: Matrix, module?: WasmModule) {
    this.#memory = new KernelMemory(module)
    const form = shape(trees)
    const distinct = form.distinct.reduce((a, b) => Math.max(a, b), 0)
    if (distinct > SLOTS) throw new Unexplainable('too-large', `a path of a tree tests ${distinct} different columns, more than ${SLOTS}`)
    this.#trees = trees
    this.#shape = form
    this.#backgrounds = background.count
    const numbers = form.used.length * background.count
    this.#sizes = [setBytes(trees), pairBytes(trees, form), numbers * 8, WEIGHTS * 16, (form.depth + 1) * background.count * ENTRY]
    const [setsAt, programAt, back, table] = this.#memory.place(...this.#sizes) as [number, number, number, number]
    this.#memory.words(setsAt, trees.sets.words.length).set(trees.sets.words)
    this.#programs = writePairs(trees, form, { view: this.#memory.view(), at: programAt, setsAt })
    load(
      trees,
      form,
      { data: background.data, width: trees.features, first: 0, count: background.count },
      { numbers: this.#memory.doubles(back, numbers), lanes: background.count },
    )
    writeWeights(this.#memory.doubles(table, WEIGHTS * 2), background.count)
    this.bias = this.#average()
  }

  explain(data: Elements, count: number, contributions: Float64Array): void {
    const { outputs, features } = this.#trees
    const { used } = this.#shape
    const lanes = Math.min(CHUNK, count)
    for (let first = 0; first < count; first += lanes) {
      const some = { data, width: features, first, count: Math.min(lanes, count - first) }
      const { x, phi, lists } = this.#place(lanes)
      load(this.#trees, this.#shape, some, { numbers: this.#memory.doubles(x, lanes * used.length), lanes })
      const sums = this.#memory.doubles(phi, lanes * used.length * outputs).fill(0)
      const apart = lanes * used.length * 8
      for (const { root, output, width } of this.#programs) {
        this.#memory.kernels.explainPairs(root, phi + output * apart, apart, width, some.count, this.#backgrounds, lists)
      }
      unload(this.#shape, { numbers: sums, lanes }, some, { contributions, width: features, outputs })
    }
  }

  /** Lays memory out for so many rows together. */
  #place(lanes: number): { x: number; phi: number; lists: number } {
    const column = lanes * this.#shape.used.length * 8
    const placed = this.#memory.place(...this.#sizes, SLOTS * 12 + lanes * 4, column, column * this.#trees.outputs)
    const [, , back, table, lists, work, x, phi] = placed as [number, number, number, number, number, number, number, number]
    this.#memory.kernels.placePairs(x, lanes * 8, back, this.#backgrounds * 8, work, table)
    return { x, phi, lists }
  }

  /** What the ensemble gives on average over the background. */
  #average(): Float64Array {
    const { outputs, base } = this.#trees
    const [, , back, table, , work, sums] = this.#memory.place(...this.#sizes, SLOTS * 12, outputs * 8) as [
      number,
      number,
      number,
      number,
      number,
      number,
      number,
    ]
    this.#memory.kernels.placePairs(back, 0, back, this.#backgrounds * 8, work, table)
    const total = this.#memory.doubles(sums, outputs).fill(0)
    for (const { root, output, width } of this.#programs) this.#memory.kernels.sumBackground(root, sums + output * 8, width, this.#backgrounds)
    return total.map((sum, output) => base[output]! + sum / this.#backgrounds)
  }
}
