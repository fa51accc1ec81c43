import { createUnzip, deflate, gzip } from 'node:zlib'
import { FairleadError } from '@fairlead/contract'
import { overloaded, tooLarge } from './body-refusals.ts'
import type { Coding } from './codings.ts'

/** Answers smaller than this are not worth the detour: they travel in one packet either way. */
export const COMPRESSED_FROM = 1024
const CHUNK_BYTES = 64 * 1024

/** A body as it is sent: text, or bytes in parts. */
export type AnswerBody = string | readonly Uint8Array[]

/** Compresses an answer on another thread; calls back with `undefined` where nothing is gained. */
export function compress(body: AnswerBody, coding: Coding, done: (bytes: Buffer | undefined) => void): void {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body.length === 1 ? body[0]! : Buffer.concat(body)
  // the lowest level is several times as fast as the usual one, and takes off most of what there is
  const pack = coding === 'gzip' ? gzip : deflate
  pack(bytes, { level: 1, chunkSize: CHUNK_BYTES }, (error, packed) => done(error || packed.length >= bytes.length ? undefined : packed))
}

/** Bounds of what a body may become. */
export interface InflateOptions {
  /** Most bytes of the inflated body. */
  limit: number
  /** Takes room for inflated bytes; false when there is none. */
  hold(bytes: number): boolean
}

/**
 * Inflates a body on another thread and calls back once: with the bytes, or with `body-too-large`, `overloaded`, or `request-invalid` for what is
 * damaged, cut off, or followed by something else. Either wrapper is read, whichever was announced, as Triton does.
 */
export function inflate(bytes: Buffer, { limit, hold }: InflateOptions, done: (result: Buffer | FairleadError) => void): void {
  const unzip = createUnzip({ chunkSize: CHUNK_BYTES })
  const parts: Buffer[] = []
  let length = 0
  let over = false
  const end = (result: Buffer | FairleadError) => {
    if (over) return
    over = true
    unzip.destroy()
    done(result)
  }
  unzip.on('data', (part: Buffer) => {
    length += part.length
    if (length > limit) end(tooLarge(limit))
    else if (hold(part.length)) parts.push(part)
    else end(overloaded())
  })
  unzip.on('error', (error: NodeJS.ErrnoException) => end(damaged(error.code === 'Z_BUF_ERROR' ? 'it is cut off' : error.message)))
  unzip.on('end', () => end(unzip.bytesWritten === bytes.length ? joined(parts, length) : damaged('something follows its end')))
  unzip.end(bytes)
}

function joined(parts: Buffer[], length: number): Buffer {
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts, length)
}

function damaged(reason: string): FairleadError {
  return new FairleadError('request-invalid', `the body is not compressed as Content-Encoding says: ${reason}`)
}
