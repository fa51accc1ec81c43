import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { BenchRequest, Target } from '../types.ts'

/** A server of predictions that behaves as a test says. */
export interface SlowServer extends AsyncDisposable {
  url: string
  /** Requests it has taken. */
  taken: number
  /** Blocks the server for so long, once, from now on. */
  stall(millis: number): void
}

export type Behaviour = (request: { body: string; at: number }, response: ServerResponse) => void

/** What a deployment answers to one row. */
export const ANSWER = JSON.stringify({ id: 'x', deployment: 'd', release: 1, predictions: [{ value: 0.5 }] })

/** Starts a server in this process. It handles one request at a time, each taking `workMs` of the thread. */
export async function slowServer(workMs = 0, behave?: Behaviour): Promise<SlowServer> {
  const server = createServer((request: IncomingMessage, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      const at = fake.taken++
      const until = performance.now() + workMs
      while (performance.now() < until);
      if (behave) return behave({ body, at }, response)
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': ANSWER.length })
      response.end(ANSWER)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  const fake: SlowServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    taken: 0,
    stall(millis) {
      const until = performance.now() + millis
      while (performance.now() < until);
    },
    [Symbol.asyncDispose]: close,
  }
  return fake
}

/** One row for a deployment. */
export const REQUEST: BenchRequest = { path: '/v1/deployments/d/predict', headers: {}, body: Buffer.from('{"rows":[{}]}'), member: 'predictions', entries: 1 }

export function targetOf({ url }: Pick<SlowServer, 'url'>, more: Partial<Target> = {}): Target {
  return { url, headers: {}, connections: 8, timeoutMs: 5000, ...more }
}
