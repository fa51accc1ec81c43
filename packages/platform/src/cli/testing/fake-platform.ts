import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PassThrough, Readable } from 'node:stream'
import type { Problem } from '@fairlead/contract'
import type { Io } from '../io.ts'
import { runCommand } from '../program.ts'

/** One request as the fake took it. */
export interface Taken {
  method: string
  path: string
  query: Record<string, string>
  headers: IncomingMessage['headers']
  body: Buffer
}

/** What the fake answers: a JSON value, or a status with a value, or text of another type. */
export type Answer = { status?: number; json?: unknown; text?: string; type?: string }
export type Handler = (request: Taken) => Answer

/** A platform that answers what a test says; the path is matched without `/api/v1`. */
export interface FakePlatform extends AsyncDisposable {
  url: string
  taken: Taken[]
}

/** A problem document as the platform answers it. */
export function problem(status: number, code: Problem['code'], detail: string): Answer {
  return { status, json: { type: `https://fairlead.dev/errors/${code}`, title: code, status, code, detail } }
}

/** Starts a fake of control and serve on one port. Routes are `METHOD /path`, where a path may end in `*`. */
export async function fakePlatform(routes: Record<string, Handler>): Promise<FakePlatform> {
  const taken: Taken[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const url = new URL(request.url ?? '/', 'http://fake')
    const path = url.pathname.replace(/^\/api\/v1/, '')
    const one = { method: request.method ?? '', path, query: Object.fromEntries(url.searchParams), headers: request.headers, body: Buffer.concat(chunks) }
    taken.push(one)
    const key = Object.keys(routes).find((route) => fits(route, `${one.method} ${path}`))
    const { status = 200, json, text, type = 'application/json' } = key === undefined ? problem(404, 'path-unknown', `nothing at ${path}`) : routes[key]!(one)
    response.writeHead(status, { 'content-type': type })
    response.end(text ?? (json === undefined ? '' : JSON.stringify(json)))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const close = async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  return { url, taken, [Symbol.asyncDispose]: close }
}

function fits(route: string, asked: string): boolean {
  return route.endsWith('*') ? asked.startsWith(route.slice(0, -1)) : route === asked
}

/** What a command left behind. */
export interface Ran {
  code: number
  stdout: string
  stderr: string
}

/** Runs a command in this process with streams of its own. */
export async function runFairlead(args: string[], given: { env?: Io['env']; cwd?: string; stdin?: string | Buffer; tty?: boolean } = {}): Promise<Ran> {
  const text = { stdout: '', stderr: '' }
  const sink = (name: 'stdout' | 'stderr') => ({
    isTTY: given.tty ?? false,
    columns: 100,
    write(chunk: string | Uint8Array) {
      text[name] += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('latin1')
      return true
    },
  })
  const stdin = given.stdin === undefined ? new PassThrough().end() : Readable.from([given.stdin], { objectMode: false })
  const io: Io = { stdin, stdout: sink('stdout'), stderr: sink('stderr'), env: given.env ?? {}, cwd: given.cwd ?? '/nowhere' }
  return { code: await runCommand(args, io), ...text }
}
