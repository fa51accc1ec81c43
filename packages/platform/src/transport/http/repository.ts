import { FairleadError } from '@fairlead/contract'
import type { ModelRepository } from '../../domain/inference/index.ts'
import { checkLoadParameters } from '../load-parameters.ts'
import { readJson } from './json.ts'
import type { Route } from './routes.ts'

/** Longest body of a call to the repository: what a model is made of does not come this way. */
export const REPOSITORY_BYTES = 1024 * 1024

function invalid(detail: string): FairleadError {
  return new FairleadError('request-invalid', detail)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The body, whatever its content type; nothing counts as an empty object. */
function bodyOf(bytes: Buffer): Record<string, unknown> {
  if (bytes.length === 0) return {}
  const value = readJson(bytes, { exact: false })
  if (!isObject(value)) throw invalid('the body must be a JSON object, or empty')
  return value
}

function parametersOf({ parameters }: Record<string, unknown>): Record<string, unknown> {
  if (parameters === undefined || parameters === null) return {}
  if (!isObject(parameters)) throw invalid('"parameters" must be an object')
  return parameters
}

/** Answers a call to the repository as JSON text; empty where there is nothing to say. Rejects with the error to answer. */
export async function answerRepository(repository: ModelRepository, { name, deployment = '' }: Route, bytes: Buffer): Promise<string> {
  const body = bodyOf(bytes)
  if (name === 'repository-index') {
    const { ready } = body
    if (ready !== undefined && ready !== null && typeof ready !== 'boolean') throw invalid('"ready" must be true or false')
    return JSON.stringify(repository.index({ ready: ready === true }))
  }
  const parameters = parametersOf(body)
  if (name === 'repository-load') {
    checkLoadParameters(Object.keys(parameters))
    await repository.load(deployment)
  } else {
    // Triton's models may be made of others; here none is, so that the wish to unload those, too, is fulfilled
    const stranger = Object.keys(parameters).find((key) => key !== 'unload_dependents')
    if (stranger !== undefined) throw invalid(`the parameter "${stranger.slice(0, 100)}" of an unload is not known`)
    await repository.unload(deployment)
  }
  return ''
}
