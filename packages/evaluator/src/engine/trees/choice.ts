import type { Trees } from '../../form/trees.ts'
import type { Workbench } from '../workbench.ts'
import { abreast, isRanked, ROWS } from './abreast.ts'
import { lists } from './lists.ts'
import type { Part } from './part.ts'
import { type Shape, shapeOf } from './shape.ts'
import { walker } from './walk.ts'

/** Fewer trees than this in a row are not worth tiles of their own. */
const FEW_TREES = 4

interface Run {
  readonly from: number
  to: number
  /** Set where every tree can be worked out abreast. */
  readonly shapes: Shape[] | undefined
}

/** An ensemble by the fastest kernels that take it: its trees stay in order, neighbours of one kind go together. `start` is what sums start with. */
export function partOf(trees: Trees, bench: Workbench, start: number): Part {
  if (trees.aggregate !== 'sum' || trees.linear) return walker(trees, bench, start)
  const parts = runsOf(trees).flatMap((run, at) => partsOf(trees, { ...run, start: at === 0 ? start : 0 }, bench))
  if (parts.length === 1) return parts[0] as Part
  const run: Part['run'] = (rows, source, sums) => {
    for (let at = 0; at < parts.length; at++) (parts[at] as Part).run(rows, source, sums)
  }
  return { run, cost: parts.reduce((sum, { cost }) => sum + cost, 0) }
}

/** Neighbouring trees of one kind. */
function runsOf(trees: Trees): Run[] {
  const runs: Run[] = []
  for (let tree = 0; tree < trees.roots.length; tree++) {
    const shape = shapeOf(trees, trees.roots[tree]!)
    const flat = shape && isRanked(trees, shape) ? shape : undefined
    const last = runs.at(-1)
    if (last && (last.shapes !== undefined) === (flat !== undefined)) {
      if (flat) last.shapes?.push(flat)
      last.to = tree + 1
    } else runs.push({ from: tree, to: tree + 1, shapes: flat ? [flat] : undefined })
  }
  const longs = runs.filter(({ shapes }) => shapes && shapes.length >= FEW_TREES)
  if (runs.length === 1 || (longs.length > 0 && runs.length <= 16)) return runs
  return [{ from: 0, to: trees.roots.length, shapes: undefined }]
}

/** A run and what its sums start with; 0 where they lie there already. */
type Started = Run & { readonly start: number }

/** A run as one part, or as halves where its columns are too many for one. */
function partsOf(trees: Trees, run: Started, bench: Workbench): Part[] {
  if (!run.shapes) return [lists(trees, run, bench)]
  const many = abreast(trees, { ...run, shapes: run.shapes }, bench)
  if (many) return [either(lists(trees, run, bench), many, trees)]
  if (run.to - run.from < 2 * FEW_TREES) return [lists(trees, run, bench)]
  const middle = (run.from + run.to) >>> 1
  const halves = [
    { from: run.from, to: middle, start: run.start, shapes: run.shapes.slice(0, middle - run.from) },
    { from: middle, to: run.to, start: 0, shapes: run.shapes.slice(middle - run.from) },
  ]
  return halves.flatMap((half) => partsOf(trees, half, bench))
}

/** Whole tiles abreast, and what is left of them too where it is more than a few rows. */
function either(few: Part, many: Part, trees: Trees): Part {
  const least = Math.ceil(many.cost / few.cost)
  if (least > ROWS) return few
  const stride = trees.features * (trees.compare === 'f32' ? 4 : 8)
  const width = trees.outputs * (trees.sum === 'f32' ? 4 : 8)
  const run: Part['run'] = (rows, source, sums) => {
    const rest = rows % ROWS
    const tiled = rest < least ? rows - rest : rows
    if (tiled > 0) many.run(tiled, source, sums)
    if (tiled < rows) few.run(rest, source + tiled * stride, sums + tiled * width)
  }
  return { run, cost: few.cost }
}
