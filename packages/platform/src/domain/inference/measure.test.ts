import assert from 'node:assert/strict'
import { test } from 'node:test'
import { echoSession } from '../../testing/echo-session.ts'
import { MEASURED_ROWS, measureSession } from './measure.ts'
import type { Session, Tensors } from './types.ts'

const ROW: Tensors = { x: { type: 'float32', shape: [1, 2], data: new Float32Array(2) } }

/** Sleeps without work, as a thread does that others do not let run. */
function heldUp(millis: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, millis)
}

function withRun(run: (inputs: Tensors) => Tensors): Session {
  return { runSync: run, run: async (inputs) => run(inputs), [Symbol.asyncDispose]: async () => {} }
}

test('a cheap model is measured at every size', async () => {
  const { measured, rowwise } = await measureSession(echoSession(), ROW, { fixedRows: false })
  assert.deepEqual([measured.map(({ rows }) => rows), rowwise], [[...MEASURED_ROWS], true])
})

test('a model that was held up by others once is not taken for a slow one', async () => {
  let runs = 0
  const session = withRun((inputs) => {
    if (runs++ === 0) heldUp(120)
    return inputs
  })
  const { measured } = await measureSession(session, ROW, { fixedRows: true })
  assert.equal(measured.length, 1)
  assert.ok(measured[0]!.micros < 40_000, `${measured[0]!.micros} µs`)
})

test('a model that computes for long is a slow one, and runs once', async () => {
  let runs = 0
  const session = withRun((inputs) => {
    runs++
    const used = process.threadCpuUsage()
    for (;;) {
      const { user, system } = process.threadCpuUsage(used)
      if (user + system > 120_000) return inputs
    }
  })
  const { measured } = await measureSession(session, ROW, { fixedRows: false })
  assert.deepEqual([measured.length, runs], [1, 1])
  assert.ok(measured[0]!.micros > 100_000, `${measured[0]!.micros} µs`)
})

test('answers that do not have the rows of the question are noticed', async () => {
  const session = withRun((inputs) => ({ x: { ...inputs.x!, shape: [1, 2] } }))
  const { measured, rowwise } = await measureSession(session, ROW, { fixedRows: false })
  assert.deepEqual([measured.length, rowwise], [1, false])
})
