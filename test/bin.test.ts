import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { FAIRLEAD } from './support/platform.ts'

/** The Node of this machine, which may be older than ours: the first on the path that npm did not put there. */
function nodeOfTheMachine(): string {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => !folder.includes('node_modules'))
  return folders.map((folder) => join(folder, 'node')).find(existsSync) ?? process.execPath
}

test('the executable runs with the Node of the machine, old or new', () => {
  const said = spawnSync(nodeOfTheMachine(), [FAIRLEAD, 'models', 'show', '--help'], { encoding: 'utf8' })
  assert.equal(said.status, 0, said.stderr)
  assert.match(said.stdout, /^Usage: fairlead models show/)
  const wrong = spawnSync(nodeOfTheMachine(), [FAIRLEAD, 'modls'], { encoding: 'utf8' })
  assert.equal(wrong.status, 2)
})

test('a signal to it reaches the platform, which ends in order', async () => {
  const data = mkdtempSync(join(tmpdir(), 'fairlead-bin-'))
  try {
    const options = ['up', '--data', data, '--port', '0', '--http-port', '0', '--grpc-port', '0', '--processes', '1']
    const child = spawn(nodeOfTheMachine(), [FAIRLEAD, ...options], { stdio: 'ignore' })
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
    for (let i = 0; i < 400 && !existsSync(join(data, 'run.json')); i++) await sleep(50)
    assert.ok(existsSync(join(data, 'run.json')), 'not ready within 20 s')
    child.kill('SIGTERM')
    assert.equal(await ended, 0)
    assert.ok(!existsSync(join(data, 'run.json')))
  } finally {
    rmSync(data, { recursive: true, force: true })
  }
})
