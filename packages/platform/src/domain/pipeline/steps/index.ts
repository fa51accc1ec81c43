import type { PipelineStep } from '@fairlead/contract/control'
import type { Scope } from '../scope.ts'
import { compileBin } from './bin.ts'
import { compileCalibrate } from './calibrate.ts'
import { compileCast } from './cast.ts'
import { compileClip } from './clip.ts'
import { compileDecide } from './decide.ts'
import { compileDefault } from './default.ts'
import { compileDerive } from './derive.ts'
import { compileEncode } from './encode.ts'
import { compileImpute } from './impute.ts'
import { compileInputs } from './inputs.ts'
import { compileLookup } from './lookup.ts'
import { compileRename } from './rename.ts'
import { compileScale } from './scale.ts'
import { compileSelect } from './select.ts'

/** Compiles one step that is no model. Throws `pipeline-invalid`. */
export function compileStep(step: Exclude<PipelineStep, { model: unknown }>, scope: Scope): void {
  if ('inputs' in step) compileInputs(step.inputs, scope)
  else if ('rename' in step) compileRename(step.rename, scope)
  else if ('select' in step) compileSelect(step.select, scope)
  else if ('cast' in step) compileCast(step.cast, scope)
  else if ('default' in step) compileDefault(step.default, scope)
  else if ('impute' in step) compileImpute(step.impute, scope)
  else if ('derive' in step) compileDerive(step.derive, scope)
  else if ('encode' in step) compileEncode(step.encode, scope)
  else if ('scale' in step) compileScale(step.scale, scope)
  else if ('clip' in step) compileClip(step.clip, scope)
  else if ('bin' in step) compileBin(step.bin, scope)
  else if ('lookup' in step) compileLookup(step.lookup, scope)
  else if ('calibrate' in step) compileCalibrate(step.calibrate, scope)
  else compileDecide(step.decide, scope)
}
