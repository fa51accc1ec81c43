import { type PredictRequest, type PredictResponse, writeJson } from '@fairlead/contract'
import { type Call, type ClientOptions, createCall, type RequestOptions } from './call.ts'
import { answerInvalid, PredictionError } from './error.ts'
import { objectOf } from './json.ts'
import type { AnyDeployments, NameOf, PredictionOf, RowOf } from './types.ts'

/** What can be asked: a row, rows, or the whole request with `ids`, `key` and `parameters`. */
export type RowsAsked<R> = R | readonly R[] | PredictRequest<R>

/** Asks for predictions by rows. Its methods throw `PredictionError`. */
export interface Predictor<D = AnyDeployments> {
  /** Predictions for rows by column name. Numbers beyond 2^53 go as `bigint` and come back as such. */
  predict<N extends NameOf<D>>(deployment: N, request: RowsAsked<RowOf<D, N>>, options?: RequestOptions): Promise<PredictResponse<PredictionOf<D, N>>>
}

function bodyOf(request: RowsAsked<object>): PredictRequest<object> {
  if (Array.isArray(request)) return { rows: request }
  return Array.isArray((request as PredictRequest).rows) ? (request as PredictRequest) : { rows: [request] }
}

/** Asks for the predictions of rows, and makes sure that there is one for each. */
export async function predictRows(call: Call, deployment: string, request: RowsAsked<object>, own: RequestOptions): Promise<PredictResponse> {
  const body = bodyOf(request)
  const release = own.release === undefined ? '' : `/releases/${own.release}`
  const path = `/v1/deployments/${encodeURIComponent(deployment)}${release}/predict`
  const { url, bytes } = await call({ path, body: writeJson(body), headers: { 'content-type': 'application/json' } }, own)
  const answer = objectOf(url, bytes)
  const count = Array.isArray(answer.predictions) ? answer.predictions.length : 'no'
  if (count === body.rows.length) return answer as unknown as PredictResponse
  throw new PredictionError(answerInvalid(url, `it has ${count} predictions for ${body.rows.length} rows`))
}

/** The smallest client of the serve port: rows only. */
export function createPredictor<D = AnyDeployments>(options: ClientOptions): Predictor<D> {
  const call = createCall(options)
  return { predict: (deployment, request, own = {}) => predictRows(call, deployment, request, own) as Promise<never> }
}
