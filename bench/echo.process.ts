// The echo: a bare node:http server that reads the body and answers a constant, its argument; without one, the same bytes.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const [constant] = process.argv.slice(2)
const answer = constant === undefined ? undefined : Buffer.from(constant)
const type = answer ? 'application/json' : 'application/octet-stream'

const server = createServer((request, response) => {
  const parts: Buffer[] = []
  request.on('data', (part: Buffer) => parts.push(part))
  request.on('end', () => {
    const body = Buffer.concat(parts)
    const bytes = answer ?? body
    response.writeHead(200, { 'content-type': type, 'content-length': bytes.length })
    response.end(bytes)
  })
})
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }))
process.on('disconnect', () => process.exit(0))
