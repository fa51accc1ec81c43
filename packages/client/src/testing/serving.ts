import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request as the server took it. */
export interface Seen {
  method: string | undefined
  url: string | undefined
  headers: IncomingMessage['headers']
  bytes: Buffer
  body: string
}

export type Answer = (response: ServerResponse, seen: Seen) => void

/** A real server that keeps what it was asked; answers in turn, the last one for all that follow. */
export async function serving(...answers: Answer[]) {
  const seen: Seen[] = []
  const server = createServer(async (request, response) => {
    const pieces: Buffer[] = []
    for await (const piece of request.on('error', () => {})) pieces.push(piece as Buffer)
    const bytes = Buffer.concat(pieces)
    const one = { method: request.method, url: request.url, headers: request.headers, bytes, body: bytes.toString() }
    seen.push(one)
    answers[Math.min(seen.length, answers.length) - 1]?.(response, one)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** An answer of JSON, or of a text as it stands. */
export const json =
  (value: unknown, status = 200, headers: Record<string, string> = {}): Answer =>
  (response) =>
    void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(typeof value === 'string' ? value : JSON.stringify(value))
/** An answer that is a problem document. */
export const problem = (status: number, code: string, headers: Record<string, string> = {}) =>
  json({ type: 'x', title: 't', status, code, detail: 'because', errors: [{ path: 'rows[0].age', code, detail: 'd' }], requestId: 'r1' }, status, headers)
