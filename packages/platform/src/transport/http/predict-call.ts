import type { Caller } from '../../domain/inference/index.ts'
import type { Exchange } from './exchange.ts'
import type { ServeHttpOptions } from './options.ts'

/** A prediction that is asked for, and was let through. */
export interface PredictCall {
  options: Pick<ServeHttpOptions, 'inference' | 'onError'>
  exchange: Exchange
  deployment: string
  release: number | undefined
  caller: Caller
}

/** Answers a call, its body being read. What it throws or rejects with is the error to answer. */
export type AnswerCall = (call: PredictCall, body: Buffer) => Promise<void> | undefined

/** What a head says to a prediction, once it was let through. */
export interface PredictionHead {
  readonly release: number | undefined
  /** The secret that came with it. */
  readonly presented: string | undefined
  readonly answer: AnswerCall
}
