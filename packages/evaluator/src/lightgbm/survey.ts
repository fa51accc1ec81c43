import { UnreadableModel } from '../unreadable.ts'
import { Block } from './block.ts'
import type { Header } from './header.ts'
import type { Lines } from './lines.ts'

/** Where the trees are, and how much of everything they hold: what is needed to make room for them at once. */
export interface Survey {
  /** First byte after the line `Tree=…` of each tree. */
  readonly starts: Float64Array
  readonly nodes: number
  /** Leaves of the tree that has most. */
  readonly largest: number
  readonly sets: number
  readonly words: number
  /** Leaves with linear models, 0 without any; and coefficients of all of them. */
  readonly linearLeaves: number
  readonly coefficients: number
  /** Whether every tree with splits has them. */
  readonly covers: boolean
  readonly gains: boolean
}

interface Counts {
  nodes: number
  largest: number
  sets: number
  words: number
  linearLeaves: number
  coefficients: number
  covers: boolean
  gains: boolean
}

/**
 * Walks all trees once, from `Tree=0` to the end of the trees, and counts those of the first `rounds`. Each count is
 * checked against the bytes of the lines that must bear it out, so that no room is made for what is not there.
 */
export function survey(lines: Lines, header: Header, rounds: number | undefined): Survey {
  const block = new Block(lines.bytes)
  const counts: Counts = { nodes: 0, largest: 0, sets: 0, words: 0, linearLeaves: 0, coefficients: 0, covers: true, gains: true }
  const kept = (rounds ?? Number.POSITIVE_INFINITY) * header.outputs
  const starts: number[] = []
  for (let tree = 0; !lines.is('end of trees'); tree++) {
    const begin = lines.from - lines.returns
    if (!lines.is(`Tree=${tree}`)) throw new UnreadableModel('malformed', `Tree=${tree}`, `the line ${lines.excerpt} stands where it should begin`)
    starts.push(lines.after)
    if (!block.take(lines, tree)) throw new UnreadableModel('malformed', `Tree=${tree}`, "the file ends before 'end of trees'")
    if (tree < kept) count(block, counts)
    checkSize(header, tree, lines.from - lines.returns - begin)
  }
  checkNumber(header, starts.length)
  return { ...counts, starts: Float64Array.from(starts.slice(0, Math.min(starts.length, kept))) }
}

function count(block: Block, counts: Counts): void {
  const leaves = leavesOf(block)
  counts.nodes += 2 * leaves - 1
  counts.largest = Math.max(counts.largest, leaves)
  const sets = block.one('num_cat', { least: 0, most: 2 ** 31 - 1, otherwise: 0 })
  if (sets > block.size('cat_boundaries')) throw block.fault('num_cat', `says ${sets} sets, and cat_boundaries has ${block.size('cat_boundaries')} bytes`)
  counts.sets += sets
  if (sets > 0) counts.words += block.words('cat_threshold')
  if (block.one('is_linear', { least: 0, most: 1, otherwise: 0 }) === 1) {
    counts.linearLeaves += leaves
    counts.coefficients += block.words('leaf_coeff')
  }
  if (leaves === 1) return
  counts.covers &&= block.has('internal_count') && block.has('leaf_count')
  counts.gains &&= block.has('split_gain')
}

/** The number of leaves that a tree says it has, no more than its line of leaves can hold. */
export function leavesOf(block: Block): number {
  const leaves = block.one('num_leaves', { least: 1, most: 2 ** 31 - 1 })
  if (2 * leaves - 1 > block.size('leaf_value')) {
    throw block.fault('num_leaves', `says ${leaves} leaves, and leaf_value has ${block.size('leaf_value')} bytes`)
  }
  return leaves
}

function checkSize(header: Header, tree: number, bytes: number): void {
  if (header.sizes === undefined || tree >= header.sizes.length) return
  const said = header.sizes[tree] as number
  if (said !== bytes) throw new UnreadableModel('malformed', `tree_sizes[${tree}]`, `says ${said} bytes; Tree=${tree} has ${bytes}`)
}

function checkNumber(header: Header, trees: number): void {
  if (header.sizes !== undefined && header.sizes.length !== trees) {
    throw new UnreadableModel('malformed', 'tree_sizes', `has ${header.sizes.length} numbers for ${trees} trees`)
  }
  if (trees % header.outputs !== 0) {
    throw new UnreadableModel('malformed', 'num_tree_per_iteration', `is ${header.outputs}, and the ${trees} trees are no whole number of rounds`)
  }
}
