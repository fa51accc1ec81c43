import type { Prediction } from '@fairlead/contract'
import type { Datatype } from './datatypes.ts'

/** What is known of a deployment at compile time; `fairlead types` writes it. */
export interface DeploymentTypes {
  row: object
  prediction: object
  /** Datatypes of the tensors by their names. */
  inputs?: Record<string, Datatype>
  outputs?: Record<string, Datatype>
}

/** Deployments of which nothing is known at compile time. */
export type AnyDeployments = Record<string, { row: object; prediction: Prediction; inputs: Record<string, Datatype>; outputs: Record<string, Datatype> }>

/** Names of deployments. */
export type NameOf<D> = Extract<keyof D, string>
/** The row that a deployment takes, the prediction it answers, and its tensors. */
export type RowOf<D, N extends keyof D> = D[N] extends { row: infer R extends object } ? R : object
export type PredictionOf<D, N extends keyof D> = D[N] extends { prediction: infer P } ? P : Prediction
export type InputsOf<D, N extends keyof D> = D[N] extends { inputs: infer I } ? I : Record<string, Datatype>
export type OutputsOf<D, N extends keyof D> = D[N] extends { outputs: infer O } ? O : Record<string, Datatype>
