import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Pulse } from './pulse.ts'

/** Looks of a quarter of a second until it counts as hung. */
function looks(pulse: Pulse): number {
  for (let n = 1; ; n++) if (pulse.missed(250)) return n
}

test('a process is hung when it was silent for its limit and some time to end itself, and has a minute to start', () => {
  const pulse = new Pulse()
  assert.equal(looks(pulse), (60_000 + 3000) / 250)
  pulse.heard(10_000)
  assert.equal(looks(pulse), (10_000 + 3000) / 250)
  pulse.heard(300_000)
  assert.equal(pulse.missed(15_000), false)
  assert.equal(pulse.silentMs, 15_000)
})

test('what is heard in time begins the count anew', () => {
  const pulse = new Pulse()
  for (let i = 0; i < 100; i++) {
    pulse.heard(2000)
    assert.equal(pulse.missed(4900), false)
    assert.ok(pulse.faint)
  }
  pulse.heard(2000)
  assert.equal(pulse.missed(900), false)
  assert.equal(pulse.faint, false)
})
