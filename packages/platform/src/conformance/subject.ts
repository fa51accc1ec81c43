import type { Tensor, TensorSpec } from './tensors.ts'

/** The server and the model that the cases are asked of, as discovery found them. */
export interface Subject {
  /** What the server says of itself; empty where it did not. */
  server: { name: string; version: string; extensions: string[] }
  model: string
  /** A version of the model, where its metadata list any. */
  version: string | undefined
  inputs: TensorSpec[]
  outputs: TensorSpec[]
  /** Valid inputs, made from the metadata or given; empty when none could be made. */
  sample: Tensor[]
  /** Why no inference can be tried: no sample could be made, or the model refused it. */
  noSample: string | undefined
  /** What the model answers to the sample; `undefined` when it did not. */
  reference: Tensor[] | undefined
  /** Whether the same request was answered the same way twice. */
  deterministic: boolean
  /** Inputs that come back unchanged under an output's name: values can be followed through the server. */
  echoes: { input: TensorSpec; output: string }[]
  /** Whether the model may be unloaded and loaded. */
  mayUnload: boolean
}

/** A name that no model has. */
export const NO_MODEL = 'fairlead-conformance-no-such-model'

/** An input of one of these datatypes that comes back, or `undefined`. */
export function echoOf({ echoes }: Subject, datatypes: readonly string[]): Subject['echoes'][number] | undefined {
  return echoes.find(({ input }) => datatypes.includes(input.datatype))
}

/** Whether the server's metadata offer an extension under one of these names. Triton adds details in parentheses. */
export function offers({ server }: Subject, names: readonly string[]): boolean {
  return server.extensions.some((extension) => names.includes(extension.replace(/\(.*$/, '')))
}
