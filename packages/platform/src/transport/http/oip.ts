import { OIP_TYPES, type TensorSpec } from '@fairlead/contract'
import type { Inference, ReleasePlan } from '../../domain/inference/index.ts'
import { isRequestId } from '../../kernel/request-id.ts'
import { oipPlatform } from '../oip-platform.ts'
import { deadlineOf, priorityHeader } from './deadline.ts'
import { type InferAnswer, ownMemory, renderAnswer, sendAnswer } from './oip-answer.ts'
import { type InferRequest, readInferRequest } from './oip-request.ts'
import { checkRowCount, type PredictCall } from './predict-rows.ts'

/** Answers `POST /v2/models/{m}[/versions/{v}]/infer`, its body being read. Rejects with the error to answer. */
export async function inferTensors({ inference, exchange, deployment, release, caller }: PredictCall, body: Buffer): Promise<void> {
  const { receivedAt, headers } = exchange
  let request: Parameters<Inference['predict']>[0]
  let serving: ReleasePlan
  let asked: InferRequest
  try {
    serving = inference.resolve(deployment, release)
    asked = readInferRequest(body, headers['inference-header-content-length'], serving)
    const { inputs, rows } = serving.tensors.toModel(asked.inputs)
    checkRowCount(rows, serving)
    const deadline = deadlineOf({
      settingMs: serving.release.settings.deadlineMs,
      header: headers['x-request-timeout'],
      parameterMs: asked.timeoutMs,
    })
    request = {
      id: exchange.predictionId,
      requestId: isRequestId(asked.id) ? asked.id : exchange.sentId,
      deployment,
      release,
      rows,
      inputs,
      ids: undefined,
      key: undefined,
      deadline,
      priority: asked.priority ?? priorityHeader(headers['x-request-priority']),
      caller,
      traceId: exchange.traceId,
      interface: 'oip',
      receivedAt,
      parsedAt: performance.now(),
    }
  } catch (error) {
    inference.failed(deployment, error, { release, rows: 0, receivedAt })
    throw error
  }
  const { wanted, nonFinite, id = exchange.predictionId } = asked
  let rendered: InferAnswer | undefined
  let memory: ArrayBufferLike[] = []
  await inference.predict(request, serving, ({ outputs }) => {
    rendered = renderAnswer({ model: deployment, version: serving.release.number, id }, outputs, { wanted, nonFinite })
    memory = ownMemory(request.inputs, outputs)
  })
  sendAnswer(exchange, rendered!, memory)
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
