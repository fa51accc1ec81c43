import { setTimeout as sleep } from 'node:timers/promises'
import { Connection } from './connection.ts'
import { GrpcLines } from './grpc-lines.ts'
import { Judge } from './judge.ts'
import { wireOf } from './prepare.ts'
import { Recorder } from './record.ts'
import { gaps } from './schedule.ts'
import type { BenchRequest, Generator, Line, Step, StepResult, Target } from './types.ts'

/** Timers come up to a millisecond late; the rest of a pause is waited for by turning the loop. */
const TIMER_SLACK_MS = 1.5
const LOOK_MS = 20
/** A server may close a connection that rests for some seconds, so fewer are used where each would have little to do. */
const REST_SECONDS = 3
/** Statuses that refuse a request for now. */
const REFUSALS = [429, 503]

interface Prepared {
  wire: Buffer
  judge: Judge
}

/** A request in hand: which one, when it was due, and when it was sent. */
interface InHand {
  request: number
  scheduled: number
  sent: number
}

/** The generator of load, in this thread. Its times are only as good as the thread is free of other work: see `generatorThread`. */
export class LoadGenerator implements Generator {
  readonly #target: Target
  readonly #requests: Prepared[]
  readonly #connections: readonly Line[]
  readonly #grpc: GrpcLines | undefined
  readonly #inHand = new Map<Line, InHand>()
  #free: Line[] = []
  /** Requests that found no free connection, in order. */
  #waiting: InHand[] = []
  #turn = 0
  #recorder: Recorder | undefined
  /** Told when a request has ended, in closed loop. */
  #onFree: (() => void) | undefined
  #learning: ((status: number, body: Buffer | string) => void) | undefined

  constructor(target: Target, requests: BenchRequest[]) {
    this.#target = target
    this.#requests = requests.map((request) => ({ wire: wireOf(target, request), judge: new Judge(request, target.protocol) }))
    const taker = {
      answered: (line: Line, status: number, body: Buffer) => this.#ended(line, status, body),
      broken: (line: Line, reason: string) => this.#ended(line, 0, reason),
    }
    this.#grpc = target.protocol === 'grpc' ? new GrpcLines(target, requests[0]!.path) : undefined
    const line = () => this.#grpc?.line(taker) ?? new Connection(new URL(target.url), taker)
    this.#connections = Array.from({ length: target.connections }, line)
  }

  async learn(): Promise<void> {
    const [connection] = this.#connections
    for (const [index, { judge, wire }] of [...this.#requests, ...this.#requests].entries()) {
      const { promise, resolve } = Promise.withResolvers<{ status: number; body: Buffer | string }>()
      this.#learning = (status, body) => resolve({ status, body })
      connection!.send(wire)
      const timer = setTimeout(() => connection!.drop(`no answer within ${this.#target.timeoutMs / 1000} s`), this.#target.timeoutMs)
      const { status, body } = await promise
      clearTimeout(timer)
      this.#learning = undefined
      if (typeof body === 'string') throw new Error(body)
      if (status !== 200) throw new Error(`request ${index} was answered with ${status}: ${body.toString('utf8', 0, 500)}`)
      judge.learn(body)
    }
  }

  async run(step: Step, tell: (share: number) => void = () => {}): Promise<StepResult> {
    const used = step.rate === null ? this.#connections.length : Math.min(this.#connections.length, Math.ceil(step.rate * REST_SECONDS))
    this.#free = this.#connections.slice(0, used)
    await Promise.all(this.#free.map((connection) => connection.open().catch(() => {})))
    const begin = performance.now()
    const recorder = new Recorder(step, begin)
    this.#recorder = recorder
    const looking = setInterval(() => {
      this.#look(step)
      tell(Math.min(1, (performance.now() - begin) / (recorder.end - begin)))
    }, LOOK_MS)
    try {
      await (step.rate === null ? this.#closedLoop(recorder) : this.#openLoop(recorder, gaps(step.rate, step.arrivals, step.seed), begin))
      await this.#drained(recorder)
    } finally {
      clearInterval(looking)
      this.#onFree = undefined
      this.#recorder = undefined
    }
    return recorder.result()
  }

  cancel(): void {
    if (!this.#recorder) return
    this.#recorder.cancelled = true
    this.#recorder.cut(performance.now())
  }

  async close(): Promise<void> {
    this.cancel()
    for (const connection of this.#connections) connection.drop('the benchmark ended')
    this.#grpc?.close()
  }

  /** Requests are due by the clock, whether or not those before were answered. */
  #openLoop(recorder: Recorder, gap: () => number, begin: number): Promise<void> {
    return new Promise((resolve) => {
      let due = begin + gap()
      const turn = (): void => {
        const now = performance.now()
        while (due <= now && due < recorder.end) {
          this.#take({ request: this.#turn++ % this.#requests.length, scheduled: due, sent: 0 }, now)
          due += gap()
        }
        if (due >= recorder.end || now >= recorder.end) resolve()
        else if (due - now > TIMER_SLACK_MS + 1) setTimeout(turn, Math.min(due - now - TIMER_SLACK_MS, LOOK_MS))
        else setImmediate(turn)
      }
      turn()
    })
  }

  /** Each connection asks again when it has its answer: how much the server does when it is never waited for. */
  #closedLoop(recorder: Recorder): Promise<void> {
    return new Promise((resolve) => {
      const next = () => {
        const now = performance.now()
        if (now >= recorder.end) return resolve()
        while (this.#free.length > 0) this.#take({ request: this.#turn++ % this.#requests.length, scheduled: now, sent: 0 }, now)
      }
      // a connection that broke is not tried again at once: nothing may be listening
      this.#onFree = () => setImmediate(next)
      next()
    })
  }

  #take(request: InHand, now: number): void {
    const connection = this.#free.shift()
    this.#recorder?.due(request.scheduled, now, connection === undefined)
    if (connection) this.#send(connection, request, now)
    else this.#waiting.push(request)
  }

  #send(connection: Line, request: InHand, now: number): void {
    request.sent = now
    this.#inHand.set(connection, request)
    connection.send(this.#requests[request.request]!.wire)
  }

  #ended(connection: Line, status: number, body: Buffer | string) {
    if (this.#learning) return this.#learning(status, body)
    const request = this.#inHand.get(connection)
    if (!request) return
    this.#inHand.delete(connection)
    this.#judge(request, status, body)
    const next = this.#waiting.shift()
    if (next) {
      // after a break not within the same turn: a server that refuses all connections would be asked without end
      if (typeof body === 'string') setTimeout(() => this.#send(connection, next, performance.now()), 1)
      else this.#send(connection, next, performance.now())
      return
    }
    this.#free.push(connection)
    this.#onFree?.()
  }

  #judge({ request, scheduled }: InHand, status: number, body: Buffer | string) {
    const recorder = this.#recorder
    const now = performance.now()
    if (!recorder || (recorder.cancelled && typeof body === 'string')) return
    if (typeof body === 'string') return recorder.failed(scheduled, now, body)
    if (status !== 200) {
      if (REFUSALS.includes(status)) recorder.refused(scheduled, now)
      else recorder.wrong(`status ${status}: ${body.toString('utf8', 0, 300)}`)
      return recorder.failed(scheduled, now, String(status))
    }
    const wrong = this.#requests[request]!.judge.wrong(body)
    if (wrong === undefined) return recorder.answered(scheduled, now)
    recorder.wrong(wrong)
    recorder.failed(scheduled, now, 'wrong')
  }

  /** Gives up requests that take too long, and the step when it is hopeless. */
  #look(step: Step): void {
    const now = performance.now()
    for (const [connection, { sent }] of this.#inHand) if (now - sent > this.#target.timeoutMs) connection.drop('timeout')
    const [first] = this.#waiting
    if (!first || !this.#recorder || now - first.scheduled <= step.giveUpMs) return
    this.#recorder.givenUp = true
    for (const { scheduled } of this.#waiting.splice(0)) this.#recorder.dropped(scheduled, now)
    this.#recorder.cut(now)
  }

  /** Waits for the answers to what was sent; those of a step that was cancelled are not waited for. */
  async #drained(recorder: Recorder): Promise<void> {
    while (this.#inHand.size + this.#waiting.length > 0 && !recorder.cancelled) await sleep(2)
    if (!recorder.cancelled) return
    this.#waiting = []
    for (const connection of this.#inHand.keys()) connection.drop('cancelled')
  }
}
