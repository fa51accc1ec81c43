import type { FairleadError } from '@fairlead/contract'

/** An error in MLflow's form. */
export interface ScoringFailure {
  status: number
  type: string
  body: string
}

const MODEL_FAILED =
  'Encountered an unexpected error while evaluating the model. Verify that the serialized input Dataframe is compatible with the model for inference.'

/** Names of MLflow for the statuses that its scoring server itself never gives. */
const CODES: Readonly<Record<number, string>> = {
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'RESOURCE_DOES_NOT_EXIST',
  429: 'REQUEST_LIMIT_EXCEEDED',
  500: 'INTERNAL_ERROR',
  501: 'NOT_IMPLEMENTED',
  503: 'TEMPORARILY_UNAVAILABLE',
  504: 'TEMPORARILY_UNAVAILABLE',
}

/**
 * An error as MLflow's scoring server answers it: text for content types, else `error_code` and `message`. A body that cannot
 * be read is 400 BAD_REQUEST, values that do not fit the signature are 400 INVALID_PARAMETER_VALUE, and so is the failure of
 * a model 400 BAD_REQUEST.
 */
export function scoringFailure(error: FairleadError): ScoringFailure {
  const { status, code, message } = error
  if (status === 415) return { status, type: 'text/plain; charset=utf-8', body: message }
  const json = (as: number, error_code: string, words: string) => ({
    status: as,
    type: 'application/json',
    body: JSON.stringify({ error_code, message: words }),
  })
  // MLflow lets a missing value through to the model, which fails on it
  if (code === 'model-run-failed' || code === 'value-missing') return json(400, 'BAD_REQUEST', `${MODEL_FAILED} ${message}`)
  if (status === 422) return json(400, 'INVALID_PARAMETER_VALUE', `Failed to predict data. \nError: Failed to enforce schema of data. Error: ${message}`)
  return json(status, CODES[status] ?? 'BAD_REQUEST', message)
}
