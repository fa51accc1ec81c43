import { OIP_TYPES, type TensorSpec } from '@fairlead/contract'
import type { Inference, InferenceAnswer, InferenceRequest, PredictionReply, ReleasePlan } from '../../domain/inference/index.ts'
import { isRequestId } from '../../kernel/request-id.ts'
import { oipPlatform } from '../oip-platform.ts'
import { deadlineOf, priorityHeader } from './deadline.ts'
import { failExchange } from './fail-exchange.ts'
import { type InferAnswer, ownMemory, renderAnswer, sendAnswer } from './oip-answer.ts'
import { type InferRequest, readInferRequest } from './oip-request.ts'
import type { PredictCall } from './predict-call.ts'
import { checkRowCount } from './predict-rows.ts'

/** Answers `POST /v2/models/{m}[/versions/{v}]/infer`, its body being read. Throws the error to answer, unless it comes later. */
export function inferTensors(call: PredictCall, body: Buffer): undefined {
  const { options, exchange, deployment, release, caller } = call
  const { inference } = options
  const { receivedAt, headers, head } = exchange
  let request: InferenceRequest
  let serving: ReleasePlan
  let asked: InferRequest
  try {
    serving = inference.resolve(deployment, release)
    asked = readInferRequest(body, headers['inference-header-content-length'], serving)
    const { inputs, rows } = serving.tensors.toModel(asked.inputs)
    checkRowCount(rows, serving)
    request = {
      id: exchange.predictionId,
      requestId: isRequestId(asked.id) ? asked.id : head.sentId,
      deployment,
      release,
      rows,
      inputs,
      ids: undefined,
      key: undefined,
      explain: undefined,
      deadline: deadlineOf(serving.release.settings.deadlineMs, headers['x-request-timeout'], asked.timeoutMs),
      priority: asked.priority ?? priorityHeader(headers['x-request-priority']),
      caller,
      traceId: head.traceId,
      interface: 'oip',
      receivedAt,
      parsedAt: performance.now(),
    }
  } catch (error) {
    inference.failed(deployment, error, { release, rows: 0, receivedAt })
    throw error
  }
  inference.answer(request, serving, new TensorsReply(call, asked, { request, version: serving.release.number }))
}

/** Writes outputs as they were asked for. */
class TensorsReply implements PredictionReply {
  readonly #call: PredictCall
  readonly #asked: InferRequest
  readonly #run: { request: InferenceRequest; version: number }
  #rendered: InferAnswer | undefined
  #memory: ArrayBufferLike[] = []

  constructor(call: PredictCall, asked: InferRequest, run: { request: InferenceRequest; version: number }) {
    this.#call = call
    this.#asked = asked
    this.#run = run
  }

  render({ outputs }: InferenceAnswer): void {
    const { wanted, nonFinite, id } = this.#asked
    const own = id === undefined
    const { request, version } = this.#run
    this.#rendered = renderAnswer({ model: request.deployment, version, id: id ?? request.id, own }, outputs, { wanted, nonFinite })
    this.#memory = ownMemory(request.inputs, outputs)
  }

  done(): void {
    const { exchange, options } = this.#call
    try {
      sendAnswer(exchange, this.#rendered!, this.#memory)
    } catch (error) {
      failExchange(exchange, error, options)
    }
  }

  failed(error: unknown): void {
    const { exchange, options } = this.#call
    failExchange(exchange, error, options)
  }
}

function tensorMetadata({ name, type, shape }: TensorSpec) {
  return { name, datatype: OIP_TYPES[type], shape }
}

/** `GET /v2/models/{m}[/versions/{v}]`. */
export function modelMetadata(inference: Inference, serving: ReleasePlan) {
  const { deployment, model } = serving.release
  const { releases, current } = inference.describe(deployment)
  const ready = releases.filter(({ state, number }) => state === 'ready' || number === current)
  return {
    name: deployment,
    versions: ready.map((release) => String(release.number)),
    platform: oipPlatform(serving.release),
    inputs: serving.tensors.inputs.map(tensorMetadata),
    outputs: serving.tensors.outputs.map(tensorMetadata),
    properties: { model: model.name, model_version: String(model.version), digest: model.digest },
  }
}
