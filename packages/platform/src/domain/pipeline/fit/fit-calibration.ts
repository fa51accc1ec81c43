import type { StepOptions } from '@fairlead/contract/control'
import { fitBeta, fitIsotonic, fitPlatt } from './calibrators.ts'

type Calibrating = StepOptions<'calibrate'>

/** Probabilities of a class, and whether it was so: 1 or 0. */
export interface CalibrationData {
  p: Float64Array
  truth: Uint8Array
  /** Digest of the data. */
  digest: string
}

/** Whether a calibration has its parameters. */
export function isFitted(options: Calibrating): boolean {
  if (options.as === 'isotonic') return options.x !== undefined && options.y !== undefined
  return options.a !== undefined && options.b !== undefined && (options.as === 'platt' || options.c !== undefined)
}

/** The calibration with parameters learnt from data. */
export function fitCalibration(options: Calibrating, { p, truth, digest: fitted }: CalibrationData): Calibrating {
  if (options.as === 'platt') return { ...options, ...fitPlatt(p, truth), fitted }
  return options.as === 'beta' ? { ...options, ...fitBeta(p, truth), fitted } : { ...options, ...fitIsotonic(p, truth), fitted }
}
