import type { Row } from './signature.ts'

/** Body of `POST /v1/deployments/{name}/predict`. */
export interface PredictRequest<R = Row> {
  rows: R[]
  /** Names of the rows for late labels; the same length as `rows`. */
  ids?: string[]
  /** Makes routing sticky. */
  key?: string
  parameters?: Record<string, string | number | boolean>
  /** Asks for an explanation of every row; at most 100 rows then. */
  explain?: boolean
}

/** One row's answer: fields by the signature's names. */
export type Prediction = Record<string, unknown>

/** Why a row got its answer: what each column adds to the model's margin, which is its sum before sigmoid, softmax or exponential. */
export interface Explanation {
  /** `path-dependent` or `interventional` SHAP values of trees, `linear` contributions. */
  method: string
  /** The rows that came with the model against which a value counts; absent where the model file says itself how its training rows went. */
  background?: { rows: number; from: 'golden rows' | 'example' }
  /** One, or one for each class or target. */
  outputs: ExplainedOutput[]
}

/** Bias and contributions add up to the margin. */
export interface ExplainedOutput {
  /** The class that the margin speaks for; absent where the model predicts a number. */
  of?: string
  margin: number
  bias: number
  /** By column of the row. */
  contributions: Record<string, number>
  /** Those that count most, in words: `duration = 48 raises it by 0.61`. */
  reasons: string[]
}

/** Answer of `POST /v1/deployments/{name}/predict`. */
export interface PredictResponse<P = Prediction> {
  id: string
  deployment: string
  release: number
  predictions: P[]
  /** One for each row, where the request asked for them. */
  explanations?: Explanation[]
}
