import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { freePort, lastWords, launch, treeMicros } from './process.ts'

const folder = mkdtempSync(join(tmpdir(), 'fairlead-bench-'))
after(() => rmSync(folder, { recursive: true, force: true }))

// a server with a child that leaves its process group, as some do
const SERVER = `
const { spawn } = require('node:child_process')
const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached: true, stdio: 'ignore' })
require('node:fs').writeFileSync(process.argv[2], String(child.pid))
require('node:http').createServer((_, answer) => answer.end('ready')).listen(Number(process.argv[1]), '127.0.0.1')
`

const runs = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test('a server is started, its time is counted, and it is ended with all it started', async () => {
  const port = await freePort()
  const said = join(folder, 'pid')
  const running = await launch({ command: [process.execPath, '-e', SERVER, String(port), said], port, ready: '/', log: join(folder, 'log') })
  const child = Number(readFileSync(said, 'utf8'))
  const [pid] = running.pids
  assert.ok(runs(child) && runs(pid as number))
  if (process.platform === 'linux') assert.ok(((await treeMicros(running.pids)) ?? 0) > 0)
  await running.stop()
  assert.equal(runs(pid as number), false)
  if (process.platform === 'linux') assert.equal(await gone(child), true)
})

async function gone(pid: number): Promise<boolean> {
  for (let turn = 0; turn < 100 && runs(pid); turn++) await new Promise((resolve) => setTimeout(resolve, 50))
  return !runs(pid)
}

test('a server that ends says why', async () => {
  const command = [process.execPath, '-e', 'console.error("no such model"); process.exit(3)']
  await assert.rejects(launch({ command, port: await freePort(), ready: '/', log: join(folder, 'ends') }), /ended with 3: no such model/)
})

test('a program that is not there says so', async () => {
  await assert.rejects(launch({ command: [join(folder, 'nothing')], port: await freePort(), ready: '/', log: join(folder, 'none') }), /ended with|ENOENT/)
})

test('a server that never gets ready is given up', async () => {
  const command = [process.execPath, '-e', 'console.log("waiting"); setInterval(() => {}, 1000)']
  await assert.rejects(
    launch({ command, port: await freePort(), ready: '/', log: join(folder, 'waits'), timeoutMs: 1_500 }),
    /not ready within 1\.5 s: waiting/,
  )
})

test('the last words leave out empty lines', () => {
  assert.equal(lastWords('a\n\n b \nc\nd\n\n'), 'b / c / d')
})
