import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import process from 'node:process'

/** What a bank knows of its customers' accounts, and since when. A real one would ask its database. */
const ACCOUNTS: ReadonlyMap<number, { savings: string; checking: string; at: string }> = new Map([
  [7, { savings: 'little', checking: 'little', at: new Date().toISOString() }],
  [8, { savings: 'rich', checking: 'not_known', at: new Date().toISOString() }],
  // seen long ago
  [9, { savings: 'rich', checking: 'rich', at: '2020-01-31T12:00:00Z' }],
])

interface Question {
  keys: { customer: number[] }
  features: ('savings' | 'checking')[]
}

const secret = process.env.ACCOUNTS_SECRET ?? ''

const server = createServer(async (request, response) => {
  if (request.headers.authorization !== secret) {
    response.writeHead(401).end('{"error":"the secret is not right"}')
    return
  }
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  const { keys, features } = JSON.parse(Buffer.concat(parts).toString()) as Question
  const known = keys.customer.map((customer) => ACCOUNTS.get(customer))
  const answer = {
    features: Object.fromEntries(features.map((name) => [name, known.map((account) => account?.[name] ?? null)])),
    times: Object.fromEntries(features.map((name) => [name, known.map((account) => account?.at ?? null)])),
  }
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
})

server.listen(Number(process.env.PORT ?? 8090), '127.0.0.1', () => {
  console.log(`accounts at http://127.0.0.1:${(server.address() as AddressInfo).port}/features`)
})
