import type { Form } from '../form/form.ts'
import type { Trees } from '../form/trees.ts'
import { interpret } from '../plain/interpret.ts'
import { formOf, random, randomTrees } from './random.ts'

/** What an ensemble gives, for each output, where only the columns of a set (bit by bit) are known. */
export type Game = (known: number) => Float64Array

/** Shapley values by their definition, over all sets of columns: for each output the columns and, last, the game of nobody. */
export function shapley(game: Game, columns: number): Float64Array {
  const values = Array.from({ length: 2 ** columns }, (_, known) => game(known))
  const outputs = values[0]!.length
  const result = new Float64Array(outputs * (columns + 1))
  for (let output = 0; output < outputs; output++) {
    const line = output * (columns + 1)
    result[line + columns] = values[0]![output]!
    for (let column = 0; column < columns; column++) {
      for (let known = 0; known < values.length; known++) {
        if ((known >> column) & 1) continue
        const gain = values[known | (1 << column)]![output]! - values[known]![output]!
        result[line + column]! += gain / (columns * choose(columns - 1, members(known)))
      }
    }
  }
  return result
}

function members(set: number): number {
  let count = 0
  for (let rest = set; rest > 0; rest &= rest - 1) count++
  return count
}

function choose(n: number, k: number): number {
  let ways = 1
  for (let i = 1; i <= k; i++) ways = (ways * (n - k + i)) / i
  return ways
}

/** The ensemble with sums that are not rounded on the way, as explanations are. */
export function exact(trees: Trees): Trees {
  const round = trees.sum === 'f32' ? Math.fround : (x: number) => x
  return { ...trees, sum: 'f64', value: trees.value.map((value, node) => (trees.feature[node]! < 0 ? round(value) : value)), vectors: trees.vectors.map(round) }
}

/** Sums of an ensemble for one row. */
export function margin(trees: Trees, row: Float64Array): Float64Array {
  return interpret(formOf(exact(trees)), [row], 1).get('sums') as Float64Array
}

/** Columns that are not known are taken from background rows, on average over them. */
export function backgroundGame(trees: Trees, row: Float64Array, background: readonly Float64Array[]): Game {
  return (known) => {
    const sum = new Float64Array(trees.outputs)
    for (const other of background) {
      const mixed = row.map((x, column) => ((known >> column) & 1 ? x : other[column]!))
      for (const [output, value] of margin(trees, mixed).entries()) sum[output]! += value / background.length
    }
    return sum
  }
}

/** At a split of a column that is not known, a row goes both ways, in the shares of the training rows. */
export function coverGame(trees: Trees, row: Float64Array): Game {
  const plain = exact(trees)
  const ways = new Map<number, boolean>()
  const passes = (node: number): boolean => {
    const known = ways.get(node) ?? interpret(stump(trees, node), [row], 1).get('sums')![0] === 1
    ways.set(node, known)
    return known
  }
  return (known) => {
    const total = Float64Array.from(trees.base)
    const visit = (node: number, share: number, tree: number): void => {
      const column = trees.feature[node]!
      const [yes, no] = [trees.yes[node]!, trees.no[node]!]
      if (column < 0) {
        if (trees.leaf === 'scalar') total[trees.target[tree]!]! += (share * plain.value[node]!) / trees.divisor
        else for (let output = 0; output < trees.outputs; output++) total[output]! += (share * plain.vectors[yes * trees.outputs + output]!) / trees.divisor
      } else if ((known >> column) & 1) visit(passes(node) ? yes : no, share, tree)
      else {
        const all = trees.cover![node]!
        visit(yes, all === 0 ? share / 2 : (share * trees.cover![yes]!) / all, tree)
        visit(no, all === 0 ? share / 2 : (share * trees.cover![no]!) / all, tree)
      }
    }
    for (const [tree, root] of trees.roots.entries()) visit(root, 1, tree)
    return total
  }
}

/** One split of an ensemble as a tree that gives 1 where its test holds. */
function stump(trees: Trees, node: number): Form {
  return formOf({
    ...trees,
    outputs: 1,
    sum: 'f64',
    roots: Int32Array.of(0),
    target: Int32Array.of(0),
    feature: Int32Array.of(trees.feature[node]!, -1, -1),
    rule: Uint8Array.of(trees.rule[node]!, 0, 0),
    value: Float64Array.of(trees.value[node]!, 1, 0),
    yes: Int32Array.of(1, -1, -1),
    no: Int32Array.of(2, -1, -1),
    leaf: 'scalar',
    vectors: new Float64Array(),
    base: Float64Array.of(0),
    divisor: 1,
  })
}

/** Cover for an ensemble: random weights of leaves, none for some, and their sums above. */
export function withCover(trees: Trees, seed = 3): Trees {
  const next = random(seed)
  const cover = new Float64Array(trees.feature.length)
  const visit = (node: number): number => {
    const leaf = trees.feature[node]! < 0
    const weight = leaf ? (next() < 0.05 ? 0 : next() * 100) : visit(trees.yes[node]!) + visit(trees.no[node]!)
    cover[node] = weight
    return weight
  }
  for (const root of trees.roots) visit(root)
  return { ...trees, cover }
}

/** One tree that is a chain of so many splits, of one column after the other. */
export function chain(splits: number, features: number): Trees {
  const nodes = Array.from({ length: 2 * splits + 1 }, (_, node) => node)
  const inner = (node: number): boolean => node % 2 === 0 && node < 2 * splits
  return {
    ...randomTrees({ trees: 0, features, more: { base: Float64Array.of(0) } }),
    roots: Int32Array.of(0),
    target: Int32Array.of(0),
    feature: Int32Array.from(nodes, (node) => (inner(node) ? (node / 2) % features : -1)),
    rule: new Uint8Array(nodes.length),
    value: Float64Array.from(nodes),
    yes: Int32Array.from(nodes, (node) => (inner(node) ? node + 1 : -1)),
    no: Int32Array.from(nodes, (node) => (inner(node) ? node + 2 : -1)),
  }
}

/** The rows of a matrix. */
export function rowsOf(data: Float64Array, width: number): Float64Array[] {
  return Array.from({ length: data.length / width }, (_, row) => data.slice(row * width, (row + 1) * width))
}

/** The largest distance between two lists of numbers, by the size of the larger ones. */
export function apart(actual: ArrayLike<number>, wanted: ArrayLike<number>): number {
  let [most, size] = [0, 1]
  for (let at = 0; at < Math.max(actual.length, wanted.length); at++) {
    const distance = Math.abs(actual[at]! - wanted[at]!)
    if (!(distance <= most)) most = distance
    size = Math.max(size, Math.abs(wanted[at]!))
  }
  return most / size
}
