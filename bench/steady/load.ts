import { LatencyHistogram } from '../../packages/platform/src/bench/histogram.ts'
import type { BenchRequest, Failure, Generator, StepResult } from '../../packages/platform/src/bench/index.ts'
import { generatorThread } from '../../packages/platform/src/bench/thread.ts'
import { differs } from '../answers.ts'
import type { LoadRequest } from '../load.ts'
import type { Figure } from '../report.ts'
import { rowRequests } from '../serving/requests.ts'

const NAMES = Array.from({ length: 30 }, (_, at) => `c${String(at).padStart(2, '0')}`)

/** What a step measured, in milliseconds from the scheduled time of a request. */
export interface Measured {
  perSecond: number
  p50: number
  p99: number
  /** Requests that were due. */
  requests: number
  failed: Record<string, number>
  failures: Failure[]
  /** 99th percentile of what refusals took; not a number when there were none. */
  refusedP99: number
  /** Share of the requests that the generator itself came to more than a millisecond late. */
  late: number
}

/** Load on one deployment: raw connections in a thread of its own, every answer compared with the recorded one. */
export interface SteadyLoad extends AsyncDisposable {
  /** Requests by the clock, so many a second. */
  open(rate: number, seconds: number): Promise<Measured>
  /** Each connection asks again when it has its answer. */
  closed(seconds: number): Promise<Measured>
}

/** Requests for the 100-tree classifier under a name, a row each. */
export function treeRequests(deployment: string): LoadRequest[] {
  return rowRequests(`/v1/deployments/${deployment}/predict`, (features) => ({ rows: [Object.fromEntries(NAMES.map((name, at) => [name, features[at]]))] }))
}

/** Makes ready to load a deployment. Throws when an answer is not the recorded one. */
export async function steadyLoad(http: string, requests: LoadRequest[], connections: number): Promise<SteadyLoad> {
  for (const request of requests) await checkRecorded(http, request)
  const member = requests[0]?.path.startsWith('/v2/') ? 'outputs' : 'predictions'
  const own = requests.map(({ path, body }): BenchRequest => ({ path, headers: { 'content-type': 'application/json' }, body: Buffer.from(body), member }))
  const generator = generatorThread({ url: http, headers: {}, connections, timeoutMs: 10_000 }, own)
  await generator.learn()
  return {
    open: (rate, seconds) => run(generator, rate, seconds),
    closed: (seconds) => run(generator, null, seconds),
    [Symbol.asyncDispose]: () => generator.close(),
  }
}

async function checkRecorded(http: string, { path, body, expect }: LoadRequest): Promise<void> {
  const answer = await fetch(http + path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: String(body) })
  const bytes = Buffer.from(await answer.arrayBuffer())
  const problem = answer.status === 200 ? expect && differs(bytes, expect) : `status ${answer.status}`
  if (problem) throw new Error(`${path}: ${problem}: ${bytes.toString('utf8', 0, 300)}`)
}

async function run(generator: Generator, rate: number | null, seconds: number): Promise<Measured> {
  const result = await generator.run({ rate, seconds, leadSeconds: 0, arrivals: 'poisson', seed: 1, giveUpMs: 30_000, lateMs: 1 })
  if (result.firstWrong !== undefined && !result.failed['503']) throw new Error(`An answer is wrong: ${result.firstWrong}`)
  return measuredOf(result)
}

function measuredOf(result: StepResult): Measured {
  const latency = LatencyHistogram.of(result.latency)
  const millis = (micros: number | null) => (micros === null ? Number.NaN : micros / 1000)
  return {
    perSecond: result.inTime / result.seconds,
    p50: millis(latency.quantile(0.5)),
    p99: millis(latency.quantile(0.99)),
    requests: result.scheduled,
    failed: result.failed,
    failures: result.failures,
    refusedP99: millis(LatencyHistogram.of(result.refused).quantile(0.99)),
    late: result.late / Math.max(1, result.scheduled),
  }
}

/** Whether the latencies mean anything: with more late requests than this, p99 is that of the generator and of a busy machine. */
export function lateFigure(steps: readonly Measured[]): Figure {
  return {
    name: 'requests that the generator sent late: above the bar, the latencies say nothing',
    unit: '%',
    rounds: steps.map(({ late }) => late * 100),
    bar: { most: 1 },
  }
}

/** A measurement in a line, for who watches the benchmark run. */
export function told(what: string, { perSecond, p50, p99, failed, late }: Measured): string {
  const failures = Object.entries(failed).map(([kind, n]) => `, ${n} × ${kind}`)
  return `${what}: ${Math.round(perSecond)}/s, p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms, ${(late * 100).toFixed(1)} % sent late${failures.join('')}\n`
}
