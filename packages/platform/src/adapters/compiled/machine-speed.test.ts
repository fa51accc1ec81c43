import assert from 'node:assert/strict'
import { test } from 'node:test'
import { machineSpeed } from './machine-speed.ts'

test('a machine has a speed', () => {
  const speed = machineSpeed()
  assert.ok(speed > 0.01 && speed < 1000, String(speed))
})
