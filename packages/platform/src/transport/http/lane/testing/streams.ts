import { BYTE_MUTATIONS, MUTATIONS, type RawRequest } from './mutations.ts'
import type { Random } from './random.ts'

const PATHS = [
  '/v1/deployments/credit/predict',
  '/v1/deployments/credit/releases/1/predict',
  '/v2/models/credit/infer',
  '/v2/models/credit/versions/1/infer',
  '/v1/deployments/credti/predict',
  '/v2/models/a.b_c-d/infer',
]
const EXTRAS = [
  'Accept: */*',
  'User-Agent: python-requests/2.32.3',
  'Accept-Encoding: gzip, deflate',
  'Connection: keep-alive',
  'Content-Type: application/json',
  'content-type: application/json; charset=utf-8',
  'X-Request-Timeout: 5s',
  'traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  'X-Forwarded-For: 10.0.0.1, 10.0.0.2',
  'Authorization: Bearer abc',
]
const BODIES = [
  '',
  '{}',
  '{"rows":[]}',
  '{"rows":[{"age":35,"purpose":"car","amount":2500,"duration":12}]}',
  '\r\n\r\n',
  'POST /v1/x HTTP/1.1\r\n\r\n',
  '\u00c3\u00bc\u0000\u00ff',
]

/** A request of the lane's form. */
function plainRequest(random: Random): RawRequest {
  const body = random.chance(0.05) ? 'x'.repeat(random.int(3000)) : random.pick(BODIES)
  const extras = EXTRAS.filter(() => random.chance(0.3))
  // the same name twice is not of the form
  const headers = extras.filter((extra, at) => extras.findIndex((other) => sameName(other, extra)) === at)
  headers.splice(random.int(headers.length + 1), 0, 'Host: 127.0.0.1:7310')
  headers.splice(random.int(headers.length + 1), 0, `${random.pick(['Content-Length', 'content-length'])}: ${body.length}`)
  return { line: `POST ${random.pick(PATHS)} HTTP/1.1`, headers, body }
}

function sameName(a: string, b: string): boolean {
  return a.split(':')[0]!.toLowerCase() === b.split(':')[0]!.toLowerCase()
}

function textOf({ line, headers, body }: RawRequest): string {
  return `${[line, ...headers].join('\r\n')}\r\n\r\n${body}`
}

/** What a client sends: some requests one behind the other, most of them plain, some made odd. */
export function makeStream(random: Random): Buffer {
  let text = ''
  let last: string | undefined
  for (let left = 1 + random.int(4); left > 0; left--) {
    const repeated = last !== undefined && random.chance(0.3) ? last : undefined
    const request = plainRequest(random)
    if (repeated === undefined) while (random.chance(0.3)) random.pick(MUTATIONS)(request, random)
    let next = repeated ?? textOf(request)
    if (random.chance(0.15)) next = random.pick(BYTE_MUTATIONS)(next, random)
    text += next
    last = next
  }
  return Buffer.from(text, 'latin1')
}

/** Cuts a stream into pieces: all at once, at a few places, or into single bytes. */
export function cutStream(bytes: Buffer, random: Random): Buffer[] {
  const share = random.pick([0, 0, 2 / bytes.length, 10 / bytes.length, 0.2, 1])
  const pieces: Buffer[] = []
  let from = 0
  for (let at = 1; at <= bytes.length; at++) {
    if (at < bytes.length && !random.chance(share)) continue
    pieces.push(bytes.subarray(from, at))
    from = at
  }
  return pieces
}
