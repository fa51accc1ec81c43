import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { coded } from '../../testing/fake-inference.ts'
import { FAKE_SIGNATURE, type FakeModel, fakeModel, fakeSession } from '../../testing/fake-model.ts'
import { Batcher, type BatcherOptions } from './batcher.ts'
import { refusedValue } from './refused-value.ts'
import { RowsPlan } from './rows.ts'
import { RunCounters } from './run-counters.ts'
import type { Session, Tensors } from './types.ts'

const plan = new RowsPlan(FAKE_SIGNATURE, { extraColumns: 'refuse', unknownValues: 'refuse' })
const rowsOf = (amounts: number[]) => plan.decode(amounts.map((amount) => ({ age: 30, amount, duration: 1 })))
const LATER = Number.MAX_SAFE_INTEGER

function batcherOf(model: FakeModel, options: Partial<BatcherOptions> = {}) {
  const batcher = new Batcher(fakeSession(model), { tile: 4, queueRows: 100, slots: 1, joinable: true, ...options })
  const ask = async (amounts: number[], deadline = LATER) => {
    const { outputs } = await batcher.run({ inputs: rowsOf(amounts), rows: amounts.length, deadline })
    const p = outputs.p!.data as Float32Array
    return amounts.map((_, i) => Math.round(p[i * 2 + 1]! * 10000))
  }
  return { batcher, ask }
}

test('what waits goes together, and everyone gets their own rows', async () => {
  const model = fakeModel()
  const { ask } = batcherOf(model)
  const answers = await Promise.all([ask([1]), ask([2, 3]), ask([4]), ask([5])])
  assert.deepEqual(answers, [[1], [2, 3], [4], [5]])
  assert.deepEqual(model.runs, [4, 1])
})

test('a large request is cut into tiles, and others take their turn between them', async () => {
  const model = fakeModel()
  const { ask } = batcherOf(model)
  const large = Array.from({ length: 11 }, (_, i) => i + 10)
  const order: string[] = []
  const [big, small] = await Promise.all([ask(large).finally(() => order.push('large')), ask([1]).finally(() => order.push('small'))])
  assert.deepEqual([big, small], [large, [1]])
  assert.deepEqual(order, ['small', 'large'])
  assert.deepEqual(model.runs, [4, 4, 4])
})

test('a poisoned request fails alone', async () => {
  const model = fakeModel()
  model.poison = 666
  const { ask } = batcherOf(model)
  const [a, bad, b] = await Promise.allSettled([ask([1]), ask([666]), ask([2])])
  assert.deepEqual([a.status, bad.status, b.status], ['fulfilled', 'rejected', 'fulfilled'])
  assert.deepEqual(a.status === 'fulfilled' && a.value, [1])
})

for (const where of ['here', 'in a worker'])
  test(`a value that the session refuses is named by its row of the request, and costs nobody else, ${where}`, async () => {
    const refuse = (inputs: Tensors): Tensors => {
      const row = (inputs.amount!.data as Float32Array).indexOf(666)
      if (row >= 0) throw refusedValue('value-unknown', { row, name: 'amount', detail: '666 is not known' })
      return { p: { type: 'float32', shape: [inputs.amount!.shape[0]!], data: inputs.amount!.data } }
    }
    const session: Session = { run: async (inputs) => refuse(inputs), [Symbol.asyncDispose]: async () => {}, ...(where === 'here' && { runSync: refuse }) }
    const batcher = new Batcher(session, { tile: 4, queueRows: 100, slots: 1, joinable: true })
    const amounts = (...data: number[]): Tensors => ({ amount: { type: 'float32', shape: [data.length], data: Float32Array.from(data) } })
    const [other, refused] = await Promise.allSettled([
      batcher.run({ inputs: amounts(7), rows: 1, deadline: LATER }),
      batcher.run({ inputs: amounts(0, 1, 2, 3, 4, 5, 6, 666, 8), rows: 9, deadline: LATER }),
    ])
    assert.equal(other.status, 'fulfilled')
    assert.match(refused.status === 'rejected' ? refused.reason.message : '', /^rows\[7\]\.amount: 666/)
  })

test('the same in a worker: several runs at once, failures alone', async () => {
  const model = fakeModel()
  model.delayMs = 5
  model.poison = 666
  const { ask } = batcherOf(model, { slots: 2 })
  const all = await Promise.allSettled([ask([1, 2, 3, 4]), ask([5]), ask([666]), ask([6])])
  assert.deepEqual(
    all.map((one) => (one.status === 'fulfilled' ? one.value : 'failed')),
    [[1, 2, 3, 4], [5], 'failed', [6]],
  )
})

test('a full queue refuses at once, but an empty one takes anything', async () => {
  const { batcher, ask } = batcherOf(fakeModel(), { queueRows: 3 })
  const large = ask([1, 2, 3, 4, 5])
  await assert.rejects(
    batcher.run({ inputs: rowsOf([1]), rows: 1, deadline: LATER }),
    (error: { code: string; retryAfter: number }) => error.code === 'queue-full' && error.retryAfter === 1,
  )
  assert.deepEqual(await large, [1, 2, 3, 4, 5])
  assert.equal(batcher.queuedRows, 0)
})

test('a deadline that passed is dropped before the model runs', async () => {
  const model = fakeModel()
  const { ask } = batcherOf(model)
  await assert.rejects(ask([1], Date.now() - 1), coded('deadline-exceeded'))
  assert.deepEqual(model.runs, [])
})

test('a deadline that passes while a worker runs is answered, and the others wait on', async () => {
  const model = fakeModel()
  model.delayMs = 500
  const { ask } = batcherOf(model)
  const hurried = ask([1], Date.now() + 20)
  let answered = false
  const patient = ask([2]).finally(() => {
    answered = true
  })
  await assert.rejects(hurried, coded('deadline-exceeded'))
  assert.equal(answered, false, 'not only when the run is over')
  assert.deepEqual(await patient, [2])
})

test('a deadline that passes in the queue is answered then, and its rows are given back', async () => {
  const model = fakeModel()
  model.delayMs = 800
  const { batcher, ask } = batcherOf(model)
  let free = false
  const busy = ask([1, 2, 3, 4]).finally(() => {
    free = true
  })
  await sleep(20)
  const late = ask([5, 6], Date.now() + 50)
  const patient = ask([7])
  assert.equal(batcher.queuedRows, 3)
  await assert.rejects(late, coded('deadline-exceeded', /before the model was free/))
  assert.equal(free, false, 'not only when the model is free')
  assert.equal(batcher.queuedRows, 1)
  assert.deepEqual(await Promise.all([busy, patient]), [[1, 2, 3, 4], [7]])
  assert.deepEqual([model.runs, batcher.queuedRows], [[4, 1], 0])
})

/** A model whose answers are as wide as its largest amount. */
function widening(elsewhere: boolean) {
  const runs: number[] = []
  const answer = (inputs: Tensors): Tensors => {
    const figures = inputs.figures!.data as Float32Array
    const rows = figures.length / 2
    runs.push(rows)
    const width = Math.max(...figures.filter((_, i) => i % 2 === 0))
    return { y: { type: 'float32', shape: [rows, width], data: new Float32Array(rows * width) } }
  }
  const session: Session = { ...(elsewhere ? {} : { runSync: answer }), run: async (inputs) => answer(inputs), [Symbol.asyncDispose]: async () => {} }
  return { runs, batcher: new Batcher(session, { tile: 2, queueRows: 100, slots: 1, joinable: true }) }
}

for (const elsewhere of [false, true])
  test(`parts of an answer that cannot be joined are an error, and others get theirs [${elsewhere ? 'worker' : 'inline'}]`, { timeout: 2000 }, async () => {
    const { runs, batcher } = widening(elsewhere)
    const torn = batcher.run({ inputs: rowsOf([1, 1, 3]), rows: 3, deadline: LATER })
    const other = batcher.run({ inputs: rowsOf([2]), rows: 1, deadline: LATER })
    await assert.rejects(torn, coded('model-run-failed', /different forms: .*\[2,1\] and \[1,3\]/))
    assert.deepEqual((await other).outputs.y!.shape, [1, 3])
    assert.deepEqual(runs, [2, 2])
    await batcher.close()
  })

test('what cannot be joined runs alone and whole', async () => {
  const model = fakeModel()
  const { ask } = batcherOf(model, { joinable: false, tile: 2 })
  assert.deepEqual(await Promise.all([ask([1, 2, 3]), ask([4])]), [[1, 2, 3], [4]])
  assert.deepEqual(model.runs, [3, 1])
})

test('an answer with other rows than its question is refused when shared', async () => {
  const session = { run: async () => ({ y: { type: 'float32' as const, shape: [1], data: new Float32Array(1) } }), [Symbol.asyncDispose]: async () => {} }
  const batcher = new Batcher(session, { tile: 2, queueRows: 10, slots: 1, joinable: true })
  await assert.rejects(batcher.run({ inputs: rowsOf([1, 2, 3]), rows: 3, deadline: LATER }), coded('model-run-failed', /"y" has 1 rows/))
  assert.deepEqual((await batcher.run({ inputs: rowsOf([1]), rows: 1, deadline: LATER })).outputs.y!.shape, [1])
})

test('closing answers what is in hand and takes no more', async () => {
  const model = fakeModel()
  model.delayMs = 5
  const { batcher, ask } = batcherOf(model)
  const last = ask([1])
  const closed = batcher.close()
  await assert.rejects(ask([2]), coded('release-not-ready'))
  assert.deepEqual(await last, [1])
  await closed
  await batcher.close()
})

/** A session that notes the first amount of each run. */
function noting() {
  const seen: number[][] = []
  const answer = (inputs: Tensors): Tensors => {
    const figures = inputs.figures!.data as Float32Array
    seen.push(Array.from({ length: figures.length / 2 }, (_, i) => figures[2 * i]!))
    return { y: { type: 'float32', shape: [figures.length / 2], data: new Float32Array(figures.length / 2) } }
  }
  const session: Session = { runSync: answer, run: async (inputs) => answer(inputs), [Symbol.asyncDispose]: async () => {} }
  return { seen, session }
}

const LIMITS = { tile: 1, queueRows: 100, slots: 1, joinable: true }

test('the higher level goes first, first come first within one, and the setting is for those who name none', async () => {
  const { seen, session } = noting()
  const batcher = new Batcher(session, { ...LIMITS, priority: 4 })
  const ask = (amount: number, priority?: number) => batcher.run({ inputs: rowsOf([amount]), rows: 1, deadline: LATER, priority })
  await Promise.all([ask(50, 5), ask(40), ask(100, 10), ask(51, 5), ask(10, 1), ask(41, 4), ask(11, 1)])
  assert.deepEqual(seen.flat(), [10, 11, 40, 41, 50, 51, 100])
})

test('a low level waits, but not for ever: age counts', async () => {
  const { seen, session } = noting()
  const batcher = new Batcher(session, { ...LIMITS, priority: 1 })
  const started = performance.now()
  let low = 0
  const waits = batcher.run({ inputs: rowsOf([99]), rows: 1, deadline: LATER, priority: 3 }).then(() => {
    low = performance.now() - started
  })
  // there is always one of the highest level waiting
  let over = false
  const flood = async () => {
    while (!over) await batcher.run({ inputs: rowsOf([1]), rows: 1, deadline: LATER })
  }
  const floods = [flood(), flood(), flood()]
  await waits
  over = true
  await Promise.all(floods)
  assert.ok(low >= 900, `two levels are a second, and it waited ${low} ms`)
  assert.ok(seen.flat().indexOf(99) > 10)
})

test('a large request of a low level lets others pass between its tiles', async () => {
  const { seen, session } = noting()
  let other: Promise<unknown> | undefined
  const runSync = (inputs: Tensors) => {
    // it comes while the first tile runs
    other ??= batcher.run({ inputs: rowsOf([10]), rows: 1, deadline: LATER, priority: 2 })
    return session.runSync!(inputs)
  }
  const batcher = new Batcher({ ...session, runSync }, { ...LIMITS, tile: 2 })
  await batcher.run({ inputs: rowsOf([1, 2, 3, 4, 5, 6]), rows: 6, deadline: LATER, priority: 8 })
  await other
  assert.deepEqual(seen.flat().indexOf(10) < 5, true, seen.join(' '))
  assert.deepEqual(
    seen.flat().filter((amount) => amount < 10),
    [1, 2, 3, 4, 5, 6],
  )
})

test('a queue is bounded by bytes too, and gives them back', async () => {
  const model = fakeModel()
  // two rows: two int64, two texts of three letters and two pairs of floats
  const bytes = 2 * (8 + 16 + 3 + 8)
  const { batcher, ask } = batcherOf(model, { queueBytes: 2 * bytes })
  const inputs = () => plan.decode([1, 2].map((amount) => ({ age: 30, purpose: 'car', amount, duration: 1 })))
  const both = [batcher.run({ inputs: inputs(), rows: 2, deadline: LATER }), batcher.run({ inputs: inputs(), rows: 2, deadline: LATER })]
  await assert.rejects(batcher.run({ inputs: inputs(), rows: 2, deadline: LATER }), coded('queue-full', /bytes of inputs are waiting, at most 140 may/))
  await Promise.all(both)
  assert.deepEqual(await ask([1, 2, 3, 4, 5, 6, 7, 8, 9]), [1, 2, 3, 4, 5, 6, 7, 8, 9], 'an empty queue takes anything')
  await batcher.run({ inputs: inputs(), rows: 2, deadline: LATER })
})

test('runs are counted by their rows, with what they took; failed ones are not', async () => {
  const model = fakeModel()
  model.poison = 666
  const { batcher, ask } = batcherOf(model)
  await ask([0])
  const counters = new RunCounters()
  batcher.counters = counters
  // a run of four; one of three that fails, and two for each alone, of which one fails
  await Promise.allSettled([ask([1]), ask([2, 3]), ask([4, 5, 6]), ask([666])])
  await ask([7])
  assert.deepEqual(
    counters.sizes().map(({ rows, runs }) => [rows, runs]),
    [
      [1, 1],
      [2, 1],
      [4, 1],
    ],
  )
  assert.ok(counters.sizes().every(({ runMs, inputMs }) => runMs >= 0 && inputMs >= 0))
})
