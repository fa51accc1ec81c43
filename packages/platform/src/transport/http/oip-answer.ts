import { OIP_TYPES } from '@fairlead/contract'
import type { Tensor } from '../../domain/inference/index.ts'
import { rawBytes } from '../tensor-bytes.ts'
import type { Exchange } from './exchange.ts'
import { JSON_LENGTH_HEADER } from './oip-binary.ts'
import { encodeOutput, type NonFiniteForm } from './oip-tensors.ts'

/** An output that was asked for, and how it travels. */
export interface WantedOutput {
  name: string
  binary: boolean
}

/** What an answer says beside its outputs. */
export interface AnswerHead {
  model: string
  version: number
  id: string
}

/** An answer, rendered: all of it text, or text of so many bytes as the first of several parts. */
export type InferAnswer = { text: string } | { parts: Uint8Array[]; jsonLength: number }

/** Clients lay typed arrays over the binary part, which must begin at a multiple of the largest number's size for that. */
const ALIGNMENT = 8

/** Renders an answer. Binary outputs are behind the JSON, which is filled up with spaces, in its order; numbers are where the model left them. */
export function renderAnswer(
  { model, version, id }: AnswerHead,
  outputs: Readonly<Record<string, Tensor>>,
  { wanted, nonFinite }: { wanted: readonly WantedOutput[]; nonFinite: NonFiniteForm },
): InferAnswer {
  const parts: Uint8Array[] = []
  let tensors = ''
  for (const { name, binary } of wanted) {
    const tensor = outputs[name]
    if (!tensor) continue
    if (tensors !== '') tensors += ','
    if (!binary) tensors += encodeOutput(name, tensor, nonFinite)
    else {
      const bytes = rawBytes(tensor)
      parts.push(bytes)
      tensors += `{"name":${JSON.stringify(name)},"datatype":"${OIP_TYPES[tensor.type]}","shape":[${tensor.shape.join(',')}],"parameters":{"binary_data_size":${bytes.length}}}`
    }
  }
  const text = `{"model_name":${JSON.stringify(model)},"model_version":"${version}","id":${JSON.stringify(id)},"outputs":[${tensors}]}`
  if (parts.length === 0) return { text }
  const length = Buffer.byteLength(text)
  const head = Buffer.from(text + ' '.repeat((ALIGNMENT - (length % ALIGNMENT)) % ALIGNMENT))
  return { parts: [head, ...parts], jsonLength: head.length }
}

/** Sends an answer that was rendered. */
export function sendAnswer(exchange: Exchange, answer: InferAnswer): void {
  const more = ['X-Fairlead-Id', exchange.predictionId]
  if ('text' in answer) exchange.json(200, answer.text, more)
  else exchange.bytes(200, { type: 'application/octet-stream', parts: answer.parts, more: [JSON_LENGTH_HEADER, String(answer.jsonLength), ...more] })
}
