import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { readinessOf } from './readiness.ts'

async function rig() {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-ready-'))
  const slots: { id: string; state: 'starting' | 'ready' | 'dead' }[] = [
    { id: 'serve-1', state: 'ready' },
    { id: 'serve-2', state: 'ready' },
  ]
  const state = { stopping: false }
  const readiness = (path = folder) => readinessOf({ stopping: () => state.stopping, processes: () => slots, folder: path, everyMs: 0 })()
  return { folder, slots, state, readiness, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) }
}

test('one ready process is enough, and the other is told of', async () => {
  await using r = await rig()
  assert.deepEqual(await r.readiness(), { ready: true, reasons: [], degraded: [] })
  r.slots[1]!.state = 'dead'
  assert.deepEqual(await r.readiness(), { ready: true, reasons: [], degraded: ['serve-2 is dead'] })
  r.slots[0]!.state = 'starting'
  assert.deepEqual(await r.readiness(), { ready: false, reasons: ['serve-1 is starting', 'serve-2 is dead'], degraded: [] })
  assert.deepEqual(await readdir(r.folder), [])
})

test('a folder that cannot be written, and the end, stand against it', async () => {
  await using r = await rig()
  const gone = await r.readiness(join(r.folder, 'gone'))
  assert.deepEqual([gone.ready, gone.reasons.length], [false, 1])
  assert.match(gone.reasons[0] ?? '', /^the data folder cannot be written: ENOENT/)
  r.state.stopping = true
  assert.deepEqual((await r.readiness()).reasons, ['the platform is stopping'])
})
