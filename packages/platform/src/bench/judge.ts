import { readInferResponse } from '../conformance/index.ts'
import type { BenchRequest, Target } from './types.ts'

const KNOWN_FORMS = 8
const TOLERANCE = 1e-5

/**
 * Says whether answers to one request are right: the same as the answer learnt before the load began. Bytes that were found right once are
 * compared as bytes; others are read, and their numbers may differ as they do when rows share a run.
 */
export class Judge {
  readonly #request: BenchRequest
  readonly #protocol: Target['protocol']
  #reference: unknown
  /** Whether the model answers the same request twice alike. */
  #repeats = true
  #known: Buffer[] = []

  constructor(request: BenchRequest, protocol?: Target['protocol']) {
    this.#request = request
    this.#protocol = protocol
  }

  /** Takes the answer as the right one. Throws when it is none. */
  learn(body: Buffer): void {
    const value = this.#read(body)
    if (typeof value === 'string') throw new Error(value)
    if (this.#reference !== undefined && differs(this.#reference, value.member, '') !== undefined) this.#repeats = false
    this.#reference ??= value.member
    this.#known = [Buffer.from(this.#tail(body))]
  }

  /** What is wrong with an answer of status 200; `undefined` when nothing is. */
  wrong(body: Buffer): string | undefined {
    const tail = this.#tail(body)
    if (this.#known.some((known) => known.equals(tail))) return undefined
    const value = this.#read(body)
    if (typeof value === 'string') return value
    const problem = this.#repeats && this.#reference !== undefined ? differs(this.#reference, value.member, this.#request.member) : undefined
    if (problem !== undefined) return problem
    if (this.#known.length < KNOWN_FORMS) this.#known.push(Buffer.from(tail))
    return undefined
  }

  /** The part from the predictions on: ids and the like are before it. */
  #tail(body: Buffer): Buffer {
    if (this.#protocol === 'grpc') return body.subarray(outputsAt(body))
    const at = body.indexOf(`"${this.#request.member}"`)
    return at < 0 ? body : body.subarray(at)
  }

  #read(body: Buffer): { member: unknown[] } | string {
    const { member, entries } = this.#request
    if (this.#protocol === 'grpc') return readMessage(body)
    let value: Record<string, unknown>
    try {
      value = JSON.parse(body.toString('utf8')) as Record<string, unknown>
    } catch {
      return 'the answer is not JSON'
    }
    const found = value?.[member]
    if (!Array.isArray(found)) return `the answer has no array "${member}"`
    if (entries !== undefined && found.length !== entries) return `"${member}" has ${found.length} entries, not ${entries}`
    return { member: found }
  }
}

/** Fields of a `ModelInferResponse` before this one are the model's name and version, the id and parameters. */
const OUTPUTS_FIELD = 5

/** Where the outputs of a `ModelInferResponse` begin; 0 where the fields are in another order. */
function outputsAt(body: Buffer): number {
  let at = 0
  while (at < body.length) {
    const tag = body[at]!
    if (tag >> 3 === OUTPUTS_FIELD) return at
    // names and ids are shorter than 128 bytes
    if ((tag & 7) !== 2 || body[at + 1]! > 127) return 0
    at += 2 + body[at + 1]!
  }
  return 0
}

function readMessage(body: Buffer): { member: unknown[] } | string {
  try {
    return { member: readInferResponse(body).outputs.map(({ name, datatype, shape, values }) => ({ name, datatype, shape, values })) }
  } catch (error) {
    return `the answer is no inference response: ${error instanceof Error ? error.message : String(error)}`
  }
}

/** Where two values differ, in words; `undefined` where they are alike up to rounding. */
function differs(expected: unknown, found: unknown, path: string): string | undefined {
  if (typeof expected === 'number' && typeof found === 'number') {
    const near = Math.abs(expected - found) <= TOLERANCE * Math.max(1, Math.abs(expected))
    return near ? undefined : `${path} is ${found}, and was ${expected} before`
  }
  if (typeof expected !== 'object' || expected === null || typeof found !== 'object' || found === null) {
    return expected === found ? undefined : `${path} is ${shown(found)}, and was ${shown(expected)} before`
  }
  const [keys, others] = [Object.keys(expected), Object.keys(found)]
  if (keys.length !== others.length) return `${path} has ${others.length} entries, and had ${keys.length} before`
  for (const key of keys) {
    const inner = differs((expected as Record<string, unknown>)[key], (found as Record<string, unknown>)[key], `${path}[${key}]`)
    if (inner !== undefined) return inner
  }
  return undefined
}

function shown(value: unknown): string {
  return typeof value === 'bigint' ? String(value) : JSON.stringify(value)
}
