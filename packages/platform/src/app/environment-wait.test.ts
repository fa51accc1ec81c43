import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { FairleadError } from '@fairlead/contract'
import type { PythonEnvironments } from '../adapters/python/index.ts'
import type { PythonEnvironment } from '../model/python/environment.ts'
import { EnvironmentWait } from './environment-wait.ts'

type Built = Awaited<ReturnType<PythonEnvironments['get']>>

const wanted: PythonEnvironment = { digest: 'sha256:1', python: undefined, build: [], requirements: [], constraints: [], left: [] }
const built: Built = { folder: '/e', python: '/e/bin/python', interpreter: { path: '/p', version: '3.11.7', prefix: '/' } }

/** Environments of which one is built until it is told to end. */
function building() {
  const work = Promise.withResolvers<Built>()
  let begun = 0
  const environments = {
    get: () => {
      begun++
      return work.promise
    },
    state: () => ({ line: 'installing numpy', startedAt: Date.now() - 61_000 }),
  }
  return { environments, work, begun: () => begun }
}

test('who waits too long for an environment is told what is happening, and gets it when it is there', async () => {
  const { environments, work, begun } = building()
  const waiting = new EnvironmentWait(environments, 20)
  for (let n = 0; n < 2; n++) {
    await assert.rejects(waiting.get(wanted, '/m'), (error: unknown) => {
      assert.ok(error instanceof FairleadError && error.code === 'environment-building')
      assert.match(error.message, /being built for 61 s now: installing numpy/)
      assert.equal(error.retryAfter, 2)
      return true
    })
  }
  work.resolve(built)
  assert.equal(await waiting.get(wanted, '/m'), built)
  assert.equal(begun(), 1)
})

test('a build that fails when nobody waits is told to the next who asks, and after that tried anew', async () => {
  const { environments, work, begun } = building()
  const waiting = new EnvironmentWait(environments, 1)
  await assert.rejects(waiting.get(wanted, '/m'), /being built/)
  const settled = waiting.settled(wanted.digest)
  work.reject(new FairleadError('environment-failed', 'no such package'))
  await settled
  await sleep(5)
  await assert.rejects(waiting.get(wanted, '/m'), /no such package/)
  assert.equal(begun(), 1)
  await assert.rejects(waiting.get(wanted, '/m'))
  assert.equal(begun(), 2)
  await waiting.settled('sha256:another')
})
