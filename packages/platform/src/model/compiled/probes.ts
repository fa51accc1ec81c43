import type { Form, Step } from '@fairlead/evaluator'
import { feedsOf } from './feeds.ts'

/** Most numbers kept for a column. */
const MOST = 64

/** Values by which a model decides, for one column of a tensor. */
export interface Probes {
  numbers: number[]
  texts: string[]
}

/** Where a column of a value comes from: a column of an input, stretched and moved. */
interface Trace {
  input: number
  column: number
  /** What the value's column is worth in the input's: `input = value · factor + offset`. */
  factor: number
  offset: number
}

/**
 * The values by which a form decides, for each column of each tensor that feeds it: thresholds of its trees, categories of its encoders,
 * constants that it compares with; followed back through casts, scalers and columns put together. Rows made of these and of their
 * neighbours show differences that other rows do not. Deterministic, and no more than a few for a column.
 */
export function probesOf(form: Form): Map<string, Probes[]> {
  const found = form.inputs.map(({ width }) => Array.from({ length: width }, () => new Set<number>()))
  const traces: (Trace | undefined)[][] = form.inputs.map(({ width }, input) =>
    Array.from({ length: width }, (_, column) => ({ input, column, factor: 1, offset: 0 })),
  )
  for (const step of form.steps) {
    const of = step.of.map((at) => traces[at]!)
    for (const [column, value] of decisions(step)) {
      const trace = of[0]?.[column]
      if (!trace) continue
      const numbers = found[trace.input]![trace.column]!
      if (numbers.size < MOST) numbers.add(value * trace.factor + trace.offset)
    }
    traces.push(through(step, of))
  }
  const texts = form.texts.slice(0, MOST)
  const probes = new Map<string, Probes[]>()
  for (const { tensor, input, offset, width, type, categories } of feedsOf(form)) {
    const named = categories?.values.slice(0, MOST)
    const columns = found[input]!.slice(offset, offset + width).map((numbers): Probes => {
      if (named) return { numbers: named.filter((value) => typeof value === 'number'), texts: named.filter((value) => typeof value === 'string') }
      return type === 'string' ? { numbers: [], texts: [...texts] } : { numbers: [...numbers], texts: [] }
    })
    probes.set(tensor, columns)
  }
  return probes
}

/** Columns of what a step reads, with the values by which it decides there; of trees, some of all. */
function* decisions(step: Step): Generator<[column: number, value: number]> {
  if (step.op === 'trees') {
    const { feature, value } = step.trees
    const splits = feature.reduce((count, column) => count + (column >= 0 ? 1 : 0), 0)
    const wanted = MOST * step.trees.features
    const every = Math.max(1, Math.floor(splits / wanted))
    let seen = 0
    for (const [node, column] of feature.entries()) if (column >= 0 && seen++ % every === 0) yield [column, value[node]!]
  } else if (step.op === 'onehot') for (const value of step.categories.slice(0, MOST)) yield [0, value]
  else if (step.op === 'lookup') for (const value of step.keys.slice(0, MOST)) yield [0, value]
  else if (step.op === 'replace') yield [0, step.what]
  else if (step.op === 'compare') for (const [column, value] of (step.constant ?? []).slice(0, MOST).entries()) yield [column, value]
}

function through(step: Step, of: readonly (readonly (Trace | undefined)[])[]): (Trace | undefined)[] {
  const first = of[0] ?? []
  if (step.op === 'cast' || step.op === 'replace') return [...first]
  if (step.op === 'concat') return of.flat()
  if (step.op === 'columns') return step.indices.map((index) => first[index])
  if (step.op !== 'scale') return []
  return first.map((trace, column) => {
    if (!trace) return undefined
    const scale = step.factor.length === 1 ? step.factor[0]! : step.factor[column]!
    const moved = step.offset.length === 1 ? step.offset[0]! : step.offset[column]!
    const back = step.divide ? scale : 1 / scale
    return { ...trace, factor: trace.factor * back, offset: trace.offset + moved * trace.factor }
  })
}
