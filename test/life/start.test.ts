import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fairlead, type RunningPlatform, startPlatform } from '../support/platform.ts'
import { alive, controlOf, EXAMPLE, eventually, logged, ROW, temporaryFolder } from './rig.ts'

const DEPLOYMENT = 'credit-risk'

async function predict({ run }: RunningPlatform, id: string, headers: Record<string, string> = {}): Promise<{ release: number }> {
  const response = await fetch(`${run.http}/v1/deployments/${DEPLOYMENT}/predict`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-request-id': id, ...headers },
    body: JSON.stringify({ rows: [ROW] }),
  })
  assert.equal(response.status, 200, await response.clone().text())
  return (await response.json()) as { release: number }
}

const pidsOf = async (platform: RunningPlatform) => (await controlOf(platform).call('getStatus')).processes.map(({ pid }) => pid)

function assertQuiet(platform: RunningPlatform): void {
  assert.doesNotMatch(platform.output(), /\n\s+at |Warning|"level":"(error|fatal)"/)
}

test('a platform announces itself when it is ready, stops in order, and finds everything again', async () => {
  await using folder = await temporaryFolder()
  const data = join(folder.path, 'deep', 'data')
  let version: string
  let key: string
  {
    await using first = await startPlatform({ data, cwd: folder.path, args: ['--grpc-port', '0', '--processes', '2', '--apply', EXAMPLE] })
    const { run, child } = first
    // at the moment of the announcement both ports are ready
    for (const address of [run.control, run.http]) assert.equal((await fetch(`${address}/readyz`)).status, 200)
    assert.deepEqual(Object.keys(run).sort(), ['control', 'grpc', 'http', 'pid', 'startedAt', 'version'])
    assert.equal(run.pid, child.pid)
    assert.match(`${run.control} ${run.http}`, /^http:\/\/127\.0\.0\.1:\d+ http:\/\/127\.0\.0\.1:\d+$/)
    assert.match(run.startedAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    assert.equal(statSync(join(data, 'admin-token')).mode & 0o777, 0o600)
    await eventually('the declaration is applied', () => /sign-in#/.test(first.output()))
    const control = controlOf(first)
    version = (await control.call('getVersion', { params: { model: DEPLOYMENT, version: 1 } })).digest
    key = (await control.call('createKey', { body: { name: 'web', scopes: ['predict'] } })).key
    assert.equal((await predict(first, 'before')).release, 1)
    const pids = await pidsOf(first)
    assert.equal(pids.length, 3)
    assert.equal(await first.stop(), 0)
    assert.equal(existsSync(join(data, 'run.json')), false)
    assert.deepEqual(pids.filter(alive), [])
    assertQuiet(first)
  }
  await using second = await startPlatform({ data, cwd: folder.path, args: ['--grpc-port', '0', '--processes', '1'] })
  const control = controlOf(second)
  const told = await control.call('getStatus')
  assert.ok(told.deployments[0]?.lastPredictionAt, 'the last prediction before the stop is known')
  assert.ok((told.deployments[0]?.requestsPerSecond ?? 0) > 0)
  assert.equal((await predict(second, 'after')).release, 1)
  assert.equal((await control.call('getVersion', { params: { model: DEPLOYMENT, version: 1 } })).digest, version)
  assert.equal((await control.call('getDeployment', { params: { deployment: DEPLOYMENT } })).current?.number, 1)
  assert.equal((await predict(second, 'with-key', { authorization: `Bearer ${key}` })).release, 1)
  const counts = await eventually('the last prediction is logged', async () => {
    const found = await logged(control, DEPLOYMENT)
    return found.has('with-key') && found
  })
  assert.deepEqual([counts.get('before'), counts.get('after'), counts.get('with-key')], [1, 1, 1])
  const pids = await pidsOf(second)
  assert.equal(pids.length, 2)
  // Ctrl-C reaches the whole group
  for (const pid of pids) process.kill(pid, 'SIGINT')
  assert.deepEqual(await once(second.child, 'exit'), [0, null])
  assert.equal(existsSync(join(data, 'run.json')), false)
  assertQuiet(second)
})

test('a second signal ends the platform at once, and the next start needs no help', async () => {
  await using folder = await temporaryFolder()
  const data = join(folder.path, 'data')
  {
    await using platform = await startPlatform({ data, cwd: folder.path, args: ['--processes', '1', '--apply', EXAMPLE] })
    await eventually('the declaration is applied', () => /sign-in#/.test(platform.output()))
    const pids = await pidsOf(platform)
    const { port, hostname } = new URL(platform.run.http)
    // a request in hand that never becomes whole keeps the platform waiting
    const socket = connect(Number(port), hostname).on('error', () => {})
    socket.write(`POST /v1/deployments/${DEPLOYMENT}/predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{`)
    await sleep(200)
    platform.child.kill('SIGTERM')
    await eventually('run.json is taken back', () => !existsSync(join(data, 'run.json')))
    await sleep(500)
    assert.equal(platform.child.exitCode, null)
    const signalled = Date.now()
    platform.child.kill('SIGTERM')
    await once(platform.child, 'exit')
    assert.ok(Date.now() - signalled < 3000)
    assert.notEqual(platform.child.exitCode, 0)
    await eventually('no process is left', () => !pids.some(alive), 5000)
  }
  await using again = await startPlatform({ data, cwd: folder.path, args: ['--processes', '1'] })
  assert.equal((await predict(again, 'again')).release, 1)
  assert.equal(readFileSync(join(data, 'admin-token'), 'utf8').trim(), again.token)
})

test('what a person removed is not made again by a start with the declaration, and a start asks nothing of what was there', async () => {
  await using folder = await temporaryFolder()
  const data = join(folder.path, 'data')
  const start = async () => {
    const platform = await startPlatform({ data, cwd: folder.path, args: ['--processes', '1', '--apply', EXAMPLE] })
    await eventually('the declaration is applied', () => /sign-in#/.test(platform.output()))
    return platform
  }
  {
    await using first = await start()
    assert.match(first.output(), /answered/)
    await eventually('the first prediction is logged', async () => (await logged(controlOf(first), DEPLOYMENT)).size === 1)
  }
  {
    await using second = await start()
    assert.doesNotMatch(second.output(), /asked|answered/)
    assert.equal((await logged(controlOf(second), DEPLOYMENT)).size, 1)
    await controlOf(second).call('deleteDeployment', { params: { deployment: DEPLOYMENT } })
    await controlOf(second).call('deleteModel', { params: { model: DEPLOYMENT } })
  }
  await using third = await start()
  assert.match(
    third.output(),
    /left out +model credit-risk, deployment credit-risk: removed before; fairlead apply \S*examples\/credit-risk makes them again\n/,
  )
  assert.deepEqual((await controlOf(third).call('listDeployments', { query: {} })).items, [])
  const applied = await fairlead(data, ['apply', EXAMPLE])
  assert.equal(applied.code, 0, applied.stderr)
  assert.equal((await controlOf(third).call('getDeployment', { params: { deployment: DEPLOYMENT } })).current?.number, 2)
})

test('a client that stopped in the middle of an upload does not keep the platform that was asked to end', async () => {
  await using platform = await startPlatform({ args: ['--processes', '1'] })
  const { upload } = await controlOf(platform).call('createUpload')
  const { port, hostname } = new URL(platform.run.control)
  const socket = connect(Number(port), hostname).on('error', () => {})
  socket.write(`PUT /api/v1/uploads/${upload}/files/model.onnx HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: Bearer ${platform.token}\r\n`)
  socket.write('Content-Type: application/octet-stream\r\nContent-Length: 1000\r\n\r\nx')
  await sleep(200)
  const asked = Date.now()
  assert.equal(await platform.stop(), 0)
  assert.ok(Date.now() - asked < 15_000, `${Date.now() - asked} ms`)
})
