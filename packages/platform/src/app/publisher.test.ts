import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { memorySnapshots } from '../testing/process-snapshots.ts'
import { Publisher } from './publisher.ts'

test('the delay of the event loop is what it was late by, without the interval of looking', async () => {
  using publisher = new Publisher({
    process: 'serve-1-x-1',
    slot: 'serve-1',
    role: 'serve',
    restarts: 0,
    store: memorySnapshots(),
    series: () => [],
    log: () => ({ rows: 0, dropped: 0, bytes: 0 }),
    connections: () => 0,
    state: () => 'ready',
  })
  // on a busy machine a quiet moment may take a few tries
  const quiet: number[] = []
  for (let i = 0; i < 20 && !(quiet.at(-1)! < 10); i++) {
    publisher.publish()
    await sleep(150)
    quiet.push(publisher.snapshot().eventLoopP99Ms)
  }
  assert.ok(quiet.at(-1)! < 10, `an idle loop is late by ${quiet} ms`)
  const until = performance.now() + 120
  while (performance.now() < until);
  await sleep(30)
  assert.ok(publisher.snapshot().eventLoopP99Ms > 80)
})

test('a process that cannot tell of itself for a moment goes on, and tells again', async () => {
  let tries = 0
  let told = 0
  const store = {
    ...memorySnapshots(),
    publish() {
      if (++tries === 2) throw Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' })
      told++
    },
  }
  using _publisher = new Publisher({
    process: 'control',
    slot: 'control',
    role: 'control',
    restarts: 0,
    store,
    series: () => [],
    log: () => ({ rows: 0, dropped: 0, bytes: 0 }),
    connections: () => 0,
    state: () => 'ready',
  })
  for (let i = 0; i < 60 && told < 2; i++) await sleep(100)
  assert.deepEqual([told >= 2, tries >= 3], [true, true])
})
