import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:http2'
import { test } from 'node:test'
import { startPlatform } from '../support/platform.ts'
import { EXAMPLE, eventually, temporaryFolder } from './rig.ts'

/** Calls a method with a message on a connection of its own; answers the message that came back and the status. */
async function call(address: string, method: string, message = Buffer.alloc(0)): Promise<{ status: string; message: Buffer }> {
  const session = connect(`http://${address}`)
  try {
    const stream = session.request({
      ':method': 'POST',
      ':path': `/inference.GRPCInferenceService/${method}`,
      'content-type': 'application/grpc',
      te: 'trailers',
    })
    const prefix = Buffer.alloc(5)
    prefix.writeUInt32BE(message.length, 1)
    stream.end(Buffer.concat([prefix, message]))
    let status: unknown
    for (const event of ['response', 'trailers']) stream.on(event, (headers: Record<string, unknown>) => (status = headers['grpc-status'] ?? status))
    const chunks: Buffer[] = []
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    await once(stream, 'close')
    return { status: String(status), message: Buffer.concat(chunks).subarray(5) }
  } finally {
    session.close()
  }
}

test('the gRPC port is announced, shared by the serve processes, and answers for the deployments', async () => {
  await using folder = await temporaryFolder()
  await using platform = await startPlatform({ cwd: folder.path, args: ['--processes', '2', '--apply', EXAMPLE] })
  await eventually('the declaration is applied', () => /sign-in#/.test(platform.output()))
  const address = platform.run.grpc ?? ''
  assert.match(address, /^127\.0\.0\.1:\d+$/)
  // a text in field 1
  const name = Buffer.from('\x0a\x0bcredit-risk')
  for (let connection = 0; connection < 8; connection++) {
    for (const [method, message] of [['ServerReady'], ['ModelReady', name]] as const) {
      const answer = await call(address, method, message)
      assert.deepEqual([answer.status, [...answer.message]], ['0', [8, 1]], method)
    }
  }
  const metadata = await call(address, 'ModelMetadata', name)
  assert.match(metadata.message.toString('latin1'), /credit_amount.*INT64/s)
  assert.equal((await call(address, 'ModelMetadata', Buffer.from('\x0a\x06nobody'))).status, '5')
  assert.equal(await platform.stop(), 0)
})
