import assert from 'node:assert/strict'
import { test } from 'node:test'
import { atOnce } from './at-once.ts'

test('no more run at a time than may, in order, and one that fails makes room, too', async () => {
  const limited = atOnce(2)
  const begun: number[] = []
  let running = 0
  let most = 0
  const work = (number: number) =>
    limited(async () => {
      begun.push(number)
      most = Math.max(most, ++running)
      await new Promise(setImmediate)
      running--
      if (number % 2 === 0) throw new Error(`${number}`)
      return number
    })
  const all = await Promise.allSettled([0, 1, 2, 3, 4, 5].map(work))
  assert.deepEqual(
    all.map((one) => (one.status === 'fulfilled' ? one.value : (one.reason as Error).message)),
    ['0', 1, '2', 3, '4', 5],
  )
  assert.deepEqual([begun, most, running], [[0, 1, 2, 3, 4, 5], 2, 0])
  assert.equal(await limited(async () => 'again'), 'again')
})
