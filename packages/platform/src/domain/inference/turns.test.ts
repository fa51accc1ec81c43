import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Runner, Turns } from './turns.ts'

/** Keeps the thread for `millis` in each of `runs` runs. */
function busy(turns: Turns, name: string, { millis, runs, order }: { millis: number; runs: number; order: string[] }): Runner {
  let left = runs
  const runner: Runner = {
    spent: 0,
    turn() {
      order.push(name)
      const until = performance.now() + millis
      while (performance.now() < until);
      if (--left > 0) turns.ask(runner)
    },
  }
  turns.ask(runner)
  return runner
}

async function until(done: () => boolean): Promise<void> {
  for (let i = 0; i < 10_000 && !done(); i++) await nextTurn()
  assert.ok(done(), 'it never came to that')
}

test('one who is alone has one run in each turn of the event loop, and never waits', async () => {
  const turns = new Turns()
  const order: string[] = []
  busy(turns, 'a', { millis: 0, runs: 3, order })
  assert.deepEqual(order, [], 'not before the end of this turn')
  await nextTurn()
  assert.equal(order.length, 1)
  await nextTurn()
  assert.equal(order.length, 2)
})

test('everyone has a run in each turn, however many the others want', async () => {
  const turns = new Turns()
  const order: string[] = []
  busy(turns, 'flood', { millis: 0, runs: 1000, order })
  await nextTurn()
  busy(turns, 'other', { millis: 0, runs: 2, order })
  await until(() => order.filter((name) => name === 'other').length === 2)
  assert.ok(order.length <= 5, order.join())
})

test('long runs of one cost it its turns while another with short ones waits, and nobody starves', async () => {
  const turns = new Turns()
  const order: string[] = []
  const long = busy(turns, 'long', { millis: 8, runs: 30, order })
  const short = busy(turns, 'short', { millis: 0.5, runs: 200, order })
  await until(() => order.filter((name) => name === 'long').length === 4)
  const shorts = order.filter((name) => name === 'short').length
  // by turns alone they would have had as many
  assert.ok(shorts > 12, `${shorts} short runs beside 4 long ones`)
  assert.ok(Math.abs(long.spent - short.spent) < 60, `${long.spent} and ${short.spent} ms`)
})

test('sockets are read between runs: after so many milliseconds the rest wait for the next turn, and go first then', async () => {
  const turns = new Turns()
  const order: string[] = []
  for (const name of ['a', 'b', 'c', 'd']) busy(turns, name, { millis: 6, runs: 1, order })
  await nextTurn()
  assert.equal(order.length, 1)
  await nextTurn()
  await nextTurn()
  await nextTurn()
  assert.deepEqual(order, ['a', 'b', 'c', 'd'])
})

test('who comes late has no claim to the time before', async () => {
  const turns = new Turns()
  const order: string[] = []
  busy(turns, 'a', { millis: 3, runs: 100, order })
  busy(turns, 'b', { millis: 3, runs: 100, order })
  await until(() => order.length > 20)
  const from = order.length
  busy(turns, 'late', { millis: 3, runs: 100, order })
  await until(() => order.length > from + 12)
  const late = order.slice(from).filter((name) => name === 'late').length
  assert.ok(late >= 2 && late <= 8, `${late} of ${order.length - from}`)
})
