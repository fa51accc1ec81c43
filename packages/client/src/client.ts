import { type ClientOptions, createCall, type RequestOptions } from './call.ts'
import { type Metadata, metadata, ready } from './health.ts'
import { type InferOptions, type InferRequest, type InferResponse, inferTensors } from './infer.ts'
import { type ManyOptions, predictMany, type RowSource, type Scored } from './many.ts'
import { type Predictor, predictRows } from './rows.ts'
import type { AnyDeployments, InputsOf, NameOf, OutputsOf, PredictionOf, RowOf } from './types.ts'

/** Asks deployments for predictions. All methods throw `PredictionError`, or the reason given to an abort. */
export interface Client<D = AnyDeployments> extends Predictor<D> {
  /** Predictions for any number of rows, in batches, with bounded memory. An error counts rows over the whole input. */
  predictMany<N extends NameOf<D>, R extends RowOf<D, N>>(
    deployment: N,
    rows: RowSource<R>,
    options?: ManyOptions,
  ): AsyncGenerator<Scored<R, PredictionOf<D, N>>, void, undefined>
  /** Predictions for tensors, by the Open Inference Protocol. */
  infer<N extends NameOf<D>>(deployment: N, request: InferRequest<InputsOf<D, N>>, options?: InferOptions): Promise<InferResponse<OutputsOf<D, N>>>
  /** Whether the platform, or one deployment, would answer now. */
  ready(deployment?: NameOf<D>, options?: RequestOptions): Promise<boolean>
  /** Tensors and releases of a deployment. */
  metadata(deployment: NameOf<D>, options?: RequestOptions): Promise<Metadata>
}

/** A client of the serve port. `D` are the deployments that are known at compile time, as `fairlead types` writes them. */
export function createClient<D = AnyDeployments>(options: ClientOptions): Client<D> {
  const call = createCall(options)
  return {
    predict: (deployment, request, own = {}) => predictRows(call, deployment, request, own) as Promise<never>,
    predictMany: (deployment, rows, own = {}) => predictMany((batch, asked) => predictRows(call, deployment, { rows: batch }, asked), rows, own) as never,
    infer: (deployment, request, own = {}) => inferTensors(call, deployment, request as unknown as InferRequest, own) as Promise<never>,
    ready: (deployment, own = {}) => ready(call, deployment, own),
    metadata: (deployment, own = {}) => metadata(call, deployment, own),
  }
}
