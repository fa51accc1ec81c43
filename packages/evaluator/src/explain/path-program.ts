import type { Trees } from '../form/trees.ts'
import { gaussLegendre, type Points } from './quadrature.ts'
import { leafValue, type Shape } from './shape.ts'
import { writeSplit } from './splits.ts'
import { Unexplainable } from './unexplainable.ts'

const HEAD = 32
const LANE_BYTES = 64
/** Numbers of an edge for each point: with a feature that is new on its path, and with one that was there before. */
const NEW = 4
const AGAIN = 5

/** Bytes of one tree's program, at most. */
export function pathBytes({ splits, distinct }: Shape, tree: number): number {
  return splits[tree]! * (HEAD + 2 * AGAIN * 8 * points(distinct[tree]!))
}

/** Points that integrate a path of so many different features exactly. */
export function points(distinct: number): number {
  return Math.max(1, Math.ceil(distinct / 2))
}

/** Bytes of a level of the kernel's stack. */
export function levelBytes(distinct: number): number {
  return LANE_BYTES * (1 + 2 * points(distinct))
}

/** Where a tree's program goes, and the sets that its splits speak of. */
interface Place {
  readonly view: DataView
  readonly at: number
  readonly setsAt: number
}

/** The way from the root to a node: for each column the level of its last split and the share of training rows that passed all. */
interface Path {
  readonly level: Int32Array
  readonly share: Float64Array
}

/** Writes programs for the kernel of `assembly/explain/paths.ts`, whose head says how they look. */
export class PathWriter {
  readonly #trees: Trees
  readonly #shape: Shape
  readonly #cover: Float64Array
  readonly #path: Path
  readonly #points = new Map<number, Points>()

  /** @throws Unexplainable when the ensemble has no cover */
  constructor(trees: Trees, shape: Shape) {
    if (!trees.cover) throw new Unexplainable('no-cover', 'the file does not say how many training rows passed each node: give background rows')
    this.#trees = trees
    this.#shape = shape
    this.#cover = trees.cover
    this.#path = { level: new Int32Array(shape.used.length).fill(-1), share: new Float64Array(shape.used.length).fill(1) }
  }

  /** Writes one tree as it is for one output; returns where its program ends. A tree that is one leaf has none. */
  write(tree: number, output: number, { view, at, setsAt }: Place): number {
    const distinct = this.#shape.distinct[tree]!
    const { at: t, weight: w } = this.#rule(points(distinct))
    const level = levelBytes(distinct)
    let end = at
    const visit = (node: number, depth: number): number => {
      const here = end
      const column = this.#shape.place[this.#trees.feature[node]!]!
      const before = this.#path.level[column]!
      const step = (before < 0 ? NEW : AGAIN) * 8 * t.length
      end += HEAD + 2 * step
      view.setUint32(here, column * LANE_BYTES, true)
      writeSplit(view, here, { trees: this.#trees, node, setsAt })
      view.setUint32(here + 16, before < 0 ? 0 : (depth - before) * level, true)
      const share = this.#path.share[column]!
      this.#path.level[column] = depth
      for (const [side, child] of [this.#trees.yes[node]!, this.#trees.no[node]!].entries()) {
        const passes = this.#share(node, child)
        const leaf = this.#trees.feature[child]! < 0
        const factors = { view, at: here + HEAD + side * step, t, w, passes, value: leaf ? leafValue(this.#trees, child, output) : 1 }
        if (before < 0) writeNew(factors)
        else writeAgain(factors, share)
        this.#path.share[column] = share * passes
        view.setUint32(here + 20 + side * 4, leaf ? 0 : visit(child, depth + 1), true)
      }
      this.#path.level[column] = before
      this.#path.share[column] = share
      return here
    }
    visit(this.#trees.roots[tree]!, 0)
    return end
  }

  /** What a tree gives on average over its training rows. */
  average(tree: number, output: number): number {
    const visit = (node: number, share: number): number => {
      if (this.#trees.feature[node]! < 0) return share * leafValue(this.#trees, node, output)
      const [yes, no] = [this.#trees.yes[node]!, this.#trees.no[node]!]
      return visit(yes, share * this.#share(node, yes)) + visit(no, share * this.#share(node, no))
    }
    return visit(this.#trees.roots[tree]!, 1)
  }

  /** Share of a node's training rows that went to a child; halves where none came. */
  #share(node: number, child: number): number {
    const all = this.#cover[node]!
    const share = all === 0 ? 0.5 : this.#cover[child]! / all
    if (!(share >= 0 && share < Number.POSITIVE_INFINITY)) throw new Unexplainable('form', `the cover of node ${child} is ${this.#cover[child]} of ${all}`)
    return share
  }

  #rule(n: number): Points {
    const known = this.#points.get(n) ?? gaussLegendre(n)
    this.#points.set(n, known)
    return known
  }
}

/** Numbers of an edge: those of the points, its share of the training rows, and the value of the leaf it leads to, else 1. */
interface Factors {
  readonly view: DataView
  readonly at: number
  readonly t: Float64Array
  readonly w: Float64Array
  readonly passes: number
  readonly value: number
}

function writeNew({ view, at, t, w, passes, value }: Factors): void {
  for (let q = 0; q < t.length; q++) {
    const s = 1 - t[q]!
    const slope = -w[q]! / s
    const numbers = at + q * NEW * 8
    view.setFloat64(numbers, value * s * passes, true)
    view.setFloat64(numbers + 8, value * t[q]!, true)
    view.setFloat64(numbers + 16, slope, true)
    view.setFloat64(numbers + 24, (w[q]! * (1 - passes)) / (t[q]! + s * passes) - slope, true)
  }
}

/** `share` is that of the feature's splits before this one. */
function writeAgain({ view, at, t, w, passes, value }: Factors, share: number): void {
  const both = share * passes
  for (let q = 0; q < t.length; q++) {
    const s = 1 - t[q]!
    const slope = -w[q]! / s
    const before = t[q]! + s * share
    const now = t[q]! + s * both
    const numbers = at + q * AGAIN * 8
    view.setFloat64(numbers, value * passes, true)
    view.setFloat64(numbers + 8, value * ((s * both) / before - passes), true)
    view.setFloat64(numbers + 16, (value * t[q]!) / before, true)
    view.setFloat64(numbers + 24, slope - (w[q]! * (1 - share)) / before, true)
    view.setFloat64(numbers + 32, (w[q]! * (1 - both)) / now - slope, true)
  }
}
