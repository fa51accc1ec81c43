import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Control } from '@fairlead/client'
import { ROOT } from '../../scripts/files.ts'
import { startPlatform } from '../support/platform.ts'
import { alive, controlOf, ended, eventually, temporaryFolder } from './rig.ts'

/** A model that is read in a process of its own, and then tried in another. */
const FILE = join(ROOT, 'bench/fixtures/trees_100x30.xgb.ubj')
/** Milliseconds after the import was asked for: the file is read, the model tried, the version written. */
const MOMENTS = [5, 250, 700, 1200]

async function uploaded(control: Control): Promise<string> {
  const { upload } = await control.call('createUpload')
  await control.upload(upload, 'model.ubj', new Uint8Array(readFileSync(FILE)))
  return upload
}

/** Processes below one, and below these. */
function below(pid: number): number[] {
  const list = `/proc/${pid}/task/${pid}/children`
  if (!existsSync(list)) return []
  const own = readFileSync(list, 'utf8').trim().split(' ').filter(Boolean).map(Number)
  return [...own, ...own.flatMap(below)]
}

test('after kill -9 during an import the next start works, there is no half version, and the same import succeeds', async () => {
  await using folder = await temporaryFolder()
  const data = join(folder.path, 'data')
  const start = () => startPlatform({ data, cwd: folder.path, args: ['--processes', '1'] })
  let platform = await start()
  let [before, interrupted] = [0, 0]
  try {
    for (const [round, moment] of MOMENTS.entries()) {
      const model = `trees-${round}`
      const control = controlOf(platform)
      const upload = await uploaded(control)
      const importing = control.call('importVersion', { params: { model }, body: { upload, tags: { round: String(round) } } }).then(
        () => 'acknowledged' as const,
        () => 'lost' as const,
      )
      await sleep(moment)
      const left = below(platform.child.pid!)
      platform.child.kill('SIGKILL')
      await once(platform.child, 'exit')
      const outcome = await importing
      platform = await start()
      await eventually('no process of before is left', () => !left.some(alive), 30_000)
      const again = controlOf(platform)
      const { items } = await again.call('listModels', { query: { limit: 100 } })
      assert.ok(items.length >= before && items.length <= before + 1, `${items.length} models`)
      const known = items.find(({ name }) => name === model)
      if (outcome === 'acknowledged') assert.equal(known?.newest, 1)
      else interrupted++
      if (known) assert.ok((await again.call('verifyVersion', { params: { model, version: 1 } })).ok)
      // nothing half written stays, and the upload that was under way hinders nobody
      assert.deepEqual(readdirSync(join(data, 'tmp')), [])
      const { version, created } = await again.call('importVersion', { params: { model }, body: { upload: await uploaded(again) } })
      assert.deepEqual([version.version, created], [1, known === undefined])
      assert.ok((await again.call('verifyVersion', { params: { model, version: 1 } })).ok)
      assert.equal(version.facts.runtimes?.chosen, 'compiled')
      before++
    }
    assert.ok(interrupted > 0, 'an import was interrupted')
    const { id } = await controlOf(platform).call('createRelease', { params: { deployment: 'trees' }, body: { model: 'trees-0' } })
    assert.equal((await ended(controlOf(platform), id)).state, 'done')
  } finally {
    await platform[Symbol.asyncDispose]()
  }
})
