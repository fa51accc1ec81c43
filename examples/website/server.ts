// The website's own back end: it serves the page and asks Fairlead for it, so that the API key never leaves this process.
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createClient, PredictionError } from '@fairlead/client'
import type { CreditRiskRow, Deployments } from './deployments.ts'

const { FAIRLEAD_HTTP = 'http://127.0.0.1:7310', FAIRLEAD_API_KEY, PORT = '8081' } = process.env
const MOST_CHARACTERS = 10_000
const client = createClient<Deployments>({ url: FAIRLEAD_HTTP, apiKey: FAIRLEAD_API_KEY, deadlineMs: 3000 })

const FILES: Record<string, [file: string, type: string]> = {
  '/': ['index.html', 'text/html; charset=utf-8'],
  '/style.css': ['style.css', 'text/css; charset=utf-8'],
  '/page.js': ['page.js', 'text/javascript; charset=utf-8'],
}
const HEADERS = {
  'content-security-policy': "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; form-action 'self'; base-uri 'none'",
  'x-content-type-options': 'nosniff',
}

function answer(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { ...HEADERS, 'content-type': 'application/json' }).end(JSON.stringify(value))
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const piece of request.setEncoding('utf8')) {
    text += piece
    if (text.length > MOST_CHARACTERS) throw new Error('the form is too large')
  }
  return text
}

/** Decides an application. What the page gets of an error is only what its reader can do something about. */
async function decide(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  try {
    const application = JSON.parse(await bodyOf(request)) as CreditRiskRow
    const { id, predictions } = await client.predict('credit-risk', application, { signal: gone.signal })
    answer(response, 200, { id, decision: predictions[0]?.decision, good: predictions[0]?.probabilities.good })
  } catch (error) {
    if (gone.signal.aborted) return
    if (!(error instanceof PredictionError)) return void answer(response, 400, { problem: 'The form could not be read.' })
    if (error.status === 422)
      return void answer(response, 422, { fields: error.errors.map(({ path, detail }) => ({ field: path.replace(/^rows\[0\]\./, ''), detail })) })
    console.error(`${error.code}: ${error.detail}`)
    answer(response, 503, { problem: 'No decision can be made at the moment. Please try again in a minute.' })
  }
}

const server = createServer(async (request, response) => {
  if (request.method === 'POST' && request.url === '/api/decision') return decide(request, response)
  const [file, type] = FILES[request.url ?? ''] ?? []
  if (request.method !== 'GET' || file === undefined) return answer(response, 404, { problem: 'There is nothing here.' })
  response.writeHead(200, { ...HEADERS, 'content-type': type }).end(await readFile(new URL(file, import.meta.url)))
})

server.listen(Number(PORT), '127.0.0.1', () => console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`))
