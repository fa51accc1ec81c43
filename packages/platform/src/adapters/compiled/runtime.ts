import { FairleadError } from '@fairlead/contract'
import type { Artifact, Runtime, Session } from '../../domain/inference/index.ts'
import { FORM_FORMAT } from '../../model/compiled/form-format.ts'

/** Trees and linear models in the WebAssembly of `@fairlead/evaluator`, whatever file they came from. Runs on the calling thread. */
export function compiledRuntime(): Runtime {
  return { name: 'compiled', takes: (format) => format === FORM_FORMAT, open, explains: true }
}

async function open(artifact: Artifact): Promise<Session> {
  try {
    // loaded when the first such model comes: most of it is of no use to a process that has none
    const [{ compile, decodeForm }, { CompiledSession }] = await Promise.all([import('@fairlead/evaluator/run'), import('./session.ts')])
    const wanted = artifact.signature.outputs.map(({ name }) => name)
    return new CompiledSession(compile(decodeForm(artifact.bytes), { outputs: wanted }), artifact)
  } catch (cause) {
    throw new FairleadError('load-failed', `the model cannot be compiled: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}
