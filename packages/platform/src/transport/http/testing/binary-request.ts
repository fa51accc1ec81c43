import assert from 'node:assert/strict'

/** A tensor as a test sends it: its bytes, or JSON where it has `data`. */
export interface SentTensor {
  name: string
  datatype: string
  shape: number[]
  data?: unknown
  bytes?: Uint8Array
  parameters?: object
}

/** A tensor as it came back; `bytes` where it travelled as binary. */
export interface GotTensor {
  name: string
  datatype: string
  shape: number[]
  data?: unknown[]
  bytes?: Buffer
}

/** A request with its binary tensors behind the JSON. `padding` puts them at another offset. */
export function binaryBody(inputs: readonly SentTensor[], { members = {}, padding = 0 }: { members?: object; padding?: number } = {}) {
  const told = inputs.map(({ bytes, parameters, ...rest }) => ({
    ...rest,
    ...(bytes ? { parameters: { binary_data_size: bytes.length, ...parameters } } : parameters ? { parameters } : {}),
  }))
  const json = JSON.stringify({ ...members, inputs: told }) + ' '.repeat(padding)
  const body = Buffer.concat([Buffer.from(json), ...inputs.flatMap(({ bytes }) => (bytes ? [bytes] : []))])
  return { body, headers: { 'inference-header-content-length': String(Buffer.byteLength(json)) } }
}

/** Texts as they travel in binary. */
export function bytesOfTexts(texts: readonly (string | Uint8Array)[]): Buffer {
  return Buffer.concat(
    texts.flatMap((text) => {
      const bytes = Buffer.from(text)
      const length = Buffer.alloc(4)
      length.writeUInt32LE(bytes.length)
      return [length, bytes]
    }),
  )
}

/** The outputs of an answer, each with its bytes; the whole binary part must be theirs. */
export function readOutputs(bytes: Buffer, header: string | null | undefined): { id: string; outputs: GotTensor[] } {
  const length = Number(header ?? bytes.length)
  const { id, outputs } = JSON.parse(bytes.toString('utf8', 0, length)) as {
    id: string
    outputs: (GotTensor & { parameters?: { binary_data_size?: number } })[]
  }
  let at = length
  const got = outputs.map(({ parameters, ...rest }): GotTensor => {
    const size = parameters?.binary_data_size
    if (size === undefined) return rest
    at += size
    return { ...rest, bytes: bytes.subarray(at - size, at) }
  })
  assert.equal(at, bytes.length)
  return { id, outputs: got }
}
