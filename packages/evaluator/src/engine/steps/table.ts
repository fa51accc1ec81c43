import type { Step } from '../../form/steps.ts'
import { CannotRun } from '../cannot-run.ts'
import { trees } from '../trees/step.ts'
import type { Made, Maker, Workbench } from '../workbench.ts'
import { cast, columns, concat, replace } from './columns.ts'
import { arithmetic, compare, unary, where } from './elementwise.ts'
import { lookup, onehot } from './find.ts'
import { link } from './link.ts'
import { argmax, choose } from './pick.ts'
import { affine, normalize, reduce, scale } from './rows.ts'

/** Who makes a step ready, by its `op`. */
const MAKERS: { readonly [Op in Step['op']]: Maker<Extract<Step, { op: Op }>> } = {
  affine,
  argmax,
  arithmetic,
  cast,
  choose,
  columns,
  compare,
  concat,
  link,
  lookup,
  normalize,
  onehot,
  reduce,
  replace,
  scale,
  trees,
  unary,
  where,
}

/** Makes a step ready. @throws CannotRun for a step that the engine does not know */
export function make(step: Step, bench: Workbench): Made {
  const maker = Object.hasOwn(MAKERS, step.op) ? (MAKERS[step.op] as Maker<Step>) : undefined
  if (!maker) throw new CannotRun(`the step ${step.op} is not known to the engine`)
  return maker(step, bench)
}
