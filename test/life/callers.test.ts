import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Release } from '@fairlead/contract/control'
import { makeOnnx } from '../../packages/platform/src/model/test-support.ts'
import { fairlead, type RunningPlatform, startPlatform } from '../support/platform.ts'
import { controlOf, logged } from './rig.ts'

async function run(platform: RunningPlatform, ...args: string[]): Promise<string> {
  const said = await fairlead(platform.data, args)
  assert.equal(said.code, 0, said.stderr)
  return said.stdout
}

/** A sum of two columns. */
function sumOf(platform: RunningPlatform, ...names: [string, string]): string {
  const path = join(platform.data, `${names.join('-')}.onnx`)
  const nodes = [{ op: 'Add', inputs: names, outputs: ['sum'] }]
  writeFileSync(path, makeOnnx({ nodes, inputs: names.map((name) => ({ name, shape: ['N'] })), outputs: [{ name: 'sum', shape: ['N'] }] }))
  return path
}

test('an import and a deployment that break callers name them', async () => {
  await using platform = await startPlatform({ args: ['--processes', '1'] })
  const control = controlOf(platform)
  await run(platform, 'models', 'import', sumOf(platform, 'a', 'b'), '--name', 'sums')
  await run(platform, 'deploy', 'sums', '--model', 'sums')
  const { key } = JSON.parse(await run(platform, 'keys', 'create', 'website', '--json')) as { key: string }
  const url = `${platform.run.http}/v1/deployments/sums/predict`
  for (const headers of [{ authorization: `Bearer ${key}` }, {}] as Record<string, string>[]) {
    const sent = { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: '{"rows":[{"a":1,"b":2},{"a":3,"b":4}]}' }
    assert.equal((await fetch(url, sent)).status, 200)
  }
  for (let tries = 0; (await logged(control, 'sums')).size < 2; tries++) {
    assert.ok(tries < 200, 'the log has the requests')
    await sleep(100)
  }

  const imported = await fairlead(platform.data, ['models', 'import', sumOf(platform, 'a', 'c'), '--name', 'sums'])
  assert.match(imported.stderr + imported.stdout, /the key "website" of sums \(by rows; 2 rows, last 20/)
  assert.match(await run(platform, 'models', 'show', 'sums'), /Of those who asked in the last seven days: .*loopback of sums/)

  const deployed = await run(platform, 'deploy', 'sums', '--model', 'sums')
  assert.match(deployed, /breaks\s+columns\.b: removed/)
  assert.match(deployed, /website \(key:\S+\), by rows, 2 rows, last .* ago/)
  const { signatureChanges = [] } = (await control.call('getRelease', { params: { deployment: 'sums', release: 2 } })) as Release
  assert.deepEqual(
    signatureChanges.filter(({ breaking }) => breaking).map(({ path, callers = [] }) => [path, callers.map(({ name, caller }) => name ?? caller).sort()]),
    [
      ['columns.b', ['loopback', 'website']],
      ['columns.c', ['loopback', 'website']],
    ],
  )
  assert.match(await run(platform, 'deployments', 'show', 'sums'), /columns\.b: removed[\s\S]*website/)

  // not waiting, one is told all the same
  const again = await fairlead(platform.data, ['deploy', 'sums', '--model', 'sums:1', '--no-wait'])
  assert.match(again.stderr, /breaks\s+columns\.c: removed[\s\S]*website/)
})
