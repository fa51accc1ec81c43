import { checkForm } from '../form/check/index.ts'
import { type Kind, kindsOf } from '../form/check/values.ts'
import type { Form } from '../form/form.ts'
import { TEST, type Trees } from '../form/trees.ts'
import { originOf } from './names.ts'
import { numberInWords, testInWords } from './words.ts'

/** One tree, to be drawn: nested plain objects that can be written as JSON (which writes a leaf that is not finite as null). */
export interface Drawing {
  readonly step: number
  readonly tree: number
  /** How many trees there are. */
  readonly trees: number
  /** The output that the tree adds to, by its class where it has one; not there where it adds to all. */
  readonly output?: string | number
  readonly root: Drawn
}

export type Drawn = DrawnSplit | DrawnLeaf | DrawnRest

interface DrawnNode {
  /** Number of the node in the form. */
  readonly node: number
  /** Weight of the training rows that came here, where the file has it. */
  readonly cover?: number
}

export interface DrawnSplit extends DrawnNode {
  readonly kind: 'split'
  readonly feature: string
  /** In words; the branch `yes` is where it holds. */
  readonly test: string
  /** The exact threshold; not there for sets. */
  readonly threshold?: number
  readonly gain?: number
  readonly yes: Drawn
  readonly no: Drawn
}

export interface DrawnLeaf extends DrawnNode {
  readonly kind: 'leaf'
  /** One number, or one for each output. */
  readonly values: readonly number[]
  /** A linear model of the leaf, in words. */
  readonly linear?: string
}

/** What lies deeper than was asked for. */
export interface DrawnRest extends DrawnNode {
  readonly kind: 'rest'
  readonly splits: number
  readonly leaves: number
}

export interface DrawOptions {
  /** Number of the tree; the first unless given. */
  readonly tree?: number
  /** Number of the step; the first with trees unless given. */
  readonly step?: number
  /** Levels of splits that are drawn; 5 unless given, at most 12. */
  readonly depth?: number
}

/** Nodes of one drawing at most. */
const mostNodes = 4_000
const mostDepth = 12
/** Terms of a leaf's linear model that are named. */
const mostTerms = 6

interface Drawer {
  readonly form: Form
  readonly kinds: readonly Kind[]
  readonly trees: Trees
  /** The value that the trees read. */
  readonly value: number
}

/**
 * One tree of a form down to a depth, with names of features and tests in words.
 * @throws {UnreadableModel} for a form that is not sound
 * @throws {RangeError} for a tree, step or depth that is not there
 */
export function drawTree(form: Form, options: DrawOptions = {}): Drawing {
  checkForm(form)
  const at = options.step ?? form.steps.findIndex(({ op }) => op === 'trees')
  const step = form.steps[at]
  if (step?.op !== 'trees') throw new RangeError(options.step === undefined ? 'the model has no trees' : `step ${at} has no trees`)
  const { trees } = step
  const { tree = 0, depth = 5 } = options
  if (!(Number.isInteger(tree) && tree >= 0 && tree < trees.roots.length)) throw new RangeError(`tree ${tree} of ${trees.roots.length}`)
  if (!(Number.isInteger(depth) && depth >= 0 && depth <= mostDepth)) throw new RangeError(`depth ${depth} is not from 0 to ${mostDepth}`)
  const drawer = { form, kinds: kindsOf(form), trees, value: step.of[0] }
  const output = trees.leaf === 'scalar' && trees.outputs > 1 ? { output: classOf(form, trees, trees.target[tree]!) } : {}
  return { step: at, tree, trees: trees.roots.length, ...output, root: draw(drawer, trees.roots[tree]!, depth) }
}

function classOf(form: Form, { outputs }: Trees, target: number): string | number {
  return form.outputs.find(({ classes }) => classes?.length === outputs)?.classes?.[target] ?? target
}

/** A node that is still to be drawn, and where it belongs. */
interface Due {
  readonly node: number
  readonly above: Branches
  readonly branch: 'yes' | 'no'
}

interface Branches {
  yes: Drawn
  no: Drawn
}

const nothing: Drawn = { kind: 'rest', node: -1, splits: 0, leaves: 0 }

/** Level by level, so that a drawing that grows too large is cut at its bottom and not on one side. */
function draw(drawer: Drawer, root: number, depth: number): Drawn {
  const { trees } = drawer
  const top: Branches = { yes: nothing, no: nothing }
  let level: Due[] = [{ node: root, above: top, branch: 'yes' }]
  for (let deep = 0, drawn = 0; level.length > 0; deep++) {
    const next: Due[] = []
    const room = deep < depth && drawn + 3 * level.length <= mostNodes
    for (const { node, above, branch } of level) {
      drawn++
      if (trees.feature[node] === -1) above[branch] = leafOf(drawer, node)
      else if (!room) above[branch] = { kind: 'rest', node, ...coverOf(trees, node), ...countBelow(trees, node) }
      else {
        const split = splitOf(drawer, node)
        above[branch] = split
        next.push({ node: trees.yes[node]!, above: split, branch: 'yes' }, { node: trees.no[node]!, above: split, branch: 'no' })
      }
    }
    level = next
  }
  return top.yes
}

function coverOf({ cover }: Trees, node: number): { cover?: number } {
  return cover && Number.isFinite(cover[node]) ? { cover: cover[node]! } : {}
}

function splitOf({ form, kinds, trees, value }: Drawer, node: number): DrawnSplit & Branches {
  const origin = originOf(form, kinds, { value, column: trees.feature[node]! })
  const column = origin.input === undefined ? undefined : form.inputs[origin.input]!.columns?.[origin.column!]
  const threshold = trees.value[node]!
  const gain = trees.gain?.[node]
  return {
    kind: 'split',
    node,
    feature: origin.name,
    test: testInWords(trees, node, { origin, column }),
    ...((trees.rule[node]! & 3) === TEST.in || !Number.isFinite(threshold) ? {} : { threshold }),
    ...(gain !== undefined && Number.isFinite(gain) ? { gain } : {}),
    ...coverOf(trees, node),
    yes: nothing,
    no: nothing,
  }
}

function leafOf(drawer: Drawer, node: number): DrawnLeaf {
  const { trees } = drawer
  const row = trees.yes[node]!
  const values = trees.leaf === 'scalar' ? [trees.value[node]!] : [...trees.vectors.subarray(row * trees.outputs, (row + 1) * trees.outputs)]
  const linear = trees.leaf === 'scalar' && trees.linear && row >= 0 ? { linear: linearInWords(drawer, row) } : {}
  return { kind: 'leaf', node, values, ...linear, ...coverOf(trees, node) }
}

function linearInWords({ form, kinds, trees, value }: Drawer, leaf: number): string {
  const { start, feature, coefficient, constant } = trees.linear!
  const [from, to] = [start[leaf]!, start[leaf + 1]!]
  const terms = [numberInWords(constant[leaf]!)]
  for (let term = from; term < Math.min(to, from + mostTerms); term++) {
    terms.push(`${numberInWords(coefficient[term]!)} · ${originOf(form, kinds, { value, column: feature[term]! }).name}`)
  }
  if (to - from > mostTerms) terms.push(`${to - from - mostTerms} more`)
  return terms.join(' + ')
}

function countBelow({ feature, yes, no }: Trees, node: number): { splits: number; leaves: number } {
  const open = [node]
  let splits = 0
  let leaves = 0
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (feature[at] === -1) leaves++
    else {
      splits++
      open.push(yes[at]!, no[at]!)
    }
  }
  return { splits, leaves }
}
