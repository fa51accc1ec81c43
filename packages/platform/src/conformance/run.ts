import { FairleadError } from '@fairlead/contract'
import { GRPC_CASES, HTTP_CASES } from './catalogue.ts'
import { discover } from './discover.ts'
import { type GrpcAnswer, type GrpcRequest, grpcTransport } from './grpc/call.ts'
import { httpTransport } from './http.ts'
import type { Report } from './report/summary.ts'
import { runCase } from './runner.ts'
import { plain } from './show.ts'
import type { Subject } from './subject.ts'
import type { Tensor } from './tensors.ts'
import type { Case, CaseResult, Transport } from './types.ts'

/** What to judge and how. */
export interface ConformanceOptions {
  url: URL
  /** `http://host:port` of gRPC, or `https://` for TLS; gRPC is not judged when not given. */
  grpc?: URL | undefined
  /** The model; the first ready one when not given. */
  model?: string | undefined
  /** Inputs that the model accepts, in place of made-up ones. */
  inputs?: Tensor[] | undefined
  /** Sent with every request, and never shown. */
  headers?: Record<string, string> | undefined
  /** Only cases whose id begins with one of these. */
  only?: readonly string[] | undefined
  /** Whether the model may be unloaded and loaded. */
  mayUnload?: boolean | undefined
  /** Milliseconds for a request and its answer. */
  timeoutMs?: number | undefined
  maxAnswerBytes?: number | undefined
  note?: ((text: string) => void) | undefined
  progress?: ((id: string, share: number) => void) | undefined
}

const TIMEOUT_MS = 10_000
const MAX_ANSWER_BYTES = 16 * 1024 * 1024
/** After so many requests in a row without an answer the rest is not asked: a server that hangs would hang the run. */
const MAX_SILENT = 3

/**
 * Asks a server every case and judges its answers. Rejects with `unreachable` when the server cannot be reached, and with
 * `usage` when no model can be found; whatever else a server does is in the report.
 */
export async function runConformance(options: ConformanceOptions): Promise<Report> {
  const { url, note = () => {}, timeoutMs = TIMEOUT_MS, maxAnswerBytes = MAX_ANSWER_BYTES } = options
  const startedAt = new Date()
  const { grpc, headers = {} } = options
  const transport = httpTransport({ url, headers, timeoutMs, maxAnswerBytes })
  const overGrpc = grpc && grpcTransport({ url: grpc, headers: lowerCased(headers), timeoutMs, maxAnswerBytes })
  const subject = await discover(transport.send, url, { model: options.model, inputs: options.inputs, mayUnload: options.mayUnload, note })
  if (overGrpc) await reach(overGrpc, grpc)
  const cases = await runCases(HTTP_CASES, subject, { transport, ...options })
  if (overGrpc) {
    cases.push(...(await runCases(GRPC_CASES, subject, { transport: overGrpc, ...options })))
  }
  return {
    url: plain(`${url.origin}${url.pathname.replace(/\/$/, '')}`),
    grpc: grpc?.host,
    server: subject.server,
    model: { name: subject.model, version: subject.version, echoes: subject.echoes.map(({ input }) => input.datatype) },
    startedAt: startedAt.toISOString(),
    seconds: (Date.now() - startedAt.getTime()) / 1000,
    cases,
  }
}

function lowerCased(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}

async function reach({ send }: Transport<GrpcRequest, GrpcAnswer>, url: URL): Promise<void> {
  const { answer, exchange } = await send({ method: 'inference.GRPCInferenceService/ServerLive', message: Buffer.alloc(0) })
  if (!answer) throw new FairleadError('unreachable', `${url.host} does not answer over gRPC: ${plain(exchange.failure ?? '')}`)
}

type RunOptions<Request, Answer> = Pick<ConformanceOptions, 'only' | 'progress'> & { transport: Transport<Request, Answer> }

async function runCases<Request, Answer>(
  all: readonly Case<Request, Answer>[],
  subject: Subject,
  { only, progress = () => {}, transport }: RunOptions<Request, Answer>,
): Promise<CaseResult[]> {
  const chosen = only ? all.filter(({ id }) => only.some((start) => id.startsWith(start))) : all
  const results: CaseResult[] = []
  let silent = 0
  for (const [i, one] of chosen.entries()) {
    progress(one.id, i / chosen.length)
    const result = silent < MAX_SILENT ? await runCase(one, subject, transport) : unasked(one)
    if (result.outcome !== 'skipped') silent = result.exchanges.at(-1)?.answer ? 0 : silent + 1
    results.push(result)
  }
  return results
}

function unasked<Request, Answer>({ id, title, level, section }: Case<Request, Answer>): CaseResult {
  const found = 'it was not asked: the server left several requests in a row without an answer'
  const findings = [{ statement: 'the server answers', soft: false, met: false, found }]
  return { id, title, level, section, outcome: 'failed', reason: found, findings, exchanges: [] }
}
