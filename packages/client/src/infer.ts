import { writeJson } from '@fairlead/contract'
import type { Answered, Call, RequestOptions } from './call.ts'
import type { Datatype } from './datatypes.ts'
import { answerInvalid, madeUp, PredictionError } from './error.ts'
import { objectOf } from './json.ts'
import { bodyOf, decodeOutputs, encodeInputs, type InputTensor, type OutputTensor } from './tensors.ts'

/** A request of the Open Inference Protocol. */
export interface InferRequest<I = Record<string, Datatype>> {
  id?: string | undefined
  inputs: readonly { [K in keyof I & string]: InputTensor & { name: K; datatype: I[K] } }[keyof I & string][]
  /** The wanted outputs; all when not given. */
  outputs?: readonly { name: string; parameters?: Record<string, unknown> | undefined }[] | undefined
  parameters?: Record<string, unknown> | undefined
}

/** An answer of the Open Inference Protocol. */
export interface InferResponse<O = Record<string, Datatype>> {
  model_name: string
  model_version?: string
  id?: string
  parameters?: Record<string, unknown>
  outputs: OutputTensor[]
  /** The same outputs by their names. */
  tensors: { [K in keyof O]: OutputTensor<O[K] & Datatype> }
}

export interface InferOptions extends RequestOptions {
  /** Whether tensors travel in binary form (default) or as JSON, for servers without that extension. */
  binary?: boolean | undefined
  /** What BYTES of the answer are: text (default), or the bytes as they came. */
  bytes?: 'text' | 'raw' | undefined
}

const LENGTH = 'inference-header-content-length'

/** Body and headers of a request. Throws `PredictionError` naming the input that cannot be sent. */
function encode(request: InferRequest, binary: boolean): { body: string | Uint8Array<ArrayBuffer>; headers: Record<string, string> } {
  const { id, outputs, parameters } = request
  let encoded: ReturnType<typeof encodeInputs>
  try {
    encoded = encodeInputs(request.inputs, binary)
  } catch (cause) {
    throw new PredictionError(madeUp(400, (cause as Error).message), { cause })
  }
  const { inputs, pieces } = encoded
  if (!binary) return { body: writeJson({ id, inputs, outputs, parameters }), headers: { 'content-type': 'application/json' } }
  // some servers answer the outputs that are asked for by name as JSON unless each says otherwise
  const wanted = outputs?.map((one) => ({ ...one, parameters: { binary_data: true, ...one.parameters } }))
  const { body, headLength } = bodyOf(writeJson({ id, inputs, outputs: wanted, parameters: { binary_data_output: true, ...parameters } }), pieces)
  return { body, headers: { 'content-type': 'application/octet-stream', [LENGTH]: String(headLength) } }
}

function decode({ url, headers, bytes }: Answered, raw: boolean): InferResponse {
  const said = headers.get(LENGTH)
  const length = said === null ? bytes.byteLength : Number(said)
  if (!(Number.isInteger(length) && length >= 0 && length <= bytes.byteLength))
    throw new PredictionError(answerInvalid(url, `its JSON has ${said} bytes by Inference-Header-Content-Length, and the whole has ${bytes.byteLength}`))
  const answer = objectOf(url, bytes.subarray(0, length))
  try {
    const outputs = decodeOutputs(answer.outputs, bytes.subarray(length), raw)
    return { ...(answer as unknown as InferResponse), outputs, tensors: Object.fromEntries(outputs.map((one) => [one.name, one])) }
  } catch (cause) {
    throw new PredictionError(answerInvalid(url, (cause as Error).message), { cause })
  }
}

/** Asks by tensors; the answer's are typed arrays, whichever way they came. */
export async function inferTensors(call: Call, deployment: string, request: InferRequest, own: InferOptions): Promise<InferResponse> {
  const version = own.release === undefined ? '' : `/versions/${own.release}`
  const path = `/v2/models/${encodeURIComponent(deployment)}${version}/infer`
  return decode(await call({ path, ...encode(request, own.binary ?? true) }, own), own.bytes === 'raw')
}
