import assert from 'node:assert/strict'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { createControl } from '@fairlead/client'
import { loadSettings } from '../../config/index.ts'
import { fakePlatform, runFairlead } from '../testing/fake-platform.ts'
import { temporaryFolder } from '../testing/folder.ts'
import { CHECKS, dataFolder, free, memory, nativePackage, nodeVersion } from './checks.ts'

const GB = 1024 ** 3

test('an old Node.js is wrong and says where a new one is', () => {
  assert.equal(nodeVersion('24.0.0').state, 'ok')
  assert.deepEqual([nodeVersion('22.9.0').state, nodeVersion('20.1.1').remedy?.includes('nodejs.org')], ['wrong', true])
})

test('little free memory is looked at, little memory at all is wrong', () => {
  assert.deepEqual([memory(GB, 8 * GB).state, memory(0.1 * GB, 8 * GB).state, memory(0.1 * GB, 0.4 * GB).state], ['ok', 'warn', 'wrong'])
})

test('a package that does not load is named with its reason, and the doctor lives on', async () => {
  const found = await nativePackage('package-that-is-not-there', 'nothing works')
  assert.equal(found.state, 'wrong')
  assert.match(found.detail, /package-that-is-not-there does not load, so nothing works: .*Cannot find package/)
  assert.equal((await nativePackage('yaml', 'nothing works')).state, 'ok')
})

test('a data folder that is not there yet counts by the folder above it', async () => {
  await using folder = await temporaryFolder({})
  assert.deepEqual(dataFolder(folder.path).state, 'ok')
  assert.match(dataFolder(folder.at('a/b')).detail, /can be made/)
})

test('a port that another program holds is not free', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  assert.equal(await free('127.0.0.1', port), false)
  await new Promise((resolve) => server.close(resolve))
  assert.equal(await free('127.0.0.1', port), true)
})

test('doctor ends with 1 and names the option when a port is held', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const port = String((server.address() as AddressInfo).port)
  await using folder = await temporaryFolder({})
  const env = { FAIRLEAD_PORT: port, FAIRLEAD_HTTP_PORT: '0' }
  const ran = await runFairlead(['doctor', '--json'], { cwd: folder.path, env: { ...env, FAIRLEAD_DATA: folder.at('data') } })
  server.close()
  const { ok, checks } = JSON.parse(ran.stdout)
  assert.deepEqual([ran.code, ok], [1, false])
  assert.deepEqual(
    checks.map((check: { name: string }) => check.name),
    CHECKS.map((check) => check.name),
  )
  const [wrong, ...others] = checks.filter((check: { state: string }) => check.state === 'wrong')
  assert.deepEqual([wrong.name, others], ['ports', []])
  assert.match(wrong.detail, new RegExp(`${port} \\(--port\\)`))
})

test('doctor asks the running platform whether it is ready', async () => {
  const addresses = () => ({ control: platform.url, http: platform.url, grpc: null })
  const status = (at: string) => ({ json: { at, version: '0.1.0', health: 'ok', sentence: 'All is well.', addresses: addresses() } })
  await using platform = await fakePlatform({
    'GET /status': () => status(new Date(Date.now() - 60_000).toISOString()),
    'GET /readyz': () => ({ status: 503, json: {} }),
  })
  await using folder = await temporaryFolder({ 'd/admin-token': 'x' })
  await folder.write('d/run.json', JSON.stringify({ pid: process.pid, control: platform.url, http: platform.url }))
  const ran = await runFairlead(['doctor', '--data', 'd', '--json'], { cwd: folder.path })
  const { checks } = JSON.parse(ran.stdout) as { checks: { name: string; state: string; detail: string }[] }
  const of = (name: string) => checks.find((check) => check.name === name)
  assert.deepEqual([of('platform')?.state, of('ports')?.state, of('clock')?.state], ['wrong', 'ok', 'warn'])
  assert.match(of('platform')?.detail ?? '', /All is well\. It is not ready \(503\)/)
})

test('ports are those of this machine, wherever the platform is that the environment names', async () => {
  await using platform = await fakePlatform({
    'GET /status': () => ({ json: { addresses: { control: platform.url, http: 'http://127.0.0.1:1', grpc: null } } }),
  })
  const port = Number(new URL(platform.url).port)
  const check = CHECKS.find(({ name }) => name === 'ports')!
  const ask = (control: string) =>
    check.run({
      settings: loadSettings({ flags: { port: String(port), httpPort: '0', grpcPort: '0' } }),
      address: () => ({ control, http: undefined, token: 'x' }),
      control: () => createControl({ url: control }),
    })
  const near = await ask(platform.url)
  assert.deepEqual([near.state, near.detail], ['ok', `${port} held by the running platform`])
  const far = await ask(`http://models.example:${port}`)
  assert.equal(far.state, 'wrong')
  assert.match(far.detail, /another program/)
})
