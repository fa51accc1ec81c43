import type { Trees } from '../form/trees.ts'
import { UnreadableModel } from '../unreadable.ts'
import type { Ensemble } from './booster.ts'
import type { Cursor } from './cursor.ts'
import { cut, start } from './filling.ts'
import type { Outline } from './outline.ts'
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
  const beyond = target.find((output) => output < 0 || output >= outputs)
  if (beyond !== undefined) throw new UnreadableModel('malformed', 'learner.gradient_booster.model.tree_info', `names output ${beyond} of ${outputs}`)
  return {
    features,
    outputs,
    compare: 'f32',
    sum: 'f32',
    zero: 0,
    ...cut(filling),
    target,
    leaf: ensemble.counts.leaves === 'numbers' ? 'scalar' : 'vector',
    sets: filling.sets.sets(),
    base: Float64Array.from({ length: outputs }, (_, output) => base[base.length === 1 ? 0 : output]!),
    baseFirst: true,
    aggregate: 'sum',
    divisor: 1,
  }
}
