import type { BenchRequest, Target } from './types.ts'

/** A request as it goes over the wire, made once; over gRPC the framed message alone. Throws when a header could break out of its line. */
export function wireOf(target: Target, request: BenchRequest): Buffer {
  if (target.protocol === 'grpc') return framed(request.body)
  const url = new URL(target.url)
  const path = url.pathname.replace(/\/$/, '') + request.path
  const headers = { host: url.host, ...target.headers, ...request.headers, 'content-length': String(request.body.length) }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  for (const line of [path, ...lines]) if (/[^\x20-\xff]/.test(line)) throw new Error('a header or path holds characters that HTTP does not allow')
  return Buffer.concat([Buffer.from(`POST ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`, 'latin1'), request.body])
}

/** A message as gRPC sends it: not compressed, its length, itself. */
function framed(message: Uint8Array): Buffer {
  const prefix = Buffer.alloc(5)
  prefix.writeUInt32BE(message.length, 1)
  return Buffer.concat([prefix, message])
}
