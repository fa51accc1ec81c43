// A load generator in a process of its own: kept-alive connections on raw sockets, each sending its next request when it
// has the answer to the last one. Every answer is checked. Reads one LoadTask per message, answers with a LoadResult.
import { connect, type Socket } from 'node:net'
import type { LoadResult, LoadTask } from './load.ts'

const HEAD_END = Buffer.from('\r\n\r\n')

interface Request {
  bytes: Buffer
  /** The part of a right answer that is the same every time, once one was read in full and found right. */
  known: Buffer | undefined
  check: LoadTask['requests'][number]['expect']
}

function prepare(task: LoadTask): Request[] {
  return task.requests.map(({ path, body, expect }) => {
    const head = `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1:${task.port}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n`
    return { bytes: Buffer.from(head + body), known: undefined, check: expect }
  })
}

async function run(task: LoadTask): Promise<LoadResult> {
  const requests = prepare(task)
  const latencies: number[] = []
  const wrong: string[] = []
  const end = performance.now() + task.seconds * 1000
  const start = performance.now()
  let done = 0
  const answered = (request: Request, status: number, body: Buffer, micros: number): void => {
    done++
    latencies.push(micros)
    const problem = status === 200 ? judge(request, body, task.marker) : `status ${status}: ${body.toString('utf8', 0, 300)}`
    if (problem) wrong.push(problem)
  }
  await Promise.all(Array.from({ length: task.connections }, (_, at) => drive({ task, requests, end, first: at, answered })))
  const seconds = (performance.now() - start) / 1000
  latencies.sort((a, b) => a - b)
  const quantile = (q: number): number => latencies[Math.min(latencies.length - 1, Math.floor(q * latencies.length))] ?? Number.NaN
  return { requests: done, perSecond: done / seconds, p50: quantile(0.5), p99: quantile(0.99), wrong: wrong.length, firstWrong: wrong[0] }
}

interface Drive {
  task: LoadTask
  requests: Request[]
  end: number
  first: number
  answered(request: Request, status: number, body: Buffer, micros: number): void
}

/** Keeps one connection busy until the time is over. Rejects when the server closes it or answers without a length. */
function drive({ task, requests, end, first, answered }: Drive): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect(task.port, '127.0.0.1')
    socket.setNoDelay(true)
    let at = first % requests.length
    let sent = 0
    let held: Buffer | undefined
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
    socket.on('data', (chunk) => {
      const bytes = held ? Buffer.concat([held, chunk]) : chunk
      const headEnd = bytes.indexOf(HEAD_END)
      if (headEnd < 0) {
        held = bytes
        return
      }
      const head = bytes.toString('latin1', 0, headEnd)
      const length = /content-length: (\d+)/i.exec(head)
      if (!length) {
        reject(new Error(`An answer without Content-Length: ${head}`))
        socket.destroy()
        return
      }
      const total = headEnd + 4 + Number(length[1])
      if (bytes.length < total) {
        held = bytes
        return
      }
      held = undefined
      answered(requests[at] as Request, Number(head.slice(9, 12)), bytes.subarray(headEnd + 4, total), (performance.now() - sent) * 1000)
      at = (at + 1) % requests.length
      send()
    })
    socket.on('connect', send)
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('The server closed a connection')))
  })
}

/** Says what is wrong with an answer; undefined when it is right. */
function judge(request: Request, body: Buffer, marker: string): string | undefined {
  const from = marker === '' ? 0 : body.indexOf(marker)
  if (from < 0) return `no ${marker} in ${body.toString('utf8', 0, 300)}`
  const part = body.subarray(from)
  if (request.known?.equals(part)) return undefined
  const problem = request.check === undefined ? undefined : differs(JSON.parse(body.toString('utf8')), request.check)
  if (problem === undefined) request.known = Buffer.from(part)
  return problem && `${problem}: ${body.toString('utf8', 0, 300)}`
}

interface Answer {
  predictions?: { label: unknown; probabilities: Record<string, number> }[]
  outputs?: { name: string; data: number[] }[]
}

function differs(answer: Answer, expect: { label: number; probabilities: number[] }): string | undefined {
  const row = answer.predictions?.[0]
  const label = row ? row.label : answer.outputs?.find(({ name }) => name === 'label')?.data[0]
  const probabilities = row ? Object.values(row.probabilities) : answer.outputs?.find(({ name }) => name === 'probabilities')?.data
  if (Number(label) !== expect.label) return `label ${label} where ${expect.label} is right`
  const far = expect.probabilities.some((value, at) => Math.abs(value - (probabilities?.[at] ?? Number.NaN)) > 1e-6 || probabilities?.[at] === undefined)
  return far ? `probabilities ${probabilities} where ${expect.probabilities} are right` : undefined
}

process.on('message', (task: LoadTask) => {
  run(task).then(
    (result) => process.send?.(result),
    (error: Error) => process.send?.({ error: error.message }),
  )
})
process.on('disconnect', () => process.exit(0))
