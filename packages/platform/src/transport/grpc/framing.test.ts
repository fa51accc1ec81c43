import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Budget } from '../budget.ts'
import { type Framed, FrameReader, frame } from './framing.ts'
import { seededRandom } from './testing/seeded-random.ts'

const MIB = 1024 * 1024

function reader({ messageBytes = 4 * MIB, total = 8 * MIB } = {}) {
  const taken: Framed[] = []
  const budget = new Budget(total)
  return { taken, budget, frames: new FrameReader({ messageBytes, budgets: [budget] }, (message) => taken.push(message)) }
}

/** Whether nothing is counted any more. */
function isFree(budget: Budget, total = 8 * MIB): boolean {
  const free = budget.take(total)
  if (free) budget.give(total)
  return free
}

test('messages come out whole, however they are cut', () => {
  const random = seededRandom(1)
  const messages = [
    Buffer.alloc(0),
    Buffer.from('a'),
    Buffer.alloc(5, 1),
    Buffer.alloc(1000, 2),
    Buffer.alloc(2 * MIB + 3, 3),
    Buffer.alloc(0),
    Buffer.from('end'),
  ]
  const bytes = Buffer.concat(messages.map(frame))
  const cuts = [() => 1 + random(4), () => 1 + random(17), () => 1 + random(70_000), () => bytes.length]
  for (const [k, size] of cuts.entries()) {
    const { taken, frames, budget } = reader()
    // single bytes of the large message would take a while
    for (let at = 0, next = 0; at < bytes.length; at = next) {
      next = at + (k < 2 && at > 2000 && at < bytes.length - 2000 ? 50_000 : size())
      frames.push(bytes.subarray(at, next))
    }
    assert.deepEqual(
      taken.map((message) => message.bytes.length),
      messages.map((message) => message.length),
    )
    assert.ok(taken.every((message, i) => !message.compressed && message.bytes.equals(messages[i]!)))
    assert.equal(frames.partial, false)
    frames.end()
    assert.ok(isFree(budget))
  }
})

test('a part of a message is seen as such', () => {
  const { frames, taken } = reader()
  frames.push(Buffer.from([0, 0]))
  assert.equal(frames.partial, true)
  frames.push(Buffer.from([0, 0, 2, 7]))
  assert.deepEqual([frames.partial, taken.length], [true, 0])
  frames.push(Buffer.from([8]))
  assert.deepEqual([frames.partial, [...taken[0]!.bytes]], [false, [7, 8]])
})

test('an announced length takes no memory beyond a megabyte until its bytes come', () => {
  const { frames, budget } = reader({ messageBytes: 2 ** 31, total: 3 * MIB })
  frames.push(Buffer.from([0, 0x7f, 0xff, 0xff, 0xff, 1]))
  assert.ok(!budget.take(2 * MIB + 1))
  assert.ok(budget.take(2 * MIB))
  budget.give(2 * MIB)
  assert.throws(() => {
    for (let i = 0; i < 10; i++) frames.push(Buffer.alloc(MIB))
  }, /hold too much memory/)
  frames.end()
  assert.ok(isFree(budget, 3 * MIB))
})

test('a length over the limit and an unknown flag are refused at once, cut or whole', () => {
  for (const cut of [false, true]) {
    const push = (bytes: number[]) => {
      const { frames } = reader({ messageBytes: 10 })
      if (cut) for (const byte of bytes) frames.push(Buffer.from([byte]))
      else frames.push(Buffer.from(bytes))
    }
    assert.throws(() => push([0, 0, 0, 0, 11]), { code: 'body-too-large' })
    assert.throws(() => push([0, 0xff, 0xff, 0xff, 0xff]), { code: 'body-too-large' })
    assert.throws(() => push([2, 0, 0, 0, 1]), { code: 'request-invalid' })
    push([1, 0, 0, 0, 10])
  }
})

test('one budget without room takes nothing from the others', () => {
  const [first, second] = [new Budget(10 * MIB), new Budget(MIB / 2)]
  const frames = new FrameReader({ messageBytes: 4 * MIB, budgets: [first, second] }, () => {})
  assert.throws(() => frames.push(Buffer.from([0, 0, 0x0f, 0, 0])), { code: 'too-many-requests' })
  assert.ok(isFree(first, 10 * MIB))
})
