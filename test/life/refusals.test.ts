import assert from 'node:assert/strict'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { startPlatform } from '../support/platform.ts'
import { type Said, spawnUp, temporaryFolder } from './rig.ts'

const ANY_PORT = ['--port', '0', '--http-port', '0', '--grpc-port', '0', '--processes', '1']

/** Runs `up`, which must refuse: one line that says why, the remedy, exit 1, no stack, and nothing on stdout. */
async function refused(args: string[]): Promise<string> {
  const { child, said } = spawnUp(args)
  const timer = setTimeout(() => child.kill('SIGKILL'), 20_000)
  const { code, signal, stdout, stderr }: Said = await said
  clearTimeout(timer)
  assert.deepEqual([code, signal, stdout], [1, null, ''], stderr)
  const lines = stderr.trim().split('\n')
  assert.ok(lines.length <= 2, stderr)
  assert.match(lines[0] ?? '', /^error: /)
  return lines[0] ?? ''
}

for (const option of ['--port', '--http-port', '--grpc-port']) {
  test(`a port in use is refused, naming ${option}`, async () => {
    await using folder = await temporaryFolder()
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    try {
      const said = await refused(['--data', join(folder.path, 'd'), ...ANY_PORT, option, String(port)])
      assert.match(said, new RegExp(`Port ${port} on 127.0.0.1 is in use.* ${option} 0`))
    } finally {
      server.close()
    }
    assert.equal(existsSync(join(folder.path, 'd/run.json')), false)
  })
}

test('a second platform on the same data is refused, and the first one goes on', async () => {
  await using first = await startPlatform({ args: ['--processes', '1'] })
  const said = await refused(['--data', first.data, ...ANY_PORT])
  assert.match(said, new RegExp(`process ${first.child.pid}\\) runs on the data folder ${first.data}.*--data`))
  assert.equal((await fetch(`${first.run.http}/readyz`)).status, 200)
  assert.ok(existsSync(join(first.data, 'run.json')))
})

test('a folder that cannot be made or written is refused, naming --data', async () => {
  await using folder = await temporaryFolder()
  const file = join(folder.path, 'file')
  writeFileSync(file, '')
  const closed = join(folder.path, 'closed')
  mkdirSync(closed, { mode: 0o555 })
  // the administrator may write everywhere but into what the kernel makes
  const forbidden = process.getuid?.() === 0 ? '/sys/fairlead' : join(closed, 'd')
  const paths = [file, join(file, 'below'), '/proc/x', '/proc/x/y', '/dev/null/x', forbidden]
  const said = await Promise.all(paths.map((path) => refused(['--data', path, ...ANY_PORT])))
  for (const [i, path] of paths.entries()) assert.match(said[i] ?? '', new RegExp(`The data folder ${path} cannot be written: .*--data`))
})

test('a store of a newer program is refused and left as it was', async () => {
  await using folder = await temporaryFolder()
  const data = join(folder.path, 'd')
  await (await startPlatform({ data, cwd: folder.path, args: ['--processes', '1'] })).stop()
  const newer = () => new DatabaseSync(join(data, 'fairlead.db'))
  const store = newer()
  store.exec(`INSERT INTO fairlead_migrations VALUES ('9999-tomorrow', 9999, '2030-01-01T00:00:00.000Z', '7.0.0')`)
  store.close()
  assert.match(await refused(['--data', data, ...ANY_PORT]), /was written by Fairlead 7\.0\.0 and has steps \(9999-tomorrow\)/)
  const after = newer()
  assert.equal(after.prepare('SELECT count(*) AS n FROM fairlead_migrations WHERE id = ?').get('9999-tomorrow')?.n, 1)
  after.close()
})

test('a store that is not one is refused', async () => {
  await using folder = await temporaryFolder()
  const data = join(folder.path, 'd')
  mkdirSync(data)
  writeFileSync(join(data, 'fairlead.db'), 'this is no store, '.repeat(1000))
  assert.match(await refused(['--data', data, ...ANY_PORT]), /fairlead\.db is damaged or not a store/)
})
