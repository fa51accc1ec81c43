import { FairleadError } from '@fairlead/contract'
import type { Artifact, Runtime } from './types.ts'

/** The runtime that opens an artefact: the first that takes its format. Throws `load-failed`. */
export function runtimeFor(runtimes: readonly Runtime[], { format }: Pick<Artifact, 'format'>): Runtime {
  const runtime = runtimes.find((one) => one.takes(format))
  if (!runtime) throw new FairleadError('load-failed', `no runtime of this platform opens a model as "${format}"`)
  return runtime
}
