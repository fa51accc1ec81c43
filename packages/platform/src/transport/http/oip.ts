import { FairleadError, OIP_TYPES, type TensorSpec } from '@fairlead/contract'
import type { Inference, ReleasePlan, Tensors } from '../../domain/inference/index.ts'
import { isRequestId } from '../../kernel/request-id.ts'
import { deadlineOf } from './deadline.ts'
import { readJson } from './json.ts'
import { knownTensors } from './known-forms/tensors.ts'
import { decodeInput, encodeOutput, type NonFiniteForm } from './oip-tensors.ts'
import { checkRowCount, type PredictCall } from './predict-rows.ts'

/** Longest id of a request that is given back. */
const MAX_ID = 1000

interface InferBody {
  id: string | undefined
  inputs: Tensors
  /** Names of the wanted outputs; `undefined` for all. */
  wanted: string[] | undefined
  parameters: Record<string, unknown>
}

function invalid(detail: string): FairleadError {
  return new FairleadError('request-invalid', detail)
}

function readBody(value: unknown): InferBody {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid('the body must be an object with "inputs"')
  const { id, inputs, outputs, parameters } = value as Record<string, unknown>
  if (id !== undefined && id !== null && typeof id !== 'string') throw invalid('"id" must be text')
  if (typeof id === 'string' && id.length > MAX_ID) throw invalid(`"id" must be text of at most ${MAX_ID} characters`)
  if (!Array.isArray(inputs)) throw invalid('"inputs" must be an array of tensors')
  if (outputs !== undefined && outputs !== null && !Array.isArray(outputs)) throw invalid('"outputs" must be an array')
  if (parameters !== undefined && parameters !== null && (typeof parameters !== 'object' || Array.isArray(parameters)))
    throw invalid('"parameters" must be an object')
  // names come from outside: on an ordinary object __proto__ is no key
  const tensors: Tensors = Object.create(null)
  for (let i = 0; i < inputs.length; i++) {
    const { name, tensor } = decodeInput(inputs[i], i)
    if (Object.hasOwn(tensors, name)) throw invalid(`inputs[${i}]: the input "${name}" is there twice`)
    tensors[name] = tensor
  }
  return {
    id: (id as string | null | undefined) ?? undefined,
    inputs: tensors,
    wanted: Array.isArray(outputs) && outputs.length > 0 ? outputs.map(wantedName) : undefined,
    parameters: (parameters as Record<string, unknown> | null | undefined) ?? {},
  }
}

function wantedName(value: unknown, index: number): string {
  const name = typeof value === 'object' && value !== null ? (value as Record<string, unknown>).name : undefined
  if (typeof name !== 'string') throw invalid(`outputs[${index}].name must be text`)
  return name
}

function chosenOutputs({ wanted }: InferBody, serving: ReleasePlan): string[] {
  const all = serving.tensors.outputs.map((spec) => spec.name)
  if (wanted === undefined) return all
  const seen = new Set<string>()
  for (const name of wanted) {
    if (!all.includes(name)) throw new FairleadError('tensor-unknown', `there is no output "${name}"; the outputs are ${all.join(', ')}`)
    if (seen.has(name)) throw invalid(`output "${name}" already exists in request`)
    seen.add(name)
  }
  return wanted
}

function nonFiniteForm(parameters: Record<string, unknown>): NonFiniteForm {
  const { nonfinite = 'null' } = parameters
  if (nonfinite !== 'null' && nonfinite !== 'strings' && nonfinite !== 'tokens') throw invalid('the parameter "nonfinite" must be null, strings or tokens')
  return nonfinite
}

/** Triton's `timeout` parameter: microseconds; 0 means none. */
function timeoutOf({ timeout }: Record<string, unknown>): number | undefined {
  if (timeout === undefined || timeout === 0) return undefined
  if (typeof timeout !== 'number' || !(timeout > 0)) throw invalid('the parameter "timeout" must be microseconds')
  return timeout / 1000
}

/** A body of the plainest form, read straight from its bytes. */
function plainBody(body: Buffer, serving: ReleasePlan): InferBody | undefined {
  const known = knownTensors(body, serving)
  return known && { ...known, wanted: undefined, parameters: {} }
}

/** Answers `POST /v2/models/{m}[/versions/{v}]/infer`, its body being read. Rejects with the error to answer. */
export async function inferTensors({ inference, exchange, deployment, release, caller }: PredictCall, body: Buffer): Promise<void> {
  const { receivedAt, headers } = exchange
  let request: Parameters<Inference['predict']>[0]
  let serving: ReleasePlan
  let outputs: string[]
  let form: NonFiniteForm
  let id: string
  try {
    serving = inference.resolve(deployment, release)
    checkBinary(headers['inference-header-content-length'], body.length)
    const parsed: InferBody = plainBody(body, serving) ?? readBody(readJson(body, { exact: true, nonFinite: true }))
    id = parsed.id ?? exchange.predictionId
    outputs = chosenOutputs(parsed, serving)
    form = nonFiniteForm(parsed.parameters)
    const { inputs, rows } = serving.tensors.toModel(parsed.inputs)
    checkRowCount(rows, serving)
    const deadline = deadlineOf({
      settingMs: serving.release.settings.deadlineMs,
      header: headers['x-request-timeout'],
      parameterMs: timeoutOf(parsed.parameters),
    })
    request = {
      id: exchange.predictionId,
      requestId: isRequestId(parsed.id) ? parsed.id : exchange.sentId,
      deployment,
      release,
      rows,
      inputs,
      ids: undefined,
      key: undefined,
      deadline,
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
  let text = ''
  await inference.predict(request, serving, (answer) => {
    const tensors = outputs.flatMap((name) => (answer.outputs[name] ? [encodeOutput(name, answer.outputs[name], form)] : []))
    text = `{"model_name":${JSON.stringify(deployment)},"model_version":"${serving.release.number}","id":${JSON.stringify(id)},"outputs":[${tensors.join(',')}]}`
  })
  exchange.json(200, text, ['X-Fairlead-Id', exchange.predictionId])
}

/** The length header may be there as long as the whole body is JSON. */
function checkBinary(header: string | string[] | undefined, length: number): void {
  if (header === undefined || Number(header) === length) return
  throw new FairleadError(
    'not-supported',
    'binary tensor data are not read over REST; send JSON without Inference-Header-Content-Length (tritonclient: binary_data=False in set_data_from_numpy and in InferRequestedOutput), or use gRPC',
  )
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
    platform: 'onnxruntime_onnx',
    inputs: serving.tensors.inputs.map(tensorMetadata),
    outputs: serving.tensors.outputs.map(tensorMetadata),
    properties: { model: model.name, model_version: String(model.version), digest: model.digest },
  }
}
