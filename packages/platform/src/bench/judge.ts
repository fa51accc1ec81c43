import type { BenchRequest } from './types.ts'

const KNOWN_FORMS = 8
const TOLERANCE = 1e-5

/**
 * Says whether answers to one request are right: the same as the answer learnt before the load began. Bytes that were found right once are
 * compared as bytes; others are read, and their numbers may differ as they do when rows share a run.
 */
export class Judge {
  readonly #request: BenchRequest
  #reference: unknown
  /** Whether the model answers the same request twice alike. */
  #repeats = true
  #known: Buffer[] = []

  constructor(request: BenchRequest) {
    this.#request = request
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
    const at = body.indexOf(`"${this.#request.member}"`)
    return at < 0 ? body : body.subarray(at)
  }

  #read(body: Buffer): { member: unknown[] } | string {
    const { member, entries } = this.#request
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

/** Where two values differ, in words; `undefined` where they are alike up to rounding. */
function differs(expected: unknown, found: unknown, path: string): string | undefined {
  if (typeof expected === 'number' && typeof found === 'number') {
    const near = Math.abs(expected - found) <= TOLERANCE * Math.max(1, Math.abs(expected))
    return near ? undefined : `${path} is ${found}, and was ${expected} before`
  }
  if (typeof expected !== 'object' || expected === null || typeof found !== 'object' || found === null) {
    return expected === found ? undefined : `${path} is ${JSON.stringify(found)}, and was ${JSON.stringify(expected)} before`
  }
  const [keys, others] = [Object.keys(expected), Object.keys(found)]
  if (keys.length !== others.length) return `${path} has ${others.length} entries, and had ${keys.length} before`
  for (const key of keys) {
    const inner = differs((expected as Record<string, unknown>)[key], (found as Record<string, unknown>)[key], `${path}[${key}]`)
    if (inner !== undefined) return inner
  }
  return undefined
}
