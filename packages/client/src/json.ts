import { parseExactJson } from '@fairlead/contract'
import { answerInvalid, PredictionError } from './error.ts'

/** Reads an answer that must be a JSON object. Throws `PredictionError` with `answer-invalid`. */
export function objectOf(url: string, bytes: Uint8Array): Record<string, unknown> {
  try {
    const value = parseExactJson(new TextDecoder().decode(bytes))
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  } catch (cause) {
    throw new PredictionError(answerInvalid(url, 'it is not JSON; is this the serve port?'), { cause })
  }
  throw new PredictionError(answerInvalid(url, 'it is no JSON object; is this the serve port?'))
}
