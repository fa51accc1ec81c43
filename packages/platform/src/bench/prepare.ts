import type { BenchRequest, Target } from './types.ts'

/** A request as it goes over the wire, made once. Throws when a header could break out of its line. */
export function wireOf(target: Target, request: BenchRequest): Buffer {
  const url = new URL(target.url)
  const path = url.pathname.replace(/\/$/, '') + request.path
  const headers = { host: url.host, ...target.headers, ...request.headers, 'content-length': String(request.body.length) }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  for (const line of [path, ...lines]) if (/[^\x20-\xff]/.test(line)) throw new Error('a header or path holds characters that HTTP does not allow')
  return Buffer.concat([Buffer.from(`POST ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`, 'latin1'), request.body])
}
