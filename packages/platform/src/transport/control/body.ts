import { FairleadError, parseJson, ROW_MEMBERS } from '@fairlead/contract'
import type { FastifyRequest } from 'fastify'

const MAX_DEPTH = 100

/** The text of a body. Throws `utf8-invalid`. */
export function readText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new FairleadError('utf8-invalid', 'The body is not valid UTF-8.', { cause })
  }
}

/** Reads a JSON body; whole numbers in rows of a model are exact. Throws `json-too-deep`, `json-invalid` (its detail naming the position). */
export function readJson(text: string): unknown {
  if (text.trim() === '') throw new FairleadError('json-invalid', 'The body is empty.')
  refuseDepth(text)
  try {
    return parseJson(text, ROW_MEMBERS)
  } catch (cause) {
    throw new FairleadError('json-invalid', cause instanceof Error ? cause.message : String(cause), { cause })
  }
}

const texts = new WeakMap<FastifyRequest, string>()

/** Keeps the text of a body that goes on as it came. */
export function keepBodyText(request: FastifyRequest, text: string): void {
  texts.set(request, text)
}

/** The text of a body that was kept. */
export function bodyTextOf(request: FastifyRequest): string {
  return texts.get(request) ?? ''
}

/** Refuses text nested more deeply than anything the API takes, before a parser meets it. */
function refuseDepth(text: string): void {
  let depth = 0
  let quoted = false
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (quoted) {
      if (c === 0x5c) i++
      else if (c === 0x22) quoted = false
    } else if (c === 0x22) quoted = true
    else if (c === 0x5b || c === 0x7b) {
      if (++depth > MAX_DEPTH) throw new FairleadError('json-too-deep', `The body is nested more than ${MAX_DEPTH} levels deep, at position ${i}.`)
    } else if (c === 0x5d || c === 0x7d) depth--
  }
}

/** The bytes of a file as they arrive. Throws `upload-incomplete` when fewer come than were announced, `body-too-large` past the limit. */
export async function* wholeBody(stream: AsyncIterable<Uint8Array>, announced: number | undefined, limit: number): AsyncGenerator<Uint8Array> {
  const tooLarge = () => new FairleadError('body-too-large', `A file of an upload may have at most ${limit} bytes.`)
  if (announced !== undefined && announced > limit) throw tooLarge()
  let seen = 0
  try {
    for await (const piece of stream) {
      seen += piece.byteLength
      if (seen > limit) throw tooLarge()
      yield piece
    }
  } catch (cause) {
    if (cause instanceof FairleadError) throw cause
    throw new FairleadError('upload-incomplete', `The connection ended after ${seen} bytes${announced === undefined ? '' : ` of ${announced}`}.`, { cause })
  }
  if (announced !== undefined && seen < announced) throw new FairleadError('upload-incomplete', `${seen} of ${announced} bytes arrived.`)
}
