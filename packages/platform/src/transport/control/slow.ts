import { FairleadError } from '@fairlead/contract'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { sendProblem } from './problem.ts'

/** Connections at a time. Each takes a file of the process, and a process without files cannot go on. */
const MOST_CONNECTIONS = 1000
/** How long the head of a request may take to arrive. */
export const HEAD_MS = 10_000
/** How long a body may take, before it is known who sends it, and for bodies of some megabytes of who may send them. */
const BODY_MS = 30_000
const LARGE_BODY_MS = 300_000

interface Waiting {
  timer: NodeJS.Timeout
  end: () => void
}

const waiting = new WeakMap<FastifyRequest, Waiting>()

/** Ends requests whose bodies do not come to an end, and bounds the connections. `bodyMs`: default 30 s. */
export function refuseSlow(server: FastifyInstance, bodyMs = BODY_MS): void {
  server.server.maxConnections = MOST_CONNECTIONS
  server.addHook('onRequest', async (request, reply) => {
    const { headers } = request.raw
    if (headers['transfer-encoding'] === undefined && !(Number(headers['content-length']) > 0)) return
    const end = () => {
      const { socket, complete } = request.raw
      if (complete) return
      // whoever does not send does not read either
      setTimeout(() => socket.destroy(), 1000).unref()
      if (!reply.sent) sendProblem(request, reply.header('connection', 'close'), new FairleadError('request-timeout', 'The body did not arrive in time.'))
    }
    wait(request, end, bodyMs)
    for (const event of ['end', 'close']) request.raw.once(event, () => clearTimeout(waiting.get(request)?.timer))
  })
}

function wait(request: FastifyRequest, end: () => void, ms: number): void {
  clearTimeout(waiting.get(request)?.timer)
  const timer = setTimeout(end, ms)
  timer.unref()
  waiting.set(request, { timer, end })
}

/** Gives a request more time for its body, once it is known who sends it: minutes, or for a file as long as anything arrives. */
export function allowSlow(request: FastifyRequest, kind: 'large' | 'file'): void {
  const found = waiting.get(request)
  if (found === undefined) return
  if (kind === 'file') clearTimeout(found.timer)
  else wait(request, found.end, LARGE_BODY_MS)
}
