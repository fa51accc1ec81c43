import { connect } from 'node:net'
import { test } from 'node:test'
import type { ServableRelease, Session } from '../../../domain/inference/index.ts'
import { fakeInference, fakeRepository, serveReleases } from '../../../testing/fake-inference.ts'
import { type HttpServing, type ServeHttpOptions, serveHttp } from '../index.ts'

type MakeServing = typeof testServing

/** Registers a test twice: with a serve port that has its fast lane, and with one where everything goes through `node:http`. */
export function eachLane(name: string, body: (makeServing: MakeServing) => Promise<void>): void {
  for (const fastLane of [true, false])
    test(`${name} [${fastLane ? 'fast lane' : 'node:http'}]`, () => body((options) => testServing({ fastLane, ...options })))
}

/** A serve port over fake models, on a free port of the loopback. */
export async function testServing({
  releases,
  isBlank = false,
  session,
  ...options
}: Partial<ServeHttpOptions> & {
  releases?: ServableRelease[] /** What runs instead of the fake credit model. */
  session?: Session /** It was not told yet what to serve. */
  isBlank?: boolean
} = {}) {
  const { inference, world } = fakeInference(undefined, session)
  if (!isBlank) await serveReleases(inference, releases)
  const errors: unknown[] = []
  const http: HttpServing = serveHttp({
    inference,
    repository: fakeRepository(inference, world).repository,
    authorize: () => ({ kind: 'loopback', id: 'loopback' }),
    metricsText: () => 'up 1\n',
    counted: async () => [],
    version: '1.2.3',
    isDraining: () => false,
    onError: (error) => errors.push(error),
    ...options,
  })
  const { port } = await http.listen({ host: '127.0.0.1', port: 0 })
  const url = `http://127.0.0.1:${port}`
  return {
    http,
    inference,
    world,
    errors,
    port,
    url,
    /** POSTs JSON (text or a value). */
    post: (path: string, body: unknown, headers: Record<string, string> = {}) =>
      fetch(url + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' || body instanceof Uint8Array ? (body as string) : JSON.stringify(body),
      }),
    [Symbol.asyncDispose]: async () => {
      await http.close(0)
      await inference[Symbol.asyncDispose]()
    },
  }
}

/** Sends raw bytes and gathers what comes back until the connection ends, or `ms` have passed. */
export function raw(port: number, text: string | Uint8Array, ms = 3000): Promise<string> {
  return new Promise((resolve) => {
    let answer = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(text))
    const timer = setTimeout(() => socket.destroy(), ms)
    socket.on('data', (chunk) => {
      answer += chunk.toString()
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      clearTimeout(timer)
      resolve(answer)
    })
  })
}
