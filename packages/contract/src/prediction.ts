import type { Row } from './signature.ts'

/** Body of `POST /v1/deployments/{name}/predict`. */
export interface PredictRequest<R = Row> {
  rows: R[]
  /** Names of the rows for late labels; the same length as `rows`. */
  ids?: string[]
  /** Makes routing sticky. */
  key?: string
  parameters?: Record<string, string | number | boolean>
}

/** One row's answer: fields by the signature's names. */
export type Prediction = Record<string, unknown>

/** Answer of `POST /v1/deployments/{name}/predict`. */
export interface PredictResponse<P = Prediction> {
  id: string
  deployment: string
  release: number
  predictions: P[]
}
