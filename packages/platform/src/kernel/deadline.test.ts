import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { remainingMs, within } from './deadline.ts'

test('what is left never falls below zero', () => {
  assert.equal(remainingMs(1000, 400), 600)
  assert.equal(remainingMs(1000, 5000), 0)
})

test('work in time gives its value, and its own error', async () => {
  assert.equal(
    await within(
      1000,
      async () => 7,
      () => new Error('late'),
    ),
    7,
  )
  await assert.rejects(
    within(
      1000,
      async () => {
        throw new Error('own')
      },
      () => new Error('late'),
    ),
    /own/,
  )
})

test('late work is given up and told so', async () => {
  let aborted: unknown
  // the timer is unreferenced: something must keep the loop alive meanwhile
  const alive = sleep(200)
  await assert.rejects(
    within(
      10,
      (signal) =>
        new Promise(() => {
          signal.addEventListener('abort', () => {
            aborted = signal.reason
          })
        }),
      () => new Error('late'),
    ),
    /late/,
  )
  assert.match(String(aborted), /late/)
  await alive
})
