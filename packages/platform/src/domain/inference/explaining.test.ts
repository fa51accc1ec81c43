import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Explanation } from '@fairlead/contract'
import { coded } from '../../testing/fake-inference.ts'
import { Explaining, type OpenedApart } from './explaining.ts'
import type { Tensors } from './types.ts'

const LATER = Number.MAX_SAFE_INTEGER

/** Threads that explain with a function, and what became of them. */
function threads(explain: (inputs: Tensors) => Promise<Explanation[]> = async () => []) {
  const seen = { opened: 0, ended: 0, stuckMs: [] as number[] }
  const worker = {
    alive: true,
    explain: (_: number, inputs: Tensors, stuckMs: number) => {
      seen.stuckMs.push(stuckMs)
      return explain(inputs)
    },
    [Symbol.asyncDispose]: async () => void seen.ended++,
  }
  const open = async (): Promise<OpenedApart> => {
    seen.opened++
    return { worker, session: 7 }
  }
  return { seen, worker, open }
}

const explanation = (margin: number): Explanation => ({ method: 'linear', outputs: [{ margin, bias: 0, contributions: {}, reasons: [] }] })
const inputsOf = (x: number): Tensors => ({ x: { type: 'float64', shape: [1], data: Float64Array.of(x), nulls: Uint8Array.of(1) } })

test('the model is opened at the first request; requests go one after the other, each with its own values', async () => {
  const running: number[] = []
  const { seen, open } = threads(async ({ x }) => {
    running.push(x!.data[0] as number)
    assert.deepEqual(x!.nulls, Uint8Array.of(1))
    await sleep(1)
    return [explanation(x!.data[0] as number)]
  })
  await using explaining = new Explaining(open)
  assert.equal(seen.opened, 0)
  const inputs = inputsOf(1)
  const first = explaining.explain(inputs, 1, LATER)
  inputs.x!.data[0] = 99
  const second = explaining.explain(inputsOf(2), 1, Date.now() + 60_000)
  assert.deepEqual([await first, await second], [[explanation(1)], [explanation(2)]])
  assert.deepEqual([running, seen.opened], [[1, 2], 1])
  assert.ok(seen.stuckMs[1]! <= 60_000)
})

test('too many rows and too many requests are refused at once', async () => {
  const { open } = threads()
  await using explaining = new Explaining(open)
  assert.throws(() => explaining.explain({}, 101, LATER), coded('rows-too-many', /101 rows .* at most 100/))
  const waiting = Array.from({ length: 16 }, () => explaining.explain({}, 1, LATER))
  assert.throws(() => explaining.explain({}, 1, LATER), coded('queue-full'))
  await Promise.all(waiting)
  assert.deepEqual(await explaining.explain({}, 1, LATER), [])
})

test('a thread that failed is replaced, and a failed opening tried again', async () => {
  const { seen, worker, open } = threads(async () => {
    worker.alive = false
    throw new Error('lost')
  })
  let failing = true
  await using explaining = new Explaining(async () => {
    if (failing) throw new Error('no memory')
    worker.alive = true
    return open()
  })
  await assert.rejects(explaining.explain({}, 1, LATER), /no memory/)
  failing = false
  await assert.rejects(explaining.explain({}, 1, LATER), /lost/)
  await assert.rejects(explaining.explain({}, 1, LATER), /lost/)
  assert.equal(seen.opened, 2)
})

test('past its deadline a request is told so, before it runs and after', async () => {
  const { seen, open } = threads(async () => {
    await sleep(20)
    throw new Error('the worker did not answer')
  })
  await using explaining = new Explaining(open)
  await assert.rejects(explaining.explain({}, 1, Date.now() - 1), coded('deadline-exceeded'))
  assert.equal(seen.opened, 0)
  await assert.rejects(explaining.explain({}, 1, Date.now() + 10), coded('deadline-exceeded'))
})

test('who waits is answered at the deadline, and the thread that is at work is kept for the next', async () => {
  const work = Promise.withResolvers<Explanation[]>()
  let first = true
  const { seen, open } = threads(() => {
    if (!first) return Promise.resolve([explanation(2)])
    first = false
    return work.promise
  })
  await using explaining = new Explaining(open)
  const [running, waiting] = [explaining.explain({}, 1, Date.now() + 20), explaining.explain({}, 1, Date.now() + 30)]
  await assert.rejects(running, coded('deadline-exceeded'))
  await assert.rejects(waiting, coded('deadline-exceeded'))
  assert.ok(seen.stuckMs[0]! >= 1000, `${seen.stuckMs[0]} ms`)
  work.resolve([])
  assert.deepEqual(await explaining.explain({}, 1, LATER), [explanation(2)])
  assert.equal(seen.opened, 1)
})

test('the thread ends when nothing is asked, and with the release', async () => {
  const { seen, open } = threads()
  const explaining = new Explaining(open, { idleMs: 1 })
  await explaining.explain({}, 1, LATER)
  while (seen.ended === 0) await sleep(1)
  await explaining.explain({}, 1, LATER)
  await explaining[Symbol.asyncDispose]()
  assert.deepEqual([seen.opened, seen.ended], [2, 2])
  await assert.rejects(explaining.explain({}, 1, LATER), coded('release-not-ready'))
})
