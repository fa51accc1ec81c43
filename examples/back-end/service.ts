// A service that decides loan applications: one by one as JSON, or a whole file of CSV, scored as it streams through.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createClient, PredictionError } from '@fairlead/client'
import { applications } from './applications.ts'
import { csvLine } from './csv.ts'
import type { CreditRiskRow, Deployments } from './deployments.ts'

const { FAIRLEAD_HTTP = 'http://127.0.0.1:7310', FAIRLEAD_API_KEY, PORT = '8080' } = process.env
const MOST_BYTES = 64 * 1024

// what may pass is tried again up to three times, and whoever asks has an answer within two seconds
const client = createClient<Deployments>({ url: FAIRLEAD_HTTP, apiKey: FAIRLEAD_API_KEY, retries: 3, deadlineMs: 2000 })

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const piece of request.setEncoding('utf8')) {
    text += piece
    if (text.length > MOST_BYTES) throw new Error('the application is too large')
  }
  return text
}

function answer(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}

/** Decides one application. The call ends when nobody waits for it any more. */
async function scoreOne(request: IncomingMessage, response: ServerResponse, signal: AbortSignal): Promise<void> {
  const application = JSON.parse(await bodyOf(request)) as CreditRiskRow
  const { id, predictions } = await client.predict('credit-risk', application, { signal })
  const [prediction] = predictions
  answer(response, 200, { id, decision: prediction?.decision, good: prediction?.probabilities.good })
}

async function* scored(request: IncomingMessage, signal: AbortSignal): AsyncGenerator<string> {
  yield csvLine(['row', 'decision', 'good', 'purpose', 'credit_amount'])
  // a file may take longer than one answer; each of its requests has its own limits
  const many = client.predictMany('credit-risk', applications(request), { batchRows: 200, concurrency: 4, timeoutMs: 5000, deadlineMs: 30_000, signal })
  for await (const { index, row, prediction } of many) {
    yield csvLine([index, prediction.decision, prediction.probabilities.good.toFixed(4), row.purpose, row.credit_amount])
  }
}

/** Decides a file; memory stays the same, however long it is. */
async function scoreFile(request: IncomingMessage, response: ServerResponse, signal: AbortSignal): Promise<void> {
  const lines = scored(request, signal)
  const header = await lines.next()
  // an error of the first rows is still an answer with a status; after that the answer is cut off
  const first = await lines.next()
  response.writeHead(200, { 'content-type': 'text/csv' })
  const all = async function* () {
    for (const one of [header, first]) if (!one.done) yield one.value
    yield* lines
  }
  await pipeline(Readable.from(all()), response)
}

function refuse(response: ServerResponse, error: unknown): void {
  if (response.headersSent) response.destroy()
  else if (!(error instanceof PredictionError)) answer(response, 400, { problem: error instanceof Error ? error.message : String(error) })
  else if (error.status === 422) answer(response, 422, { problem: error.detail, row: error.row, places: error.errors })
  else {
    console.error(`credit-risk: ${error.code}: ${error.detail}`)
    answer(response, error.retryable ? 503 : 502, { problem: 'The decision cannot be made now. Please try again.' })
  }
}

const ROUTES: Record<string, typeof scoreOne> = { 'POST /score': scoreOne, 'POST /score-file': scoreFile }

const server = createServer((request, response) => {
  const gone = new AbortController()
  response.once('close', () => gone.abort(new Error('the caller went away')))
  const route = ROUTES[`${request.method} ${request.url}`]
  if (!route) return answer(response, 404, { problem: `There is ${Object.keys(ROUTES).join(' and ')}.` })
  route(request, response, gone.signal).catch((error: unknown) => refuse(response, error))
})

server.listen(Number(PORT), '127.0.0.1', () => console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`))
