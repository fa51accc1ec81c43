import type { Affine } from '../../form/steps.ts'
import { type Categories, type Made, placeOf, type Slot, stepOf, type Workbench } from '../workbench.ts'

/** Numbers of a table of weights at most. */
const MOST_WEIGHTS = 65_536
const PIECE_BYTES = 20

/** Neighbouring columns of what a linear model reads. */
interface Piece {
  /** Number of its first column. */
  readonly column: number
  readonly slot: Slot
  /** Set where it is columns of categories that need not be written: their weights are found by the category. */
  readonly categories: Categories | undefined
}

/**
 * A linear model over columns of categories beside others (assembly/pieces.ts): what stands side by side is read where it was made, and
 * of a category's columns only the weights of the one are added. Undefined where that would not be the same to the last bit, or nothing
 * of it is a category. What nobody needs to write any more is told to the bench.
 */
export function pieces(step: Affine, bench: Workbench): Made | undefined {
  const source = bench.value(step.of[0])
  const { outputs, weights, bias, biasFirst } = step
  // what is left out are additions of 0: they make +0 of −0
  if (step.skipMissing || (biasFirst && bias.some((number) => Object.is(number, -0)))) return undefined
  const found = piecesOf(source, step, bench)
  if (!found.some(({ categories }) => categories)) return undefined
  const type = source.type as 'f32' | 'f64'
  const { arena } = bench
  const records = found.flatMap(({ column, slot, categories }) => {
    if (categories) return [0, 0, 0, tableOf(categories, weights.subarray(column * outputs), { outputs, type }, bench), categories.places.length]
    return [0, 0, slot.width, bench.constants(type, weights.slice(column * outputs, (column + slot.width) * outputs)), 0]
  })
  const at = arena.place(Uint32Array.from(records))
  const start = bench.constants(type, biasFirst ? bias : new Float64Array(outputs))
  const last = biasFirst ? 0 : bench.constants(type, bias)
  const kernel = bench.kernels[`pieces_${type}`]
  const result = bench.slot(type, outputs)
  retire(source, found, bench)
  const run = (rows: number): void => {
    for (let k = 0; k < found.length; k++) {
      const { slot, categories } = found[k] as Piece
      categories?.find(rows)
      const from = categories?.source ?? slot
      const place = (at + k * PIECE_BYTES) >>> 2
      arena.i32[place] = placeOf(from)
      arena.i32[place + 1] = stepOf(from)
    }
    kernel(rows, outputs, at, found.length, start, last, result.at)
  }
  return { result, run }
}

/** What stands side by side in a value, as far as nobody else reads the whole. */
function piecesOf(slot: Slot, step: Affine, bench: Workbench, column = 0): Piece[] {
  const parts = bench.movable.has(slot) ? bench.parts.get(slot) : undefined
  if (parts) {
    let next = column
    return parts.flatMap((part) => {
      const from = next
      next += part.width
      return piecesOf(part, step, bench, from)
    })
  }
  const categories = bench.categories.get(slot)
  const own = step.weights.subarray(column * step.outputs, (column + slot.width) * step.outputs)
  const isExact = categories !== undefined && own.every(isWeight(slot)) && categories.places.length * step.outputs <= MOST_WEIGHTS
  return [{ column, slot, categories: isExact ? categories : undefined }]
}

/** Whether 0 times a weight is 0. */
function isWeight({ type }: Slot): (weight: number) => boolean {
  return type === 'f32' ? (weight) => Number.isFinite(Math.fround(weight)) : Number.isFinite
}

/** The weights of every place's category, and behind them zeros. */
function tableOf({ places }: Categories, weights: Float64Array, { outputs, type }: { outputs: number; type: 'f32' | 'f64' }, bench: Workbench): number {
  const table = new Float64Array((places.length + 1) * outputs)
  places.forEach((category, place) => {
    if (category >= 0) for (let o = 0; o < outputs; o++) table[place * outputs + o] = weights[category * outputs + o]!
  })
  return bench.constants(type, table)
}

/** Values side by side that are read where they were made have a room of their own; what is not read at all needs none, nor any work. */
function retire(slot: Slot, pieces: readonly Piece[], bench: Workbench): void {
  const parts = bench.movable.has(slot) ? bench.parts.get(slot) : undefined
  if (parts) {
    bench.idle.add(slot)
    for (const part of parts) {
      delete part.within
      retire(part, pieces, bench)
    }
  } else if (bench.movable.has(slot) && pieces.some((piece) => piece.slot === slot && piece.categories)) bench.idle.add(slot)
}
