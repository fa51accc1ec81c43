import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createClient, RequestError } from '@fairlead/client'
import { startPlatform } from '../support/platform.ts'
import { controlOf, deploy, importFolder, MODELS, ROW } from './rig.ts'

test('a key is good on every serve process when it is handed over, and refused by all when its revocation is answered', { timeout: 120_000 }, async () => {
  await using platform = await startPlatform({ args: ['--processes', '2'] })
  const control = controlOf(platform)
  await importFolder(control, 'credit-risk', { folder: MODELS.logistic })
  await deploy(control, 'credit-risk', 'credit-risk', { requireKey: true })
  // a connection a request, so that both processes are asked
  const ask = (apiKey: string) =>
    fetch(`${platform.run.http}/v1/deployments/credit-risk/predict`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${apiKey}`, connection: 'close' },
      body: JSON.stringify({ rows: [ROW] }),
    }).then((answer) => answer.status)
  const seen: number[][] = []
  for (let round = 0; round < 10; round++) {
    const { id, key } = await control.call('createKey', { body: { name: `round-${round}` } })
    const good = await Promise.all(Array.from({ length: 6 }, () => ask(key)))
    await control.call('revokeKey', { params: { key: id } })
    const refused = await Promise.all(Array.from({ length: 6 }, () => ask(key)))
    seen.push([...new Set(good)], [...new Set(refused)])
  }
  assert.deepEqual(
    seen,
    Array.from({ length: 20 }, (_, index) => [index % 2 === 0 ? 200 : 401]),
  )
  // a process that hangs delays the answer, and no longer than promised
  const client = createClient({ url: platform.run.http, apiKey: 'fl_nobody_x', retries: 0 })
  await assert.rejects(client.predict('credit-risk', { rows: [ROW] }), (error) => error instanceof RequestError && error.status === 401)
  const serve = (await control.call('getStatus')).processes.find(({ role }) => role === 'serve')
  process.kill(serve?.pid ?? 0, 'SIGSTOP')
  try {
    const began = performance.now()
    await control.call('createKey', { body: { name: 'meanwhile' } })
    const took = performance.now() - began
    assert.ok(took > 1500 && took < 5000, `${took} ms`)
  } finally {
    process.kill(serve?.pid ?? 0, 'SIGCONT')
  }
})
