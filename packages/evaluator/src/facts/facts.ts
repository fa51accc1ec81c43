import { checkForm } from '../form/check/index.ts'
import { type Kind, kindsOf } from '../form/check/values.ts'
import type { ElementType } from '../form/element.ts'
import type { Form, Role, Source } from '../form/form.ts'
import type { Step } from '../form/steps.ts'
import type { Trees } from '../form/trees.ts'
import { bytesOf } from './bytes.ts'
import { importanceOf, ranked } from './importance.ts'
import { type KnownValues, knownValuesOf } from './known.ts'
import { originOf } from './names.ts'
import { type Spread, shapesOf, spreadOf } from './shape.ts'

/** What a model is, for people: plain numbers and texts that can be written as JSON. */
export interface Facts {
  readonly source: Source
  readonly inputs: readonly { readonly name: string; readonly type: ElementType; readonly columns: number; readonly categorical: number }[]
  readonly outputs: readonly { readonly name: string; readonly role: Role; readonly type: ElementType; readonly columns: number }[]
  /** Labels of a classifier's classes, in the model's order. */
  readonly classes?: readonly (string | number)[]
  /** Columns whose values are known apart, such as categories. */
  readonly known: readonly KnownValues[]
  /** Steps by kind, the most frequent first. */
  readonly operators: readonly { readonly op: Step['op']; readonly count: number }[]
  /** Bytes of the numbers that the model consists of. */
  readonly bytes: number
  readonly ensembles: readonly EnsembleFacts[]
  readonly linear: readonly LinearFacts[]
}

export interface EnsembleFacts {
  /** Number of the step. */
  readonly step: number
  readonly trees: number
  readonly nodes: number
  readonly leaves: number
  /** Splits from the root to the deepest leaf of a tree. */
  readonly depth: Spread
  readonly leavesPerTree: Spread
  readonly outputs: number
  /** Splits that a row meets in all trees together, where it goes either way of a split as likely as the other: what its answer costs, mostly. */
  readonly visits: number
  /** Types in which rows are compared and leaves are summed. */
  readonly compare: 'f32' | 'f64'
  readonly sum: 'f32' | 'f64'
  /** Whether there are splits on sets of categories, and linear models in leaves. */
  readonly categorical: boolean
  readonly linearLeaves: boolean
  /** Columns that the rows have, and how many of them some split tests. */
  readonly columns: number
  readonly used: number
  /** The most important of them, up to the limit. */
  readonly features: readonly FeatureFacts[]
}

export interface FeatureFacts {
  readonly name: string
  /** Where it comes from, when it comes from one column of an input. */
  readonly input?: number
  readonly column?: number
  readonly splits: number
  /** Sums over its splits, where the file has them: gain of the loss, weight of the training rows. */
  readonly gain?: number
  readonly cover?: number
  /** Its part of all gain (of all splits, where the file has no gains), from 0 to 1. */
  readonly share: number
}

export interface LinearFacts {
  readonly step: number
  readonly columns: number
  readonly outputs: number
  /** Coefficients that are not 0. */
  readonly used: number
  /** The columns with the largest coefficients, up to the limit: one for each output. */
  readonly features: readonly { readonly name: string; readonly coefficients: readonly number[] }[]
}

export interface FactsOptions {
  /** How many features are listed at most; 1000 unless given. */
  readonly features?: number
}

/**
 * Reads out of a form what people ask of a model.
 * @throws {UnreadableModel} for a form that is not sound
 */
export function factsOf(form: Form, options: FactsOptions = {}): Facts {
  checkForm(form)
  const kinds = kindsOf(form)
  const limit = options.features ?? 1000
  const classes = form.outputs.find(({ role, classes }) => role === 'probabilities' && classes)?.classes
  return {
    source: { ...form.source },
    inputs: form.inputs.map(({ name, type, width, columns }) => ({
      name,
      type,
      columns: width,
      categorical: columns?.filter(({ categories }) => categories).length ?? 0,
    })),
    outputs: form.outputs.map(({ name, role, value }) => ({ name, role, type: kinds[value]!.type, columns: kinds[value]!.width })),
    ...(classes ? { classes: [...classes] } : {}),
    known: knownValuesOf(form, kinds),
    operators: operatorsOf(form),
    bytes: bytesOf(form),
    ensembles: form.steps.flatMap((step, at) =>
      step.op === 'trees' ? [ensembleOf(form, kinds, { step: at, trees: step.trees, value: step.of[0], limit })] : [],
    ),
    linear: form.steps.flatMap((step, at) => (step.op === 'affine' ? [linearOf(form, kinds, { at, step, limit })] : [])),
  }
}

function operatorsOf({ steps }: Form): Facts['operators'] {
  const counts = new Map<Step['op'], number>()
  for (const { op } of steps) counts.set(op, (counts.get(op) ?? 0) + 1)
  return Array.from(counts, ([op, count]) => ({ op, count })).sort((a, b) => b.count - a.count || (a.op < b.op ? -1 : 1))
}

interface Ensemble {
  readonly step: number
  readonly trees: Trees
  readonly value: number
  readonly limit: number
}

function ensembleOf(form: Form, kinds: readonly Kind[], { step, trees, value, limit }: Ensemble): EnsembleFacts {
  const shapes = shapesOf(trees)
  const importance = importanceOf(trees)
  const order = ranked(importance)
  const by = importance.gain ?? importance.splits
  const total = by.reduce((sum, one) => sum + one, 0)
  const leaves = shapes.leaves.reduce((sum, one) => sum + one, 0)
  return {
    step,
    trees: trees.roots.length,
    nodes: trees.feature.length,
    leaves,
    depth: spreadOf(shapes.depths),
    leavesPerTree: spreadOf(shapes.leaves),
    outputs: trees.outputs,
    visits: shapes.visits,
    compare: trees.compare,
    sum: trees.sum,
    categorical: trees.rule.some((rule, node) => trees.feature[node] !== -1 && (rule & 3) === 3),
    linearLeaves: trees.linear !== undefined,
    columns: trees.features,
    used: order.length,
    features: order.slice(0, limit).map((column) => {
      const { name, input, column: from } = originOf(form, kinds, { value, column })
      return {
        name,
        ...(input === undefined ? {} : { input, column: from! }),
        splits: importance.splits[column]!,
        ...(importance.gain ? { gain: importance.gain[column]! } : {}),
        ...(importance.cover ? { cover: importance.cover[column]! } : {}),
        share: total > 0 ? by[column]! / total : 0,
      }
    }),
  }
}

function linearOf(form: Form, kinds: readonly Kind[], { at, step, limit }: { at: number; step: Extract<Step, { op: 'affine' }>; limit: number }): LinearFacts {
  const { outputs, weights } = step
  const columns = weights.length / outputs
  const largest = new Float64Array(columns)
  let used = 0
  for (const [index, weight] of weights.entries()) {
    if (weight !== 0) used++
    const column = Math.floor(index / outputs)
    largest[column] = Math.max(largest[column]!, Math.abs(weight))
  }
  const order = Array.from(largest.keys()).filter((column) => largest[column]! > 0)
  order.sort((a, b) => largest[b]! - largest[a]! || a - b)
  const features = order.slice(0, limit).map((column) => ({
    name: originOf(form, kinds, { value: step.of[0], column }).name,
    coefficients: [...weights.subarray(column * outputs, (column + 1) * outputs)],
  }))
  return { step: at, columns, outputs, used, features }
}
