import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Runner, Turns } from './turns.ts'

/** Turns by a clock of their own, and runners that keep the thread for `millis` in each of `runs` runs. */
function thread() {
  let time = 0
  const order: string[] = []
  const turns = new Turns(() => time)
  const busy = (name: string, { millis, runs }: { millis: number; runs: number }): Runner => {
    let left = runs
    const runner: Runner = {
      spent: 0,
      turn() {
        order.push(name)
        time += millis
        if (--left > 0) turns.ask(runner)
      },
    }
    turns.ask(runner)
    return runner
  }
  return { order, busy }
}

async function until(done: () => boolean): Promise<void> {
  for (let i = 0; i < 10_000 && !done(); i++) await nextTurn()
  assert.ok(done(), 'it never came to that')
}

test('one who is alone has one run in each turn of the event loop, and never waits', async () => {
  const { order, busy } = thread()
  busy('a', { millis: 0, runs: 3 })
  assert.deepEqual(order, [], 'not before the end of this turn')
  await nextTurn()
  assert.equal(order.length, 1)
  await nextTurn()
  assert.equal(order.length, 2)
})

test('everyone has a run in each turn, however many the others want', async () => {
  const { order, busy } = thread()
  busy('flood', { millis: 0, runs: 1000 })
  await nextTurn()
  busy('other', { millis: 0, runs: 2 })
  await until(() => order.filter((name) => name === 'other').length === 2)
  assert.ok(order.length <= 5, order.join())
})

test('long runs of one cost it its turns while another with short ones waits, and nobody starves', async () => {
  const { order, busy } = thread()
  const long = busy('long', { millis: 8, runs: 30 })
  const short = busy('short', { millis: 0.5, runs: 200 })
  await until(() => order.filter((name) => name === 'long').length === 4)
  const shorts = order.filter((name) => name === 'short').length
  // by turns alone they would have had as many
  assert.ok(shorts > 30, `${shorts} short runs beside 4 long ones`)
  assert.ok(Math.abs(long.spent - short.spent) <= 16, `${long.spent} and ${short.spent} ms`)
})

test('sockets are read between runs: after so many milliseconds the rest wait for the next turn, and go first then', async () => {
  const { order, busy } = thread()
  for (const name of ['a', 'b', 'c', 'd']) busy(name, { millis: 6, runs: 1 })
  await nextTurn()
  assert.equal(order.length, 1)
  await nextTurn()
  await nextTurn()
  await nextTurn()
  assert.deepEqual(order, ['a', 'b', 'c', 'd'])
})

test('who comes late has no claim to the time before', async () => {
  const { order, busy } = thread()
  busy('a', { millis: 3, runs: 100 })
  busy('b', { millis: 3, runs: 100 })
  await until(() => order.length > 20)
  const from = order.length
  busy('late', { millis: 3, runs: 100 })
  await until(() => order.length > from + 12)
  const late = order.slice(from).filter((name) => name === 'late').length
  assert.ok(late >= 2 && late <= 8, `${late} of ${order.length - from}`)
})
