import type { HttpRequest } from './http.ts'
import { objectText } from './json.ts'
import type { Subject } from './subject.ts'
import { binaryInput, inputText, type Members, nestedText, type Tensor } from './tensors.ts'

const JSON_TYPE = { 'content-type': 'application/json' }
/** Sent unless a case says otherwise: one well-known server fails without an id, and only one case should say so. */
const ID = { id: '"fairlead"' }

/** What differs from the plainest inference request. Texts are JSON. */
export interface InferOptions {
  inputs?: readonly Tensor[]
  /** Members of the request beside its inputs. */
  members?: Members
  headers?: Record<string, string>
  /** Asks for this version. */
  version?: string
}

/** The path of a model, with what follows it. */
export function modelPath(name: string, rest = '', version?: string): string {
  const at = version === undefined ? '' : `/versions/${encodeURIComponent(version)}`
  return `/v2/models/${encodeURIComponent(name)}${at}${rest}`
}

/** An inference request with any body. */
export function inferBody(subject: Subject, body: string | Uint8Array, options: Pick<InferOptions, 'headers' | 'version'> = {}): HttpRequest {
  return { method: 'POST', path: modelPath(subject.model, '/infer', options.version), headers: options.headers ?? JSON_TYPE, body }
}

/** An inference request in JSON, its inputs as texts. */
export function inferTexts(subject: Subject, inputs: readonly string[], options: InferOptions = {}): HttpRequest {
  return inferBody(subject, objectText({ ...ID, ...options.members, inputs: `[${inputs.join(',')}]` }), options)
}

/** An inference request in JSON with flat data. */
export function infer(subject: Subject, options: InferOptions = {}): HttpRequest {
  return inferTexts(
    subject,
    (options.inputs ?? subject.sample).map((tensor) => inputText(tensor)),
    options,
  )
}

/** An inference request in JSON with nested data. */
export function inferNested(subject: Subject): HttpRequest {
  return inferTexts(
    subject,
    subject.sample.map((tensor) => inputText(tensor, { data: nestedText(tensor.values, tensor.shape) })),
  )
}

/** An inference request with members of its first input changed. */
export function inferSpoiled(subject: Subject, change: (first: Tensor) => Members): HttpRequest {
  return inferTexts(
    subject,
    subject.sample.map((tensor, i) => (i === 0 ? inputText(tensor, change(tensor)) : inputText(tensor))),
  )
}

/** What differs from the plainest binary request. */
export interface BinaryOptions {
  inputs?: readonly Tensor[]
  members?: Members
  /** How many of the inputs travel in JSON, from the last one on. */
  jsonInputs?: number
  /** What the first binary input says its size is, beyond the truth. */
  sizeError?: number
  /** The header's text in place of the true length. */
  header?: string
  /** Bytes after the last tensor. */
  trailing?: Uint8Array
}

/** An inference request with a binary part. */
export function inferBinary(subject: Subject, options: BinaryOptions = {}): HttpRequest {
  const inputs = options.inputs ?? subject.sample
  const binaryCount = inputs.length - (options.jsonInputs ?? 0)
  const parts = inputs.map((tensor, i) => {
    if (i >= binaryCount) return { text: inputText(tensor), bytes: Buffer.alloc(0) }
    const { text, bytes } = binaryInput(tensor)
    return i === 0 && options.sizeError ? { text: binaryInput(tensor, bytes.length + options.sizeError).text, bytes } : { text, bytes }
  })
  const json = Buffer.from(objectText({ ...ID, ...options.members, inputs: `[${parts.map(({ text }) => text).join(',')}]` }))
  const body = Buffer.concat([json, ...parts.map(({ bytes }) => bytes), options.trailing ?? Buffer.alloc(0)])
  const headers = { 'content-type': 'application/octet-stream', 'inference-header-content-length': options.header ?? String(json.length) }
  return inferBody(subject, body, { headers })
}
