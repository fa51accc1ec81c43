import type { Categories } from '../form/form.ts'
import { readCategories } from './categories.ts'
import { countTrees, type TreeCounts } from './count.ts'
import { type Cursor, fields, floatArray, integerArray, type Place, parameter } from './cursor.ts'

export type Booster = Linear | Ensemble

interface Linear {
  readonly kind: 'gblinear'
  /** `weights[feature · outputs + output]`, then a bias per output. */
  readonly weights: Float64Array
}

/** Trees that are still to be read. */
export interface Ensemble {
  readonly kind: 'gbtree' | 'dart'
  /** Place of the array of trees. */
  readonly place: Place
  readonly counts: TreeCounts
  /** Output of each tree. */
  readonly target: Int32Array
  /** First tree of each round and the end of the last, where the file has them. */
  readonly rounds: Int32Array | undefined
  readonly parallel: number
  /** Factor of each tree (DART). */
  readonly weights: Float64Array | undefined
  /** Names or numbers that stand for a column's codes; undefined for other columns. */
  readonly categories: readonly (Omit<Categories, 'unseen'> | undefined)[]
}

/** Reads the booster, but for its trees, which are counted. */
export function readBooster(cursor: Cursor): Booster {
  const start = cursor.place()
  let name = ''
  const readName = () => {
    name = cursor.text()
  }
  fields(cursor, { name: readName }, ['name'])
  const end = cursor.place()
  const found: { linear?: Linear; forest?: Ensemble; weights?: Float64Array } = {}
  const readForest = () => {
    found.forest = readModel(cursor)
  }
  const readers: Readonly<Record<string, () => void>> =
    name === 'gblinear'
      ? { model: () => fields(cursor, { weights: () => (found.linear = { kind: 'gblinear', weights: floatArray(cursor) }) }, ['weights']) }
      : name === 'dart'
        ? { gbtree: () => fields(cursor, { model: readForest }, ['model']), weight_drop: () => (found.weights = floatArray(cursor)) }
        : { model: readForest }
  if (name !== 'gblinear' && name !== 'dart' && name !== 'gbtree') cursor.refuse(`the booster ${JSON.stringify(name.slice(0, 60))} is not known`, 'unsupported')
  cursor.seek(start)
  fields(cursor, readers, Object.keys(readers))
  cursor.seek(end)
  if (found.linear) return found.linear
  const { forest, weights } = found
  if (weights && weights.length !== forest!.counts.trees) cursor.refuse(`weight_drop has ${weights.length} numbers for ${forest!.counts.trees} trees`)
  return { ...forest!, kind: weights ? 'dart' : 'gbtree', weights }
}

function readModel(cursor: Cursor): Ensemble {
  let place: Place | undefined
  let counts: TreeCounts | undefined
  let target: Int32Array = new Int32Array()
  let rounds: Int32Array | undefined
  let parallel = 1
  let categories: Ensemble['categories'] = []
  const readParallel = () => {
    parallel = Math.max(1, parameter(cursor, 2 ** 31))
  }
  fields(
    cursor,
    {
      cats: () => {
        categories = readCategories(cursor)
      },
      gbtree_model_param: () => fields(cursor, { num_parallel_tree: readParallel }),
      iteration_indptr: () => {
        rounds = integerArray(cursor)
      },
      tree_info: () => {
        target = integerArray(cursor)
      },
      trees: () => {
        place = cursor.place()
        counts = countTrees(cursor)
      },
    },
    ['tree_info', 'trees'],
  )
  if (target.length !== counts!.trees) cursor.refuse(`tree_info has ${target.length} numbers for ${counts!.trees} trees`)
  return { kind: 'gbtree', place: place!, counts: counts!, target, rounds, parallel, weights: undefined, categories }
}
