import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { coded, fakeInference } from '../testing/fake-inference.ts'
import { fakeRelease } from '../testing/fake-model.ts'
import { Follower } from './follower.ts'

/** A follower of a desired state that can be made unreadable. */
function followed() {
  const { inference, world } = fakeInference()
  const store = { broken: true, revision: 1 }
  const errors: string[] = []
  const follower = new Follower({
    desired: {
      revision: () => store.revision,
      read: async () => {
        if (store.broken) throw new Error('database is locked')
        return { revision: store.revision, deployments: [{ name: 'credit', generation: 'a', current: 1, releases: [fakeRelease()] }] }
      },
    },
    inference,
    keys: { refresh: () => false },
    recorder: { keep: () => {} },
    logger: { error: (_fields: unknown, message?: string) => void errors.push(message ?? '') },
    pollMs: 10,
  })
  return { follower, inference, world, store, errors }
}

test('a first read that fails leaves nothing known, is said once, and is tried until it succeeds', async () => {
  const { follower, inference, store, errors } = followed()
  await follower.refresh()
  follower.start()
  assert.equal(inference.knowsWanted, false)
  assert.throws(() => inference.resolve('credit'), coded('not-ready'))
  await sleep(60)
  assert.deepEqual(errors, ['desired state could not be read'])
  store.broken = false
  const until = Date.now() + 5000
  while (inference.find('credit') === undefined && Date.now() < until) await sleep(5)
  follower.stop()
  assert.equal(inference.resolve('credit').release.number, 1)
  assert.throws(() => inference.resolve('other'), coded('deployment-unknown'))
})

test('what could not be taken up is tried again though it did not change', async () => {
  const { follower, inference, store, errors } = followed()
  store.broken = false
  const { converge } = inference
  let tries = 0
  inference.converge = (wanted) => (tries++ === 0 ? Promise.reject(new Error('disk')) : converge.call(inference, wanted))
  await follower.refresh()
  assert.deepEqual([errors, inference.knowsWanted], [['desired state could not be taken up'], false])
  await follower.refresh()
  assert.equal(inference.resolve('credit').release.number, 1)
  await follower.refresh()
  assert.equal(tries, 2)
})
