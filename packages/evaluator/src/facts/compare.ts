import { kindsOf } from '../form/check/values.ts'
import type { Form } from '../form/form.ts'
import type { Step } from '../form/steps.ts'
import type { Trees } from '../form/trees.ts'
import { type Facts, type FactsOptions, factsOf } from './facts.ts'
import { originOf } from './names.ts'
import { sameTree, sameValues } from './same-trees.ts'

/** One thing that is not the same: what the first has, and the second. */
export interface Change {
  readonly what: string
  readonly before: string | number | null
  readonly after: string | number | null
}

/** In what two models differ, as their forms say it; plain objects that can be written as JSON. */
export interface Comparison {
  /** Whether nothing differs: then both give the same answers. */
  readonly same: boolean
  /** Library, objective, inputs, outputs, classes, steps, precision. */
  readonly changes: readonly Change[]
  /** For each ensemble, in the order of the steps, as many as both have. */
  readonly ensembles: readonly EnsembleComparison[]
  /** Features of all ensembles whose part of the importance moved, the largest move first. */
  readonly importance: readonly { readonly name: string; readonly before: number; readonly after: number; readonly shift: number }[]
}

export interface EnsembleComparison {
  readonly before: { readonly trees: number; readonly nodes: number; readonly depth: number }
  readonly after: { readonly trees: number; readonly nodes: number; readonly depth: number }
  /** Trees at the same place that ask and answer the same; counted over those that both have. */
  readonly same: number
  readonly changed: number
  /** Numbers of the first trees that changed. */
  readonly firstChanged: readonly number[]
  readonly added: number
  readonly removed: number
}

/** Trees that are listed by number. */
const mostListed = 100
/** Moves of less than this part of all importance are no news. */
const leastShift = 1e-9

/**
 * Compares two forms: what people would see differ, from the head to the trees.
 * @throws {UnreadableModel} for a form that is not sound
 */
export function compareForms(before: Form, after: Form, options: FactsOptions = {}): Comparison {
  const all = { features: Number.POSITIVE_INFINITY }
  const [a, b] = [factsOf(before, all), factsOf(after, all)]
  const changes = [...changesOf(a, b), ...columnChanges(before, after), ...numbersOf(before, after)]
  const [left, right] = [ensemblesOf(before), ensemblesOf(after)]
  const ensembles = left
    .slice(0, right.length)
    .map((one, at) => compareEnsembles({ ...one, facts: a.ensembles[at]! }, { ...right[at]!, facts: b.ensembles[at]! }))
  const importance = shifts(a, b).slice(0, options.features ?? 1000)
  const same = changes.length === 0 && importance.length === 0 && ensembles.every(({ changed, added, removed }) => changed + added + removed === 0)
  return { same, changes, ensembles, importance }
}

function changesOf(a: Facts, b: Facts): Change[] {
  const changes: Change[] = []
  const compare = (what: string, before: string | number | null, after: string | number | null) => {
    if (before !== after) changes.push({ what, before, after })
  }
  compare('format', a.source.format, b.source.format)
  compare('version', a.source.version, b.source.version)
  compare('objective', a.source.objective, b.source.objective)
  byName('input', a.inputs, b.inputs, { changes, say: ({ type, columns }) => `${type}, ${columns} columns` })
  byName('output', a.outputs, b.outputs, { changes, say: ({ role, type, columns }) => `${role}, ${type}, ${columns} columns` })
  compare('classes', a.classes?.join(', ') ?? null, b.classes?.join(', ') ?? null)
  byName(
    'step',
    a.operators.map(({ op, count }) => ({ name: op, count })),
    b.operators.map(({ op, count }) => ({ name: op, count })),
    { changes, say: ({ count }) => `${count}` },
  )
  for (let at = 0; at < Math.min(a.ensembles.length, b.ensembles.length); at++) {
    for (const field of ['compare', 'sum', 'outputs', 'columns'] as const) compare(`ensemble ${at}: ${field}`, a.ensembles[at]![field], b.ensembles[at]![field])
  }
  return changes
}

/** Columns of the inputs by name: numbers, or positions in a list of categories. */
function columnChanges(before: Form, after: Form): Change[] {
  const changes: Change[] = []
  const columns = ({ inputs }: Form) => inputs.flatMap((input) => input.columns ?? [])
  byName('column', columns(before), columns(after), {
    changes,
    say: ({ categories }) => (categories ? `one of ${shortened(categories.values.join(', '))}` : 'number'),
  })
  return changes
}

function shortened(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text
}

/** Steps of one kind at the same place whose numbers differ; of trees, those that belong to no single tree. */
function numbersOf(before: Form, after: Form): Change[] {
  return before.steps.flatMap((step, at) => {
    const other = after.steps[at]
    if (step.op !== other?.op || sameValues(outsideOfTrees(step), outsideOfTrees(other))) return []
    return [{ what: `numbers of step ${at}`, before: step.op, after: step.op }]
  })
}

function outsideOfTrees(step: Step): unknown {
  if (step.op !== 'trees') return step
  const { base, baseFirst, aggregate, divisor, zero, leaf } = step.trees
  return { of: step.of, base, baseFirst, aggregate, divisor, zero, leaf }
}

interface Naming<T> {
  readonly changes: Change[]
  readonly say: (one: T) => string
}

function byName<T extends { readonly name: string }>(what: string, a: readonly T[], b: readonly T[], { changes, say }: Naming<T>): void {
  const after = new Map(b.map((one) => [one.name, one]))
  for (const one of a) {
    const other = after.get(one.name)
    after.delete(one.name)
    const [x, y] = [say(one), other ? say(other) : null]
    if (x !== y) changes.push({ what: `${what} ${one.name}`, before: x, after: y })
  }
  for (const one of after.values()) changes.push({ what: `${what} ${one.name}`, before: null, after: say(one) })
}

interface Ensemble {
  readonly trees: Trees
  /** Names of the columns, by number. */
  readonly names: readonly string[]
}

function ensemblesOf(form: Form): Ensemble[] {
  const kinds = kindsOf(form)
  return form.steps.flatMap((step) =>
    step.op === 'trees'
      ? [{ trees: step.trees, names: Array.from({ length: step.trees.features }, (_, column) => originOf(form, kinds, { value: step.of[0], column }).name) }]
      : [],
  )
}

type Known = Ensemble & { readonly facts: Facts['ensembles'][number] }

function compareEnsembles(a: Known, b: Known): EnsembleComparison {
  const summary = ({ facts }: Known) => ({ trees: facts.trees, nodes: facts.nodes, depth: facts.depth.max })
  const places = new Map(b.names.map((name, column) => [name, column]))
  const columns = Int32Array.from(a.names, (name) => places.get(name) ?? -1)
  const comparable = a.trees.leaf === b.trees.leaf && a.trees.outputs === b.trees.outputs
  const both = Math.min(a.facts.trees, b.facts.trees)
  const firstChanged: number[] = []
  let changed = 0
  for (let tree = 0; tree < both; tree++) {
    if (comparable && sameTree(a.trees, b.trees, { tree, columns })) continue
    if (changed++ < mostListed) firstChanged.push(tree)
  }
  return { before: summary(a), after: summary(b), same: both - changed, changed, firstChanged, added: b.facts.trees - both, removed: a.facts.trees - both }
}

function shifts(a: Facts, b: Facts): Comparison['importance'] {
  const [before, after] = [shares(a), shares(b)]
  return [...new Set([...before.keys(), ...after.keys()])]
    .map((name) => {
      const [x, y] = [before.get(name) ?? 0, after.get(name) ?? 0]
      return { name, before: x, after: y, shift: y - x }
    })
    .filter(({ shift }) => Math.abs(shift) > leastShift)
    .sort((x, y) => Math.abs(y.shift) - Math.abs(x.shift) || (x.name < y.name ? -1 : 1))
}

/** Each feature's part of the importance of all ensembles together. */
function shares({ ensembles }: Facts): Map<string, number> {
  const sums = new Map<string, number>()
  for (const { features } of ensembles) for (const { name, share } of features) sums.set(name, (sums.get(name) ?? 0) + share / ensembles.length)
  return sums
}
