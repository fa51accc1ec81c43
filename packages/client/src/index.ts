export { type CallOptions, type Control, type ControlOptions, createControl, type FileBody } from './control.ts'
export { ControlError, PredictionError, RequestError } from './error.ts'
export { type Client, type ClientOptions, createClient, type InferRequest, type InferResponse, type OipTensor, type RequestOptions } from './predict.ts'
export type { Fetch } from './transport.ts'
