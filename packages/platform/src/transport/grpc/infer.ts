import { FairleadError } from '@fairlead/contract'
import { type InferenceRequest, type ReleasePlan, readPriority, type Tensor, type Tensors } from '../../domain/inference/index.ts'
import { ByName } from '../../kernel/by-name.ts'
import { isRequestId } from '../../kernel/request-id.ts'
import { checkRoom } from '../tensor-bytes.ts'
import type { Call } from './call.ts'
import { writeInferAnswer } from './infer-answer.ts'
import { type InferMessage, type Parameters, readInferMessage } from './infer-message.ts'
import { releaseNumber } from './release-number.ts'
import { checkRawCount, readHead, readValues } from './tensors.ts'

/** Longest id of a request that is given back. */
const MAX_ID = 1000

/** What is of one request alone, where a call has several. */
interface OneRequest {
  /** Name of the prediction, never the same twice. */
  predictionId: string
  /** When it was seen, in `performance.now()` milliseconds. */
  receivedAt: number
}

/** Answers `ModelInfer` behind its prefix. Rejects with the error to answer. */
export async function modelInfer(call: Call, bytes: Buffer, { predictionId, receivedAt }: OneRequest = call): Promise<Buffer> {
  const { inference } = call.world.options
  const message = readInferMessage(bytes)
  if (message.id.length > MAX_ID) throw new FairleadError('request-invalid', `"id" must be text of at most ${MAX_ID} characters`)
  const deployment = message.model
  const release = releaseNumber(deployment, message.version)
  let caller = call.access(deployment, release)
  let serving: ReleasePlan
  let request: InferenceRequest
  let wanted: string[]
  try {
    if (call.deadline !== undefined && call.deadline <= Date.now()) {
      throw new FairleadError('deadline-exceeded', 'the deadline of the call passed before its message was here')
    }
    serving = inference.resolve(deployment, release)
    caller = call.limit(caller, serving.release)
    wanted = wantedOutputs(message, serving)
    const { inputs, rows } = serving.tensors.toModel(readInputs(message, serving))
    const { maxRows, deadlineMs } = serving.release.settings
    if (rows > maxRows) throw new FairleadError('rows-too-many', `${rows} rows in one request, at most ${maxRows} are taken`)
    request = {
      id: predictionId,
      requestId: isRequestId(message.id) ? message.id : call.sentId,
      deployment,
      release,
      rows,
      inputs,
      ids: undefined,
      key: undefined,
      deadline: Math.min(Date.now() + deadlineMs, call.deadline ?? Number.POSITIVE_INFINITY, timeoutOf(message.parameters)),
      priority: priorityOf(message.parameters),
      isAbandoned: () => call.isGone,
      caller,
      traceId: call.traceId,
      interface: 'grpc',
      receivedAt,
      parsedAt: performance.now(),
    }
  } catch (error) {
    inference.failed(deployment, error, { release, rows: 0, receivedAt })
    throw error
  }
  let framed: Buffer | undefined
  await inference.predict(request, serving, ({ outputs }) => {
    framed = writeInferAnswer({
      model: deployment,
      version: String(serving.release.number),
      id: message.id === '' ? request.id : message.id,
      outputs: chosen(outputs, wanted),
    })
  })
  return framed!
}

function chosen(outputs: Tensors, wanted: readonly string[]): { name: string; tensor: Tensor }[] {
  const found: { name: string; tensor: Tensor }[] = []
  for (const name of wanted) if (outputs[name]) found.push({ name, tensor: outputs[name] })
  return found
}

/** When a request with Triton's parameter `timeout`, microseconds, is worthless; 0 means none. Throws `request-invalid`. */
function timeoutOf(parameters: Parameters): number {
  const micros = parameters.get('timeout')
  if (micros === undefined || micros === 0n) return Number.POSITIVE_INFINITY
  if (typeof micros !== 'bigint' || micros < 0n) throw new FairleadError('request-invalid', 'the parameter "timeout" must be microseconds')
  return Date.now() + Math.floor(Number(micros) / 1000)
}

/** Triton's parameter `priority`. */
function priorityOf(parameters: Parameters): number | undefined {
  const priority = parameters.get('priority')
  return priority === undefined ? undefined : readPriority(priority, 'parameters.priority')
}

/** What changes the meaning of a tensor must be honoured or refused. */
function checkParameters(parameters: Parameters, what: string): void {
  for (const name of parameters.keys()) {
    if (name.startsWith('shared_memory')) throw new FairleadError('not-supported', `${what}: tensors in shared memory are not supported`)
    if (name === 'classification') throw new FairleadError('not-supported', `${what}: the classification extension is not supported`)
  }
}

function wantedOutputs({ outputs }: InferMessage, serving: ReleasePlan): string[] {
  const all = serving.tensors.outputs.map((spec) => spec.name)
  if (outputs.length === 0) return all
  const seen = new Set<string>()
  for (const { name, parameters } of outputs) {
    if (!all.includes(name)) throw new FairleadError('tensor-unknown', `there is no output "${name.slice(0, 200)}"; the outputs are ${all.join(', ')}`)
    if (seen.has(name)) throw new FairleadError('request-invalid', `output "${name}" already exists in request`)
    checkParameters(parameters, `output "${name}"`)
    seen.add(name)
  }
  return [...seen]
}

function readInputs(message: InferMessage, serving: ReleasePlan): Tensors {
  checkRawCount(message)
  const tensors: Tensors = new ByName()
  for (let i = 0; i < message.inputs.length; i++) {
    const input = message.inputs[i]!
    const head = readHead(input, i)
    if (Object.hasOwn(tensors, input.name)) throw new FairleadError('request-invalid', `inputs[${i}]: the input "${input.name}" is there twice`)
    checkParameters(input.parameters, `input "${input.name}"`)
    checkRoom(input.name, head.size, serving)
    tensors[input.name] = readValues(message, i, head)
  }
  return tensors
}
