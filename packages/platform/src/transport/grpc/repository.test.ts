import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FairleadError } from '@fairlead/contract'
import {
  ModelReadyRequestSchema,
  ModelReadyResponseSchema,
  RepositoryIndexRequestSchema,
  RepositoryIndexResponseSchema,
  RepositoryModelLoadRequestSchema,
  RepositoryModelLoadResponseSchema,
  RepositoryModelUnloadRequestSchema,
  RepositoryModelUnloadResponseSchema,
} from './generated/open_inference_grpc_pb.ts'
import { testGrpc } from './testing/serving.ts'

type Port = Awaited<ReturnType<typeof testGrpc>>

const index = async (port: Port, ready = false) =>
  (await port.ask('RepositoryIndex', [RepositoryIndexRequestSchema, RepositoryIndexResponseSchema], { ready })).models.map(
    ({ name, version, state, reason }) => [name, version, state, reason],
  )
const load = (port: Port, init: object) => port.ask('RepositoryModelLoad', [RepositoryModelLoadRequestSchema, RepositoryModelLoadResponseSchema], init)
const unload = (port: Port, init: object) => port.ask('RepositoryModelUnload', [RepositoryModelUnloadRequestSchema, RepositoryModelUnloadResponseSchema], init)

test('models are listed, unloaded and loaded, named in either field', async () => {
  await using port = await testGrpc()
  const ready = async () => (await port.ask('ModelReady', [ModelReadyRequestSchema, ModelReadyResponseSchema], { name: 'credit' })).ready
  assert.deepEqual(await index(port), [['credit', '1', 'READY', '']])
  await unload(port, { modelName: 'credit', parameters: { unload_dependents: { parameterChoice: { case: 'boolParam', value: true } } } })
  assert.deepEqual([await index(port), await index(port, true), await ready()], [[['credit', '1', 'UNAVAILABLE', 'unloaded']], [], false])
  // clients of KServe put the name into the first field
  await load(port, { repositoryName: 'credit' })
  assert.deepEqual([await index(port, true), await ready()], [[['credit', '1', 'READY', '']], true])
  await load(port, { repositoryName: 'main', modelName: 'credit' })
})

test('what cannot be done is refused with its status', async () => {
  await using port = await testGrpc()
  await assert.rejects(load(port, { modelName: 'nobody' }), /status 5: there is no deployment "nobody"/)
  await assert.rejects(load(port, {}), /status 3: the message names no model/)
  const config = { parameterChoice: { case: 'stringParam', value: '{}' } }
  await assert.rejects(load(port, { modelName: 'credit', parameters: { config } }), /status 12: a load takes no configuration/)
  await assert.rejects(unload(port, { modelName: 'credit', parameters: { config } }), /status 3: the parameter "config"/)
  port.world.load = async () => {
    throw new FairleadError('load-failed', 'damaged')
  }
  await assert.rejects(load(port, { modelName: 'credit' }), /status 9: failed to load 'credit'/)
  assert.deepEqual(await index(port, true), [['credit', '1', 'READY', '']])
})

test('to load and unload takes the right to control', async () => {
  await using port = await testGrpc({
    authorize: ({ action }) => {
      if (action === 'control') throw new FairleadError('not-allowed', 'not with this key')
      return { kind: 'key', id: 'k1' }
    },
  })
  await assert.rejects(unload(port, { modelName: 'credit' }), /status 7: not with this key/)
  await assert.rejects(load(port, { modelName: 'credit' }), /status 7/)
  assert.equal((await index(port, true)).length, 1)
  assert.equal(port.world.failed.length, 2)
})
