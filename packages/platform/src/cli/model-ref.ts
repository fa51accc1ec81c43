import type { Control } from '@fairlead/client'
import { FairleadError, NAME_PATTERN, parseModelRef } from '@fairlead/contract'
import type { ModelVersion } from '@fairlead/contract/control'

/** The version that a reference names. Throws `reference-invalid` without asking when it has a wrong form. */
export async function resolveRef(control: Control, ref: string): Promise<ModelVersion> {
  if (!parseModelRef(ref)) throw new FairleadError('reference-invalid', `"${ref}" is not a model reference.`)
  return control.call('resolveModel', { query: { ref } })
}

/** Throws `name-invalid` where a model's or deployment's name has a wrong form. */
export function checkName(name: string, what: 'model' | 'deployment'): string {
  if (!NAME_PATTERN.test(name)) throw new FairleadError('name-invalid', `"${name}" cannot be the name of a ${what}.`)
  return name
}
