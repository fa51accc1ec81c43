import type { Trees } from '../form/trees.ts'
import type { Cursor } from './cursor.ts'
import { cut, start } from './filling.ts'
import type { Ensemble, Outline } from './outline.ts'
import { settle } from './settle.ts'
import { readTree } from './tree.ts'

interface Ask {
  readonly outline: Outline
  readonly ensemble: Ensemble
  /** So many trees from the first. */
  readonly wanted: number
}

/** Reads the trees of an ensemble into one set of arrays. Nodes that were pruned away are left out. */
export function readForest(cursor: Cursor, { outline, ensemble, wanted }: Ask): Trees {
  const { features, outputs, base } = outline
  const filling = start(ensemble, wanted)
  cursor.seek(ensemble.place)
  cursor.array((index) => {
    if (index >= wanted) return cursor.skip()
    const weight = ensemble.weights?.[index] ?? 1
    settle(cursor, filling, { ...readTree(cursor, filling), tree: index, features, outputs, weight })
  })
  const target = ensemble.target.slice(0, wanted)
  if (target.some((output) => output < 0 || output >= outputs)) cursor.refuse(`tree_info names an output of which there are ${outputs}`)
  return {
    features,
    outputs,
    compare: 'f32',
    sum: 'f32',
    zero: 0,
    ...cut(filling),
    target,
    leaf: ensemble.counts.leafWeights > 0 ? 'vector' : 'scalar',
    sets: filling.sets.sets(),
    base: Float64Array.from({ length: outputs }, (_, output) => base[base.length === 1 ? 0 : output]!),
    baseFirst: true,
    aggregate: 'sum',
    divisor: 1,
  }
}
