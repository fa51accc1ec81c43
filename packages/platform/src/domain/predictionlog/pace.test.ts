import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Pace } from './pace.ts'

const timed = async (work: () => Promise<unknown>) => {
  const from = performance.now()
  await work()
  return performance.now() - from
}

test('a fifth of the time is four times as much rest as work', async () => {
  const pace = new Pace(0.2)
  const rested = await timed(() => pace.rest(20))
  assert.ok(rested >= 79, `${rested} ms`)
  assert.ok((await timed(() => new Pace(1).rest(1000))) < 500)
})

test('whoever waits for the work ends the rest, and there is none until it is done', async () => {
  const pace = new Pace(0.01)
  const resting = pace.rest(1000)
  let done = () => {}
  const hurried = pace.hurry(
    () =>
      new Promise<void>((resolve) => {
        done = resolve
      }),
  )
  assert.ok((await timed(() => resting)) < 1000)
  assert.ok((await timed(() => pace.rest(1000))) < 1000)
  done()
  await hurried
  assert.ok((await timed(() => pace.rest(1))) >= 98)
})
