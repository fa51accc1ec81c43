import { FairleadError } from '@fairlead/contract'

/** A way of compressing that is spoken here. `deflate` is the zlib format of RFC 1950, as RFC 9110 says. */
export type Coding = 'gzip' | 'deflate'

/** What `Accept-Encoding` of a refusal names. */
export const CODINGS = 'gzip, deflate'

const NAMES: ReadonlyMap<string, Coding | undefined> = new Map([
  ['', undefined],
  ['identity', undefined],
  ['gzip', 'gzip'],
  ['x-gzip', 'gzip'],
  ['deflate', 'deflate'],
])

/** How a body is compressed, `undefined` for not at all. Throws `encoding-unsupported` for any other coding, and for several on top of each other. */
export function contentCoding(header: string | undefined): Coding | undefined {
  if (header === undefined) return undefined
  const name = header.trim().toLowerCase()
  if (NAMES.has(name)) return NAMES.get(name)
  throw new FairleadError(
    'encoding-unsupported',
    `the content encoding "${header.slice(0, 100)}" is not supported; send the body as it is, or compressed once with gzip or deflate`,
  )
}

const WEIGHT = /^q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/i
const REMEMBERED = 100
const remembered = new Map<string, Coding | undefined>()

/** How an answer may be compressed by what `Accept-Encoding` says (RFC 9110, 12.5.3): the best liked of ours, and gzip of two that are liked as well. */
export function acceptedCoding(header: string | undefined): Coding | undefined {
  if (header === undefined) return undefined
  if (remembered.has(header)) return remembered.get(header)
  const coding = choose(header)
  // clients send the same few again and again
  if (remembered.size < REMEMBERED) remembered.set(header, coding)
  return coding
}

function choose(header: string): Coding | undefined {
  const weights = new Map<string, number>()
  for (const part of header.split(',', 50)) {
    const [name = '', ...parameters] = part.split(';').map((piece) => piece.trim())
    const weight = parameters.length === 0 ? 1 : Number(WEIGHT.exec(parameters[0] ?? '')?.[1] ?? 0)
    weights.set(name.toLowerCase(), weight)
  }
  const any = weights.get('*') ?? 0
  const gzip = weights.get('gzip') ?? weights.get('x-gzip') ?? any
  const deflate = weights.get('deflate') ?? any
  // named explicitly, the plain form may be liked better
  const plain = weights.get('identity') ?? 0
  const best = Math.max(gzip, deflate)
  if (best === 0 || best < plain) return undefined
  return gzip >= deflate ? 'gzip' : 'deflate'
}
