import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FairleadError } from '@fairlead/contract'
import { FAKE_ROW, fakeRelease } from '../../testing/fake-model.ts'
import { testServing } from './testing/serving.ts'

async function answer(response: Response): Promise<[number, unknown]> {
  const text = await response.text()
  return [response.status, text === '' ? '' : JSON.parse(text)]
}

test('the index lists deployments by release, with or without a body, whatever its type and the name of the repository', async () => {
  await using s = await testServing()
  const entry = { name: 'credit', version: '1', state: 'READY', reason: '' }
  for (const path of ['/v2/repository/index', '/v2/repository/main/index', '/v2/repository/index?a=1'])
    for (const [body, type] of [
      ['', 'application/octet-stream'],
      ['{}', 'application/json'],
      ['{"ready":true}', 'text/plain'],
    ] as const) {
      assert.deepEqual(await answer(await s.post(path, body, { 'content-type': type })), [200, [entry]])
    }
  for (const wrong of ['[]', '{"ready":1}', '{', 'null']) {
    const [status, body] = await answer(await s.post('/v2/repository/index', wrong))
    assert.deepEqual([status, Object.keys(body as object)], [400, ['error']])
  }
  assert.equal((await fetch(`${s.url}/v2/repository/index`)).status, 405)
  assert.equal((await s.post('/v2/repository/a/b/index', '')).status, 404)
})

test('what is unloaded answers nothing, says so, and answers again when it is loaded', async () => {
  await using s = await testServing()
  const predict = () => s.post('/v1/deployments/credit/predict', { rows: [FAKE_ROW] })
  assert.deepEqual(await answer(await s.post('/v2/repository/models/credit/unload', '{"parameters":{"unload_dependents":true}}')), [200, ''])
  assert.equal(s.world.model.disposed, 1)
  const [status, problem] = await answer(await predict())
  assert.deepEqual([status, (problem as { code: string }).code], [503, 'model-unloaded'])
  const ready = await answer(await fetch(`${s.url}/v2/models/credit/ready`))
  assert.equal(ready[0], 400)
  assert.equal((await fetch(`${s.url}/v2/health/ready`)).status, 200, 'it is out on purpose: the process is well')
  assert.deepEqual(await answer(await s.post('/v2/repository/index', '')), [200, [{ name: 'credit', version: '1', state: 'UNAVAILABLE', reason: 'unloaded' }]])
  assert.deepEqual(await answer(await s.post('/v2/repository/index', { ready: true })), [200, []])

  assert.deepEqual(await answer(await s.post('/v2/repository/main/models/credit/load', '')), [200, ''])
  assert.equal((await predict()).status, 200)
  assert.equal((await fetch(`${s.url}/v2/models/credit/ready`)).status, 200)
})

test('loading what is loaded loads it again; where that fails the model that is there goes on', async () => {
  await using s = await testServing()
  let loads = 0
  s.world.load = async () => void loads++
  assert.equal((await s.post('/v2/repository/models/credit/load', '{}')).status, 200)
  assert.deepEqual([loads, s.world.model.disposed], [1, 1])
  s.world.load = async () => {
    throw new FairleadError('load-failed', 'the file is damaged')
  }
  assert.deepEqual(await answer(await s.post('/v2/repository/models/credit/load', '{}')), [
    400,
    { error: "failed to load 'credit' in test: the file is damaged" },
  ])
  assert.equal((await s.post('/v1/deployments/credit/predict', { rows: [FAKE_ROW] })).status, 200)
})

test('models are not uploaded this way, and what is not known is refused', async () => {
  await using s = await testServing()
  const load = (body: unknown, name = 'credit') => s.post(`/v2/repository/models/${name}/load`, body).then(answer)
  for (const parameters of [{ config: '{}' }, { 'file:1/model.onnx': 'AAAA' }]) {
    const [status, body] = await load({ parameters })
    assert.equal(status, 501)
    assert.match((body as { error: string }).error, /register the model and deploy it/)
  }
  assert.equal((await load({ parameters: { speed: 1 } }))[0], 400)
  assert.equal((await load({ parameters: [] }))[0], 400)
  assert.equal((await load('', 'nobody'))[0], 404)
  assert.equal((await s.post('/v2/repository/models/credit/unload', { parameters: { x: 1 } })).status, 400)
  assert.equal((await s.post('/v2/repository/models/%ff/load', '')).status, 404)
  assert.equal((await load('x'.repeat(1024 * 1024 + 1)))[0], 413)
  assert.equal(s.world.model.disposed, 0)
})

test('loading and unloading ask for the right to control, whatever predictions need; foreign pages have none', async () => {
  const asked: unknown[] = []
  await using s = await testServing({
    releases: [fakeRelease()],
    authorize: ({ action, deployment, presented }) => {
      asked.push([action, deployment])
      if (action === 'control' && presented !== 'admin') throw new FairleadError('not-authenticated', 'no')
      return { kind: 'platform', id: 'admin' }
    },
  })
  const unload = (headers: Record<string, string>) => s.post('/v2/repository/models/credit/unload', '', headers)
  assert.equal((await unload({})).status, 401)
  assert.equal((await unload({ origin: 'http://evil.example' })).status, 403)
  assert.equal((await s.post('/v2/repository/index', '')).status, 200)
  assert.equal((await unload({ authorization: 'Bearer admin' })).status, 200)
  assert.deepEqual(asked, [
    ['control', 'credit'],
    ['predict', undefined],
    ['control', 'credit'],
  ])
})
