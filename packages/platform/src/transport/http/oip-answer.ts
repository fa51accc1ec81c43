import { OIP_TYPES } from '@fairlead/contract'
import type { Tensor, Tensors } from '../../domain/inference/index.ts'
import { freeMemory, LARGE_BYTES } from '../../kernel/memory.ts'
import { rawBytes } from '../tensor-bytes.ts'
import type { Exchange } from './exchange.ts'
import { JSON_LENGTH_HEADER } from './oip-binary.ts'
import { encodeOutput, type NonFiniteForm, type OutputForm, outputForm } from './oip-tensors.ts'

/** An output that was asked for, and how it travels. */
export interface WantedOutput {
  name: string
  binary: boolean
  /** How it was written last. */
  form?: OutputForm
}

/** What an answer says beside its outputs. */
export interface AnswerHead {
  model: string
  version: number
  id: string
  /** Whether the id was made here, and not sent. */
  own?: boolean
}

/** An answer, rendered: all of it text, or text of so many bytes as the first of several parts. */
export type InferAnswer = { text: string; ascii: boolean } | { parts: Uint8Array[]; jsonLength: number }

/** Clients lay typed arrays over the binary part, which must begin at a multiple of the largest number's size for that. */
const ALIGNMENT = 8

/** Renders an answer. Binary outputs are behind the JSON, which is filled up with spaces, in its order; numbers are where the model left them. */
export function renderAnswer(
  { model, version, id, own = false }: AnswerHead,
  outputs: Readonly<Record<string, Tensor>>,
  { wanted, nonFinite }: { wanted: readonly WantedOutput[]; nonFinite: NonFiniteForm },
): InferAnswer {
  const parts: Uint8Array[] = []
  let tensors = ''
  let ascii = own
  for (const output of wanted) {
    const { name } = output
    const tensor = outputs[name]
    if (!tensor) continue
    if (tensors !== '') tensors += ','
    if (!output.binary) {
      if (output.form?.type !== tensor.type) output.form = outputForm(name, tensor.type)
      tensors += encodeOutput(output.form, tensor, nonFinite)
      ascii &&= output.form.ascii
    } else {
      const bytes = rawBytes(tensor)
      parts.push(bytes)
      tensors += `{"name":${JSON.stringify(name)},"datatype":"${OIP_TYPES[tensor.type]}","shape":[${tensor.shape.join(',')}],"parameters":{"binary_data_size":${bytes.length}}}`
    }
  }
  // names of models and ids of ours have nothing to escape
  const text = `{"model_name":"${model}","model_version":"${version}","id":${own ? `"${id}"` : JSON.stringify(id)},"outputs":[${tensors}]}`
  if (parts.length === 0) return { text, ascii }
  const length = Buffer.byteLength(text)
  const head = Buffer.from(text + ' '.repeat((ALIGNMENT - (length % ALIGNMENT)) % ALIGNMENT))
  return { parts: [head, ...parts], jsonLength: head.length }
}

/**
 * Large memory that only this request has: that of its inputs, which are read from its own body, and that of outputs which fill theirs, because those
 * of requests that ran together share one. A log that keeps large values has copied them.
 */
export function ownMemory(inputs: Tensors, outputs: Tensors): ArrayBufferLike[] {
  const memory: ArrayBufferLike[] = []
  for (const name in inputs) {
    const { data } = inputs[name]!
    if (!Array.isArray(data) && data.byteLength >= LARGE_BYTES) memory.push(data.buffer)
  }
  for (const name in outputs) {
    const { data } = outputs[name]!
    if (!Array.isArray(data) && data.byteLength >= LARGE_BYTES && data.byteLength === data.buffer.byteLength) memory.push(data.buffer)
  }
  return memory
}

/** Sends an answer that was rendered. `memory` is given back when it is out. */
export function sendAnswer(exchange: Exchange, answer: InferAnswer, memory: readonly ArrayBufferLike[]): void {
  const more = ['X-Fairlead-Id', exchange.predictionId]
  if ('text' in answer) {
    if (answer.ascii) exchange.asciiJson(200, answer.text, more)
    else exchange.json(200, answer.text, more)
  } else {
    const told = [JSON_LENGTH_HEADER, String(answer.jsonLength), ...more]
    const written = () => memory.forEach(freeMemory)
    exchange.bytes(200, { type: 'application/octet-stream', parts: answer.parts, more: told, ...(memory.length > 0 ? { written } : {}) })
  }
}
