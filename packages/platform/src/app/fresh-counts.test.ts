import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { FreshCounts } from './fresh-counts.ts'

function counting() {
  const asked: number[] = []
  return { asked, counts: new FreshCounts((ask) => asked.push(ask)) }
}

test('those who ask while others wait share the round after it', async () => {
  const { asked, counts } = counting()
  const order: string[] = []
  const first = counts.fresh().then(() => order.push('first'))
  const second = counts.fresh().then(() => order.push('second'))
  const third = counts.fresh().then(() => order.push('third'))
  assert.deepEqual(asked, [1])
  counts.heard(1)
  await first
  await nextTurn()
  assert.deepEqual([asked, order], [[1, 2], ['first']])
  counts.heard(1)
  await nextTurn()
  assert.deepEqual(order, ['first'], 'an old answer counts for nothing')
  counts.heard(2)
  await Promise.all([second, third])
  assert.deepEqual(
    [asked, order],
    [
      [1, 2],
      ['first', 'second', 'third'],
    ],
  )
})

test('without an answer it goes on after a while', async () => {
  const { asked, counts } = counting()
  await counts.fresh()
  const again = counts.fresh()
  counts.heard(2)
  await again
  assert.deepEqual(asked, [1, 2])
})
