import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeModel, fakeRelease, fakeSession } from '../../testing/fake-model.ts'
import { leastMemory, ModelMemory } from './model-memory.ts'
import { MemoryGauge } from './native-memory.ts'
import { ServingRelease } from './serving-release.ts'

const MIB = 1024 * 1024

function loaded(number: number, memoryBytes: number, mode: 'inline' | 'worker' = 'inline'): ServingRelease {
  const execution = { runtime: 'fake', mode, reason: 'A fake.', workers: 0, loadMs: 0, measured: [], tile: 8 }
  const files = [{ path: 'model.onnx', digest: 'sha256:x', size: MIB }]
  const batching = { tile: 8, queueRows: 10, queueBytes: MIB, slots: 1, joinable: true }
  return new ServingRelease(fakeRelease({ number, files }), fakeSession(fakeModel()), { execution, batching, memoryBytes })
}

test('a model counts with what its loads brought on the average, at the least its files', () => {
  const memory = new ModelMemory(100 * MIB)
  const [first, second] = [loaded(1, 6 * MIB), loaded(1, 0)]
  assert.equal(memory.estimate(first.release), leastMemory(first.release, undefined))
  memory.add(first)
  assert.deepEqual([memory.used, memory.estimate(first.release)], [6 * MIB, 6 * MIB])
  memory.add(second)
  assert.equal(memory.used, 9 * MIB)
  memory.remove(first)
  memory.remove(first)
  assert.deepEqual([memory.used, memory.models], [3 * MIB, 1])
  memory.add(loaded(2, 0))
  assert.ok(memory.used > 4 * MIB && memory.used < 4.2 * MIB)
})

test('a model in workers counts once for each, with their threads', () => {
  const release = fakeRelease({ files: [{ path: 'm', digest: 'd', size: 10 * MIB }], settings: { ...fakeRelease().settings, workers: 3 } })
  const [inline, workers] = [leastMemory(release, 'inline'), leastMemory(release, 'worker')]
  assert.ok(inline > 10 * MIB && inline < 11 * MIB)
  assert.equal(workers, 3 * (inline + 16 * MIB))
})

test('what is set aside counts until it is given back, and one that is alone fits always', () => {
  const memory = new ModelMemory(10 * MIB)
  assert.ok(memory.fits(50 * MIB))
  const giveBack = memory.reserve(8 * MIB)
  assert.deepEqual([memory.fits(2 * MIB), memory.fits(3 * MIB), memory.fits(50 * MIB)], [true, false, false])
  giveBack()
  giveBack()
  assert.equal(memory.used, 0)
  const before = loaded(1, 8 * MIB)
  memory.add(before)
  assert.deepEqual([memory.fits(8 * MIB), memory.fits(8 * MIB, before)], [false, true])
})

test('how a release ran is known for every deployment of it', () => {
  const memory = new ModelMemory(MIB)
  const other = fakeRelease({ deployment: 'other' })
  assert.equal(memory.asKnown(other), other)
  memory.add(loaded(1, 0))
  assert.deepEqual([memory.asKnown(other).execution?.runtime, memory.asKnown(other).deployment], ['fake', 'other'])
})

test('growth is told only of what ran alone, and once', () => {
  let now = 100
  const gauge = new MemoryGauge(() => now)
  const alone = gauge.begin()
  now = 150
  assert.deepEqual([alone(), alone()], [50, 0])
  const [a, b] = [gauge.begin(), gauge.begin()]
  now = 400
  assert.deepEqual([a(), b()], [0, 0])
  const shrinking = gauge.begin()
  now = 10
  assert.equal(shrinking(), 0)
  const real = new MemoryGauge().begin()
  const kept = Buffer.alloc(1024)
  assert.ok(Number.isFinite(real()) && kept.length === 1024)
})
