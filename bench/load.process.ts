// A load generator in a process of its own: kept-alive connections on raw sockets, each sending its next request when it
// has the answer to the last one. Every answer is checked. Reads one LoadTask per message, answers with a LoadResult.
import { connect, type Socket } from 'node:net'
import { differs } from './answers.ts'
import type { LoadRequest, LoadResult, LoadTask } from './load.ts'
import { AnswerReader } from './reader.ts'
import { summaryOf } from './summary.ts'

const READ_BYTES = 64 * 1024

interface Request {
  bytes: Buffer
  /** The part of a right answer that is the same every time, once one was read in full and found right. */
  known: Buffer | undefined
  check: LoadRequest['expect']
}

function prepare(task: LoadTask): Request[] {
  return task.requests.map(({ path, body, headers, expect }) => {
    const lines = Object.entries(headers ?? { 'Content-Type': 'application/json' }).map(([name, value]) => `${name}: ${value}\r\n`)
    const head = `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1:${task.port}\r\n${lines.join('')}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n`
    return { bytes: Buffer.concat([Buffer.from(head), Buffer.from(body as string)]), known: undefined, check: expect }
  })
}

async function run(task: LoadTask): Promise<LoadResult> {
  const requests = prepare(task)
  const latencies: number[] = []
  const wrong: string[] = []
  const cpu = process.cpuUsage()
  const start = performance.now()
  const end = start + task.seconds * 1000
  const answered = (request: Request, answer: { status: number; body: Buffer; micros: number }): void => {
    latencies.push(answer.micros)
    const problem = answer.status === 200 ? judge(request, answer.body, task.marker) : `status ${answer.status}: ${answer.body.toString('utf8', 0, 300)}`
    if (problem) wrong.push(problem)
  }
  const sockets: Socket[] = []
  const drives = Array.from({ length: task.connections }, (_, at) => drive({ task, requests, end, first: at, sockets, answered }))
  const late = setTimeout(() => sockets[0]?.destroy(new Error('An answer did not come within half a minute')), task.seconds * 1000 + 30_000)
  try {
    await Promise.all(drives)
  } finally {
    clearTimeout(late)
    for (const socket of sockets) socket.destroy()
  }
  return { ...summaryOf(latencies, { start, cpu }), wrong: wrong.length, firstWrong: wrong[0] }
}

interface Drive {
  task: LoadTask
  requests: Request[]
  end: number
  first: number
  /** Takes the socket, for the one who ends them all when one fails. */
  sockets: Socket[]
  answered(request: Request, answer: { status: number; body: Buffer; micros: number }): void
}

/** Keeps one connection busy until the time is over. Rejects when the server closes it or answers without a length. */
function drive({ task, requests, end, first, sockets, answered }: Drive): Promise<void> {
  return new Promise((resolve, reject) => {
    let at = first % requests.length
    let sent = 0
    const reader = new AnswerReader()
    const send = (): void => {
      if (performance.now() >= end) {
        socket.removeAllListeners('close')
        socket.end()
        resolve()
        return
      }
      sent = performance.now()
      socket.write((requests[at] as Request).bytes)
    }
    // one buffer for all that a connection reads: nothing is allocated for an answer that comes in one piece
    const room = Buffer.allocUnsafe(READ_BYTES)
    const callback = (length: number): boolean => {
      try {
        const answer = reader.read(room.subarray(0, length))
        if (!answer) return true
        answered(requests[at] as Request, { ...answer, micros: (performance.now() - sent) * 1000 })
        at = (at + 1) % requests.length
        send()
      } catch (error) {
        reject(error)
        socket.destroy()
      }
      return true
    }
    const socket = connect({ port: task.port, host: '127.0.0.1', noDelay: true, onread: { buffer: room, callback } })
    sockets.push(socket)
    socket.on('connect', send)
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('The server closed a connection')))
  })
}

/** Says what is wrong with an answer; undefined when it is right. */
function judge(request: Request, body: Buffer, marker: string): string | undefined {
  const { check } = request
  if (check && 'bytes' in check) return differs(body, check)
  const from = marker === '' ? 0 : body.indexOf(marker)
  if (from < 0) return `no ${marker} in ${body.toString('utf8', 0, 300)}`
  const part = body.subarray(from)
  if (request.known?.equals(part)) return undefined
  const problem = check && differs(body, check)
  if (problem === undefined) request.known = Buffer.from(part)
  return problem && `${problem}: ${body.toString('utf8', 0, 300)}`
}

process.on('message', (task: LoadTask) => {
  run(task).then(
    (result) => process.send?.(result),
    (error: Error) => process.send?.({ error: error.message }),
  )
})
process.on('disconnect', () => process.exit(0))
