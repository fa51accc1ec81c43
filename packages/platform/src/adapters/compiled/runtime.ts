import { FairleadError } from '@fairlead/contract'
import { compile } from '@fairlead/evaluator'
import type { Artifact, Runtime, Session } from '../../domain/inference/index.ts'
import { FORM_FORMAT, unpackForm } from '../../model/compiled/packed.ts'
import { CompiledSession } from './session.ts'

/** Trees and linear models in the WebAssembly of `@fairlead/evaluator`, whatever file they came from. Runs on the calling thread. */
export function compiledRuntime(): Runtime {
  return { name: 'compiled', takes: (format) => format === FORM_FORMAT, open }
}

async function open({ bytes, signature }: Artifact): Promise<Session> {
  try {
    const form = unpackForm(bytes)
    const wanted = signature.outputs.map(({ name }) => name)
    return new CompiledSession(compile(form, { outputs: wanted }))
  } catch (cause) {
    throw new FairleadError('load-failed', `the model cannot be compiled: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}
