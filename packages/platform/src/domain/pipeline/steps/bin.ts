import type { StepOptions } from '@fairlead/contract/control'
import { numbersFor } from '../column-memory.ts'
import type { Column } from '../columns.ts'
import type { Scope } from '../scope.ts'
import { numbersOf } from '../values.ts'
import { unfitted } from './unfitted.ts'

/**
 * `bin`: the interval that a number falls in. `n` edges make `n + 1` intervals: what is below the first edge is 0, what is at an edge belongs to the interval
 * above it. NaN is null, as null is.
 */
export function compileBin(columns: StepOptions<'bin'>, scope: Scope): void {
  for (const [name, { edges, labels, into, as, bins }] of Object.entries(columns)) {
    const { place, spec } = scope.use(name, name, ['number', 'integer', 'time'])
    if (as === 'quantiles' && bins === undefined && edges === undefined) throw scope.error(`${name}.bins`, 'how many `bins` is needed')
    if (!edges) throw as === 'quantiles' ? unfitted(scope, name, '`edges`') : scope.error(`${name}.edges`, '`edges` is needed')
    const descending = edges.findIndex((edge, i) => i > 0 && edge <= edges[i - 1]!)
    if (descending >= 0) throw scope.error(`${name}.edges[${descending}]`, `edges go up, and ${edges[descending]} comes behind ${edges[descending - 1]}`)
    if (labels && labels.length !== edges.length + 1)
      throw scope.error(`${name}.labels`, `${edges.length} edges make ${edges.length + 1} intervals, and there are ${labels.length} labels`)
    const made = { name: into ?? name, nullable: spec.nullable || spec.type === 'number' }
    const sorted = Float64Array.from(edges)
    if (labels) {
      const compute = (column: Column, rows: number): Column => {
        const { data, nulls } = intervals(column, sorted, rows)
        return { type: 'text', data: Array.from(data, (at) => labels[at]!), nulls }
      }
      scope.put({ ...made, type: 'text' }, { uses: [place], labels: [...new Set(labels)], compute: (frame, rows) => compute(frame[place]!, rows) })
    } else scope.put({ ...made, type: 'number' }, { uses: [place], compute: (frame, rows) => ({ type: 'number', ...intervals(frame[place]!, sorted, rows) }) })
  }
}

function intervals(column: Column, edges: Float64Array, rows: number): { data: Float64Array; nulls: Uint8Array | undefined } {
  const numbers = numbersOf(column)
  const data = numbersFor(rows)
  let { nulls } = column
  for (let row = 0; row < rows; row++) {
    const value = numbers[row]!
    if (Number.isNaN(value)) {
      if (nulls === column.nulls) nulls = nulls ? new Uint8Array(nulls) : new Uint8Array(rows)
      nulls![row] = 1
      data[row] = 0
    } else data[row] = intervalOf(value, edges)
  }
  return { data, nulls }
}

/** So many edges are looked at one by one sooner than by halves, which no processor foresees. */
const FEW_EDGES = 16

/** How many edges are at or below a number. */
function intervalOf(value: number, edges: Float64Array): number {
  if (edges.length <= FEW_EDGES) {
    let count = 0
    for (let at = 0; at < edges.length; at++) count += edges[at]! <= value ? 1 : 0
    return count
  }
  let [low, high] = [0, edges.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (edges[middle]! <= value) low = middle + 1
    else high = middle
  }
  return low
}
