import { Agent, type IncomingMessage, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Row } from '@fairlead/contract'
import { ROW } from './rig.ts'

/** One request that was answered. */
export interface Answered {
  id: string
  status: number
  connection: number
  release: number | undefined
  body: string
}

/** One request that was not. `refused`: no connection was made, so nobody took it. */
export interface Broken {
  id: string
  connection: number
  code: string
  refused: boolean
}

export interface LoadOptions {
  http: string
  deployment: string
  connections?: number
  /** Pause of each connection between an answer and its next request. */
  pauseMs?: number
  row?: Row
}

let loads = 0

/** Asks for predictions on a few connections that are kept, each one request after the other, until stopped. */
export class Load implements AsyncDisposable {
  readonly answered: Answered[] = []
  readonly broken: Broken[] = []
  readonly #options: Required<LoadOptions>
  readonly #agents: Agent[] = []
  readonly #loops: Promise<void>[]
  readonly #name = `load${++loads}-${process.pid}`
  #stopped = false
  #sent = 0

  constructor(options: LoadOptions) {
    this.#options = { connections: 6, pauseMs: 4, row: ROW, ...options }
    this.#loops = Array.from({ length: this.#options.connections }, (_, connection) => this.#loop(connection))
  }

  /** Requests that were answered with 200. */
  get good(): Answered[] {
    return this.answered.filter(({ status }) => status === 200)
  }

  /** Settles when this many more requests have been answered. */
  async more(count: number, timeoutMs = 20_000): Promise<void> {
    const [goal, until] = [this.answered.length + count, Date.now() + timeoutMs]
    while (this.answered.length < goal) {
      if (Date.now() > until) throw new Error(`${this.answered.length} requests were answered, not ${goal}, within ${timeoutMs} ms`)
      await sleep(5)
    }
  }

  /** Asks no more; settles when what was asked is answered. */
  async stop(): Promise<this> {
    this.#stopped = true
    await Promise.all(this.#loops)
    for (const agent of this.#agents) agent.destroy()
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true
    // what is in hand when a test fails need not be answered
    for (const agent of this.#agents) agent.destroy()
    await Promise.all(this.#loops)
  }

  async #loop(connection: number): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    this.#agents.push(agent)
    while (!this.#stopped) {
      const id = `${this.#name}-${++this.#sent}`
      try {
        this.answered.push({ id, connection, ...(await this.#ask(id, agent)) })
      } catch (error) {
        const code = (error as NodeJS.ErrnoException).code ?? String(error)
        this.broken.push({ id, connection, code, refused: code === 'ECONNREFUSED' })
        await sleep(20)
      }
      await sleep(this.#options.pauseMs)
    }
  }

  #ask(id: string, agent: Agent): Promise<Omit<Answered, 'id' | 'connection'>> {
    const { http, deployment, row } = this.#options
    const text = JSON.stringify({ rows: [row] })
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text), 'x-request-id': id }
    return new Promise((resolve, reject) => {
      const sent = request(`${http}/v1/deployments/${deployment}/predict`, { method: 'POST', agent, headers, timeout: 30_000 })
      sent.on('error', reject)
      sent.on('timeout', () => sent.destroy(new Error('no answer within 30 s')))
      sent.on('response', (response) => read(response).then(resolve, reject))
      sent.end(text)
    })
  }
}

async function read(response: IncomingMessage): Promise<Omit<Answered, 'id' | 'connection'>> {
  let body = ''
  response.setEncoding('utf8')
  for await (const chunk of response) body += chunk
  const status = response.statusCode ?? 0
  return { status, body, release: status === 200 ? (JSON.parse(body) as { release: number }).release : undefined }
}
