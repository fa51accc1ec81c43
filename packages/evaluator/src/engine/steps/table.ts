import type { Step } from '../../form/steps.ts'
import { CannotRun } from '../cannot-run.ts'
import { trees } from '../trees/step.ts'
import type { Made, Maker, Workbench } from '../workbench.ts'
import { link } from './link.ts'
import { argmax, choose } from './pick.ts'

/** Who makes a step ready, by its `op`. */
const MAKERS: { readonly [Op in Step['op']]?: Maker<Extract<Step, { op: Op }>> } = {
  argmax,
  choose,
  link,
  trees,
}

/** Makes a step ready. @throws CannotRun for a step that the engine does not know */
export function make(step: Step, bench: Workbench): Made {
  const maker = MAKERS[step.op] as Maker<Step> | undefined
  if (!maker) throw new CannotRun(`the step ${step.op} is not known to the engine`)
  return maker(step, bench)
}
