import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FairleadError } from '@fairlead/contract'
import type { Operation } from '@fairlead/contract/control'
import { deploymentsForTest, EXECUTION } from '../../testing/deployments.ts'
import { releaseDigest } from './freeze.ts'

type Setup = Awaited<ReturnType<typeof deploymentsForTest>>
const code = (wanted: string, words?: RegExp) => (error: unknown) => {
  assert.ok(error instanceof FairleadError, String(error))
  assert.equal(error.code, wanted)
  if (words) assert.match(error.message, words)
  return true
}
function check(name: string, options: Parameters<typeof deploymentsForTest>[0], body: (setup: Setup) => Promise<void>): void {
  test(name, { timeout: 20_000 }, async () => {
    const setup = await deploymentsForTest(options)
    try {
      await body(setup)
    } finally {
      await setup.close()
    }
  })
}

check('a release is frozen, loaded by every live process, and only then current', { live: ['serve-1', 'serve-2'] }, async ({ deployments, say, nudges }) => {
  const operation = await deployments.deploy('credit-risk', { model: 'credit:1' }, 'admin')
  assert.deepEqual(operation.target, { deployment: 'credit-risk', release: 1 })
  assert.equal(nudges(), 1)
  assert.equal((await deployments.get('credit-risk')).state, 'loading')
  say('serve-1', 1, 'ready', { execution: EXECUTION, checks: [{ kind: 'example', rows: 1, passed: true }] })
  const half = await deployments.getOperation(operation.id, { waitMs: 100 })
  assert.deepEqual([half.state, half.progress], ['running', 0.5])
  say('serve-2', 1, 'ready')
  const done = await deployments.getOperation(operation.id, { waitMs: 5000 })
  assert.deepEqual([done.state, done.progress, done.error], ['done', 1, null])
  const shown = await deployments.get('credit-risk')
  assert.deepEqual([shown.state, shown.reason], ['ready', 'Release 1 answers on 2 serve processes.'])
  assert.equal(shown.current?.execution?.runtime, 'onnx')
  assert.deepEqual(shown.current?.checks, [{ kind: 'example', rows: 1, passed: true }])
  assert.equal(shown.current?.digest, releaseDigest(shown.current.model.digest, shown.current))
  assert.equal(shown.urls.predict, 'http://127.0.0.1:7310/v1/deployments/credit-risk/predict')
  assert.equal(nudges(), 2)
})

check('pipeline and settings are inherited unless told otherwise, and the release before is superseded', {}, async (setup) => {
  const { deployments } = setup
  const pipeline = [{ model: {} }, { decide: { label: 'review', when: 'probabilities.bad > 0.4' } }]
  await setup.deployed({ model: 'credit:1', pipeline: pipeline as never, settings: { maxRows: 7 } })
  await setup.deployed({ model: 'credit:2', settings: { queueRows: 11 } })
  const second = await deployments.getRelease('credit-risk', 2)
  assert.deepEqual([second.settings.maxRows, second.settings.queueRows, second.pipeline.length, second.state], [7, 11, 2, 'active'])
  assert.equal((await deployments.getRelease('credit-risk', 1)).state, 'superseded')
  await setup.deployed({ model: 'credit:2', inherit: false })
  const third = await deployments.getRelease('credit-risk', 3)
  assert.deepEqual([third.settings.maxRows, third.pipeline], [10_000, [{ model: {} }]])
  const page = await deployments.listReleases('credit-risk', { limit: 2 })
  assert.deepEqual(
    page.items.map((one) => one.number),
    [3, 2],
  )
  assert.deepEqual(
    (await deployments.listReleases('credit-risk', { limit: 2, next: page.next ?? '' })).items.map((one) => one.number),
    [1],
  )
})

check('a release tells what it changes for callers', {}, async (setup) => {
  await setup.deployed({ model: 'credit:1' })
  const first = await setup.deployments.getRelease('credit-risk', 1)
  assert.equal(first.signatureChanges, undefined)
  const { resolve } = setup.models
  setup.models.resolve = async (ref) => {
    const version = await resolve(ref)
    const [age, amount] = version.signature.columns
    const columns = [
      { ...age!, name: 'years' },
      { ...amount!, max: 5000 },
    ]
    return { ...version, signature: { ...version.signature, columns } }
  }
  await setup.deployed({ model: 'credit:2' })
  const { signatureChanges = [] } = await setup.deployments.getRelease('credit-risk', 2)
  assert.deepEqual(
    signatureChanges.map(({ path, breaking }) => [path, breaking]),
    [
      ['columns.age', true],
      ['columns.amount', true],
      ['columns.years', true],
    ],
  )
  await setup.deployed({ model: 'credit:2', settings: { maxRows: 7 } })
  assert.equal((await setup.deployments.getRelease('credit-risk', 3)).signatureChanges, undefined)
})

check('the signature callers see has the fields that decide adds', {}, async (setup) => {
  const pipeline = [{ model: {} }, { decide: { field: 'verdict', label: 'review', when: 'age > 40', otherwise: 'pass' } }]
  await setup.deployed({ model: 'credit:1', pipeline: pipeline as never })
  const { signature, example } = await setup.deployments.signatureOf('credit-risk')
  assert.deepEqual(signature.fields.at(-1), { name: 'verdict', kind: 'label', type: 'string', tensor: 'verdict', classes: ['review', 'pass'] })
  assert.deepEqual(example, [{ age: 35, amount: 1000 }])
})

check('inputs, outputs, single probabilities and added fields can be kept out of the log', {}, async (setup) => {
  const pipeline = [{ model: {} }, { decide: { field: 'verdict', label: 'review', when: 'age > 40' } }]
  const logRedact = ['age', 'label', 'probabilities', 'probabilities_bad', 'verdict']
  await setup.deployed({ model: 'credit:1', pipeline: pipeline as never, settings: { logRedact } })
  assert.deepEqual((await setup.deployments.getRelease('credit-risk', 1)).settings.logRedact, logRedact)
  for (const [name, words] of [
    ['probabilities_worse', /no output "probabilities_worse"/],
    ['verdikt', /Did you mean "verdict"/],
  ] as const) {
    await assert.rejects(setup.deployments.deploy('credit-risk', { model: 'credit:1', settings: { logRedact: [name] } }, 'ann'), code('setting-invalid', words))
  }
})

check('a bad request is refused with the place named, and makes nothing', {}, async ({ deployments }) => {
  const deploy = (name: string, request: object) => deployments.deploy(name, request as never, 'admin')
  await assert.rejects(deploy('Credit Risk', { model: 'credit' }), code('name-invalid'))
  await assert.rejects(deploy('credit-risk', { model: 'other' }), code('model-unknown'))
  await assert.rejects(deploy('credit-risk', { model: 'credit:9' }), code('version-unknown'))
  await assert.rejects(deploy('credit-risk', { model: 'credit', settings: { maxRow: 3 } }), code('setting-unknown', /Did you mean "maxRows"/))
  await assert.rejects(deploy('credit-risk', { model: 'credit', settings: { maxRows: 'many' } }), code('setting-invalid', /settings\.maxRows/))
  await assert.rejects(deploy('credit-risk', { model: 'credit', settings: { logRedact: ['agee'] } }), code('setting-invalid', /Did you mean "age"/))
  await assert.rejects(deploy('credit-risk', { model: 'credit', pipeline: [{ modle: {} }] }), code('pipeline-invalid', /pipeline\[0\]/))
  await assert.rejects(
    deploy('credit-risk', { model: 'credit', pipeline: [{ model: {} }, { decide: { label: 'a', when: 'agee > 1' } }] }),
    code('pipeline-invalid', /step 2/),
  )
  await assert.rejects(deployments.get('credit-risk'), code('deployment-unknown'))
  assert.deepEqual(await deployments.list({ limit: 10 }), { items: [], next: null })
})

check('a release that any process cannot load fails with its reason, and the one before keeps serving', { live: ['serve-1', 'serve-2'] }, async (setup) => {
  const { deployments, say } = setup
  await setup.deployed({ model: 'credit:1' })
  const operation = await deployments.deploy('credit-risk', { model: 'credit:2' }, 'admin')
  say('serve-1', 2, 'ready')
  say('serve-2', 2, 'failed', { failure: { code: 'example-failed', detail: 'row 0 differs' } })
  const ended = await deployments.getOperation(operation.id, { waitMs: 5000 })
  assert.deepEqual([ended.state, ended.error], ['failed', { code: 'example-failed', detail: 'row 0 differs' }])
  const shown = await deployments.get('credit-risk')
  assert.deepEqual([shown.state, shown.current?.number], ['ready', 1])
  assert.match(shown.reason, /Release 2 failed: row 0 differs/)
  assert.deepEqual((await deployments.getRelease('credit-risk', 2)).failure, { code: 'example-failed', detail: 'row 0 differs' })
  await setup.deployed({ model: 'credit:1' })
  assert.equal((await deployments.get('credit-risk')).current?.number, 3)
})

check('processes that die while loading fail the release; without a process it waits', { live: [] }, async ({ deployments, say, live }) => {
  const operation = await deployments.deploy('credit-risk', { model: 'credit' }, 'admin')
  const waiting = await deployments.getOperation(operation.id, { waitMs: 100 })
  assert.deepEqual([waiting.state, waiting.step], ['running', 'waiting for a serve process'])
  for (const process of ['serve-1', 'serve-2']) {
    live.splice(0, live.length, process)
    say(process, 1, 'loading')
    await deployments.getOperation(operation.id, { waitMs: 100 })
  }
  live.length = 0
  const ended = await deployments.getOperation(operation.id, { waitMs: 5000 })
  assert.equal(ended.error?.code, 'load-failed')
  assert.match(ended.error?.detail ?? '', /ended 2 times/)
})

check('a later deploy takes the place of one under way', {}, async ({ deployments, say }) => {
  const first = await deployments.deploy('credit-risk', { model: 'credit:1' }, 'admin')
  const second = await deployments.deploy('credit-risk', { model: 'credit:2' }, 'admin')
  const ended = await deployments.getOperation(first.id, { waitMs: 5000 })
  assert.deepEqual([ended.state, ended.error?.code], ['failed', 'changed-meanwhile'])
  assert.equal((await deployments.getRelease('credit-risk', 1)).state, 'failed')
  say('serve-1', 1, 'ready')
  say('serve-1', 2, 'ready')
  assert.equal((await deployments.getOperation(second.id, { waitMs: 5000 })).state, 'done')
  assert.equal((await deployments.get('credit-risk')).current?.number, 2)
})

check('rollback makes the earlier release current through the same path, under its own number', {}, async (setup) => {
  const { deployments, say, models } = setup
  await setup.deployed({ model: 'credit:1' })
  await assert.rejects(deployments.rollback('credit-risk'), code('release-unknown', /no release older than 1/))
  await setup.deployed({ model: 'credit:2' })
  const operation = await deployments.rollback('credit-risk')
  assert.deepEqual([operation.kind, operation.target.release, operation.state], ['rollback', 1, 'running'])
  assert.equal((await deployments.get('credit-risk')).current?.number, 2)
  say('serve-1', 1, 'ready')
  assert.equal((await deployments.getOperation(operation.id, { waitMs: 5000 })).state, 'done')
  assert.equal((await deployments.get('credit-risk')).current?.number, 1)
  assert.equal((await deployments.rollback('credit-risk', { release: 1 })).state, 'done')
  models.gone.add(2)
  await assert.rejects(deployments.rollback('credit-risk', { release: 2 }), code('version-unknown'))
  await assert.rejects(deployments.rollback('credit-risk', { release: 9 }), code('release-unknown'))
  await assert.rejects(deployments.rollback('other'), code('deployment-unknown'))
})

check('rolling back again goes further back, past what never answered, and says when there is nothing older', {}, async (setup) => {
  const { deployments, say } = setup
  const back = async () => {
    const { id, target } = await deployments.rollback('credit-risk')
    say('serve-1', target.release, 'ready')
    assert.equal((await deployments.getOperation(id, { waitMs: 5000 })).state, 'done')
    return target.release
  }
  await setup.deployed({ model: 'credit:1' })
  const { id } = await deployments.deploy('credit-risk', { model: 'credit:2' }, 'admin')
  await assert.rejects(deployments.rollback('credit-risk'), code('release-unknown', /no release older than 1/))
  say('serve-1', 2, 'failed', { failure: { code: 'example-failed', detail: 'row 0 differs' } })
  await deployments.getOperation(id, { waitMs: 5000 })
  await setup.deployed({ model: 'credit:2' })
  await setup.deployed({ model: 'credit:1' })
  assert.deepEqual([await back(), await back()], [3, 1])
  await assert.rejects(deployments.rollback('credit-risk'), code('release-unknown', /no release older than 1,.* with --to 4 or 3\./))
})

check('releases that a rollback may want are told of, those that never answered are not', {}, async (setup) => {
  const { deployments, db, say } = setup
  const needed = async (version?: number) => (await deployments.releasesOf('credit', version, db)).map((use) => use.release)
  await setup.deployed({ model: 'credit:1' })
  await setup.deployed({ model: 'credit:2' })
  assert.deepEqual([await needed(1), await needed(2), await needed()], [[1], [2], [1, 2]])
  const { id } = await deployments.deploy('credit-risk', { model: 'credit:1' }, 'admin')
  assert.deepEqual(await needed(1), [1, 3])
  say('serve-1', 3, 'failed')
  await deployments.getOperation(id, { waitMs: 5000 })
  assert.deepEqual([await needed(1), await deployments.deploymentsOf('credit', 1)], [[1], []])
  await deployments.remove('credit-risk')
  assert.deepEqual(await needed(), [])
})

check('removal ends what runs, and numbers are never given again', {}, async (setup) => {
  const { deployments } = setup
  await setup.deployed({ model: 'credit:1' })
  const running = await deployments.deploy('credit-risk', { model: 'credit:2' }, 'admin')
  assert.deepEqual(await deployments.deploymentsOf('credit'), [
    { name: 'credit-risk', release: 1, version: 1 },
    { name: 'credit-risk', release: 2, version: 2 },
  ])
  assert.deepEqual(await deployments.deploymentsOf('credit', 2), [{ name: 'credit-risk', release: 2, version: 2 }])
  await deployments.remove('credit-risk')
  assert.equal((await deployments.getOperation(running.id)).error?.code, 'changed-meanwhile')
  await assert.rejects(deployments.get('credit-risk'), code('deployment-unknown'))
  await assert.rejects(deployments.remove('credit-risk'), code('deployment-unknown'))
  assert.deepEqual(await deployments.deploymentsOf('credit'), [])
  const again = await setup.deployed({ model: 'credit:1' })
  assert.equal(again.target.release, 3)
})

check('an operation is watched to its end, and an unknown one is refused', {}, async ({ deployments, say }) => {
  const { id } = await deployments.deploy('credit-risk', { model: 'credit' }, 'admin')
  const seen: Operation[] = []
  setTimeout(() => say('serve-1', 1, 'ready'), 80)
  for await (const operation of deployments.watchOperation(id)) seen.push(operation)
  assert.equal(seen[0]?.state, 'running')
  assert.equal(seen.at(-1)?.state, 'done')
  await assert.rejects(deployments.getOperation('nothing'), code('operation-unknown'))
})

check('who waits for an operation, or watches one, is let go when the platform stops', {}, async ({ deployments }) => {
  const { id } = await deployments.deploy('credit-risk', { model: 'credit' }, 'admin')
  const waiting = deployments.getOperation(id, { waitMs: 60_000 })
  const watching = (async () => {
    const seen: string[] = []
    for await (const { state } of deployments.watchOperation(id)) seen.push(state)
    return seen
  })()
  await new Promise((resolve) => setTimeout(resolve, 100))
  const begun = performance.now()
  await deployments.stop()
  assert.equal((await waiting).state, 'running')
  assert.equal((await watching).at(-1), 'running')
  assert.equal((await deployments.getOperation(id, { waitMs: 60_000 })).state, 'running')
  assert.ok(performance.now() - begun < 2000)
})

check('operations that ran at a crash go on at the next start', {}, async (setup) => {
  const { id } = await setup.deployments.deploy('credit-risk', { model: 'credit' }, 'admin')
  await setup.deployments.stop()
  const { Deployments } = await import('./deployments.ts')
  const again = new Deployments({
    db: setup.db,
    registry: setup.models,
    observed: setup.observed,
    clock: setup.clock,
    liveProcesses: () => ['serve-9'],
    nudge: () => {},
    addresses: () => ({ http: '' }),
  })
  await again.start()
  setup.say('serve-9', 1, 'ready')
  assert.equal((await again.getOperation(id, { waitMs: 5000 })).state, 'done')
  await again.stop()
})
