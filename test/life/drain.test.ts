import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startPlatform } from '../support/platform.ts'
import { Load } from './load.ts'
import { controlOf, deploy, eventually, importFolder, logged, MODELS, ROW, temporaryFolder } from './rig.ts'

/** A request of which a part has been sent, on a connection of its own. */
interface InHand {
  /** Sends the rest; answers all that came back until the connection was closed. */
  finish(): Promise<string>
}

async function inHand(http: string, id: string): Promise<InHand> {
  const { hostname, port } = new URL(http)
  const body = JSON.stringify({ rows: [ROW] })
  const head = [
    'POST /v1/deployments/credit/predict HTTP/1.1',
    `Host: ${hostname}`,
    `X-Request-Id: ${id}`,
    'Content-Type: application/json',
    `Content-Length: ${body.length}`,
  ]
  const socket: Socket = connect(Number(port), hostname)
  let said = ''
  const closed = new Promise<string>((resolve, reject) => {
    socket.setEncoding('utf8').on('data', (text) => (said += text))
    socket.on('close', () => resolve(said)).on('error', reject)
  })
  closed.catch(() => {})
  await new Promise<void>((resolve) => socket.write(`${head.join('\r\n')}\r\n\r\n${body.slice(0, 20)}`, () => resolve()))
  return {
    finish() {
      socket.write(body.slice(20))
      return closed
    },
  }
}

/** How a new connection ends: with the status of an answer, or why there is none. */
async function probe(url: string): Promise<number | string> {
  return fetch(url).then(
    (response) => response.status,
    (error: { cause?: { code?: string } }) => error.cause?.code ?? String(error),
  )
}

test('asked to end, the platform takes nothing new, answers what is in hand, flushes the log, and exits with 0', async () => {
  await using folder = await temporaryFolder()
  const data = join(folder.path, 'data')
  const answers = new Map<string, string>()
  const good: string[] = []
  const unanswered: string[] = []
  {
    await using platform = await startPlatform({ data, cwd: folder.path, args: ['--processes', '2'] })
    const { run, child } = platform
    await importFolder(controlOf(platform), 'credit', { folder: MODELS.logistic })
    assert.equal((await deploy(controlOf(platform), 'credit', 'credit:1')).state, 'done')
    await using load = new Load({ http: run.http, deployment: 'credit', connections: 8 })
    await load.more(100)
    const ids = Array.from({ length: 6 }, (_, i) => `in-hand-${i}`)
    const waiting = await Promise.all(ids.map((id) => inHand(run.http, id)))
    await sleep(100)
    const ended = platform.stop()
    await eventually('the announcement is taken back', () => !existsSync(join(data, 'run.json')))
    const readiness = [`${run.control}/readyz`, `${run.http}/readyz`, `${run.http}/v2/health/ready`]
    await eventually('nothing new is taken', async () => (await Promise.all(readiness.map(probe))).every((how) => how === 'ECONNREFUSED'), 2000)
    const { answered, broken } = await load.stop()
    await sleep(300)
    assert.equal(child.exitCode, null, 'it waits for what is in hand')
    for (const [i, text] of (await Promise.all(waiting.map((one) => one.finish()))).entries()) answers.set(ids[i] as string, text)
    assert.equal(await ended, 0)
    for (const { id, status } of answered) {
      assert.equal(status, 200)
      good.push(id)
    }
    for (const { id } of broken) unanswered.push(id)
    assert.doesNotMatch(platform.output(), /"level":"(error|fatal)"/)
  }
  for (const [id, text] of answers) {
    assert.match(text, /^HTTP\/1\.1 200 /, `${id}: ${text}`)
    assert.match(text, /\r\nConnection: close\r\n/i)
    assert.match(text, /"predictions":\[\{/)
  }
  await using again = await startPlatform({ data, cwd: folder.path, args: ['--processes', '1'] })
  const counts = await logged(controlOf(again), 'credit')
  const wrong = [...good, ...answers.keys()].filter((id) => counts.get(id) !== 1)
  assert.deepEqual(wrong, [], 'answered, and not once in the log')
  // what met a closed door was not begun
  assert.deepEqual(
    unanswered.filter((id) => counts.has(id)),
    [],
  )
})
