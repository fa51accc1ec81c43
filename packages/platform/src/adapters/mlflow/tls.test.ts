import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createServer as createPlain } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { FairleadError } from '@fairlead/contract'
import type { TlsOptions } from '../../kernel/http-sender.ts'
import { oneExperiment } from './answers.ts'
import { Connection } from './connection.ts'

/** A certificate for localhost that is signed by itself, and its key; it is used for nothing else. */
const PEM = fileURLToPath(new URL('testdata/localhost.pem', import.meta.url))

test('certificates are checked unless told otherwise, and one of the client is shown', async () => {
  const pem = readFileSync(PEM)
  const shown: boolean[] = []
  const server = createServer({ cert: pem, key: pem, ca: pem, requestCert: true, rejectUnauthorized: false }, (request, response) => {
    if (request.url?.startsWith('/back')) return response.writeHead(302, { location: 'http://localhost:1/x' }).end()
    shown.push((request.socket as TLSSocket).authorized)
    response.end('{"experiment": {"name": "e"}}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const ask = async (tls: TlsOptions) => {
    const connection = new Connection(`https://localhost:${(server.address() as AddressInfo).port}`, { tls, timeoutMs: 10_000, retries: 0 })
    try {
      return (await connection.get('x', {}, oneExperiment)).experiment.name
    } finally {
      connection.close()
    }
  }
  const fails = (code: string, words: RegExp) => (error: unknown) => error instanceof FairleadError && error.code === code && words.test(error.message)
  try {
    await assert.rejects(ask({}), fails('tracking-unreachable', /signed by itself; name it in MLFLOW_TRACKING_SERVER_CERT_PATH/))
    await assert.rejects(ask({ caFile: '/no/such.pem' }), fails('file-unreadable', /\/no\/such\.pem cannot be read/))
    assert.equal(await ask({ caFile: PEM }), 'e')
    assert.equal(await ask({ insecure: true }), 'e')
    assert.equal(await ask({ caFile: PEM, clientCertFile: PEM }), 'e')
    assert.deepEqual(shown, [false, false, true])
    // a redirect to the same host by TLS is followed, and the way back is not
    const port = (server.address() as AddressInfo).port
    const plain = createPlain((_, response) => response.writeHead(302, { location: `https://localhost:${port}/x` }).end())
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve))
    const upgraded = new Connection(`http://localhost:${(plain.address() as AddressInfo).port}`, { tls: { caFile: PEM }, timeoutMs: 10_000, retries: 0 })
    const back = new Connection(`https://localhost:${port}/back`, { tls: { caFile: PEM }, timeoutMs: 10_000, retries: 0 })
    try {
      assert.equal((await upgraded.get('x', {}, oneExperiment)).experiment.name, 'e')
      await assert.rejects(back.get('x', {}, oneExperiment), fails('tracking-failed', /redirects to http:\/\/localhost:1, where neither/))
    } finally {
      upgraded.close()
      back.close()
      plain.close()
      plain.closeAllConnections()
    }
  } finally {
    server.close()
    server.closeAllConnections()
  }
})
