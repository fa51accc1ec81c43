import { FairleadError } from '@fairlead/contract'

/** Members of an object in JSON. */
export type Members = Record<string, unknown>

function invalid(detail: string): FairleadError {
  return new FairleadError('request-invalid', detail)
}

/** Parameters of a request or of one of its tensors. What changes the meaning of a tensor must be honoured or refused. */
export function parametersOf(value: unknown, place: string): Members {
  if (value === undefined || value === null) return {}
  if (typeof value !== 'object' || Array.isArray(value)) throw invalid(`${place}${place === '' ? '' : '.'}"parameters" must be an object`)
  for (const name of Object.keys(value)) {
    if (name.startsWith('shared_memory')) throw new FairleadError('not-supported', `${place}: tensors in shared memory are not supported`)
    if (name === 'classification') throw new FairleadError('not-supported', `${place}: the classification extension is not supported`)
  }
  return value as Members
}

/** A parameter that is true or false, `undefined` where it is absent. Throws `request-invalid` for anything else. */
export function flag(parameters: Members, name: string, place: string): boolean | undefined {
  const value = parameters[name]
  if (value === undefined || typeof value === 'boolean') return value
  throw invalid(`${place}${place === '' ? '' : '.'}the parameter "${name}" must be true or false`)
}
