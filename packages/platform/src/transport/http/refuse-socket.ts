import type { Socket } from 'node:net'
import { FairleadError, toProblem } from '@fairlead/contract'
import { uuidv7 } from '../../kernel/ids.ts'

/** Longest head of a request. */
export const HEAD_BYTES = 16 * 1024

/** Why bytes did not become a request; codes as `node:http` has them. */
type Cause = Pick<NodeJS.ErrnoException, 'code'>

function refusal({ code }: Cause): { status: string; problem: FairleadError } {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return { status: '408 Request Timeout', problem: new FairleadError('request-timeout', 'the request did not arrive in time; the connection is closed') }
  if (code === 'HPE_HEADER_OVERFLOW')
    return {
      status: '431 Request Header Fields Too Large',
      problem: new FairleadError('request-invalid', `the head of the request is larger than ${HEAD_BYTES} bytes`),
    }
  return { status: '400 Bad Request', problem: new FairleadError('request-invalid', 'the request is not valid HTTP') }
}

/** How long a client may take to read why it is refused. */
const REFUSAL_MS = 1000

/** Says to a connection that there is no room for it, whatever it wants, and ends it. */
export function refuseConnection(socket: Socket): void {
  const problem = new FairleadError('overloaded', 'this process has as many connections as it takes', { retryAfter: 1 })
  const id = uuidv7()
  const text = JSON.stringify({ ...toProblem(problem, id), error: problem.message })
  const head = [
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(text)}`,
    'Retry-After: 1',
    `X-Request-Id: ${id}`,
    'Connection: close',
  ]
  socket.on('error', () => {})
  const timer = setTimeout(() => socket.destroy(), REFUSAL_MS).unref()
  socket.once('close', () => clearTimeout(timer))
  // bytes that are not read would have the system break the connection before the answer is
  socket.resume()
  socket.once('end', () => socket.destroy())
  socket.end(`HTTP/1.1 503 Service Unavailable\r\n${head.join('\r\n')}\r\n\r\n${text}`)
}

/** Answers what never became a request, and closes the connection. */
export function refuseSocket(cause: Cause, socket: Socket): void {
  if (cause.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const { status, problem } = refusal(cause)
  const id = uuidv7()
  // the path may be unknown here, so the body has the members of both forms of errors
  const text = JSON.stringify({ ...toProblem(problem, id), error: problem.message })
  const head = ['Content-Type: application/problem+json', `Content-Length: ${Buffer.byteLength(text)}`, `X-Request-Id: ${id}`, 'Connection: close']
  socket.end(`HTTP/1.1 ${status}\r\n${head.join('\r\n')}\r\n\r\n${text}`, () => socket.destroySoon())
}
