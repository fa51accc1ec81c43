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
