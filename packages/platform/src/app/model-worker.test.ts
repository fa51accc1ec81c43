import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { getPriority } from 'node:os'
import { test } from 'node:test'
import { encodeForm } from '@fairlead/evaluator'
import type { Tensors } from '../domain/inference/index.ts'
import { WorkerThread } from '../domain/inference/worker-thread.ts'
import { FORM_FORMAT } from '../model/compiled/form-format.ts'
import { formSignature } from '../model/compiled/signature.ts'
import { coded } from '../testing/fake-inference.ts'
import { identityModel } from '../testing/identity-model.ts'
import { stumpsForm } from '../testing/stumps-form.ts'
import { modelWorker } from './model-worker.ts'

const STUCK_MS = 10_000
const IDENTITY = identityModel([
  { name: 'x', type: 'float32', shape: [-1, 2] },
  { name: 's', type: 'string', shape: [-1] },
])

test('a worker opens, runs and measures a model, and the caller keeps its own tensors', async () => {
  await using worker = new WorkerThread(modelWorker())
  const { session, millis } = await worker.open(IDENTITY, 60_000)
  assert.ok(millis > 0)
  const whole = new Float32Array([9, 1, 2, 3, 4, 9])
  const inputs = {
    x: { type: 'float32' as const, shape: [2, 2], data: whole.subarray(1, 5) },
    s: { type: 'string' as const, shape: [2], data: ['a\u0000b', ''] },
  }
  const outputs = await worker.run(session, inputs, { stuckMs: STUCK_MS })
  assert.deepEqual(outputs, { x_out: { ...inputs.x, data: new Float32Array([1, 2, 3, 4]) }, s_out: inputs.s })
  assert.deepEqual([...whole], [9, 1, 2, 3, 4, 9])
  const { measured, rowwise } = await worker.measure(session, oneRow(), { fixedRows: false, stuckMs: STUCK_MS })
  assert.deepEqual([measured.length, rowwise], [5, true])
})

function oneRow() {
  return { x: { type: 'float32' as const, shape: [1, 2], data: new Float32Array(2) }, s: { type: 'string' as const, shape: [1], data: [''] } }
}

/** Priorities of this process's threads, by thread (Linux). */
function threadPriorities(): Map<number, number> {
  return new Map(readdirSync('/proc/self/task').map((thread) => [Number(thread), getPriority(Number(thread))]))
}

test('a worker steps back behind the serving thread, and no other thread does', async () => {
  const linux = process.platform === 'linux'
  const before = linux ? threadPriorities() : new Map()
  await using worker = new WorkerThread(modelWorker())
  await worker.open(IDENTITY, 60_000)
  const own = getPriority(process.pid)
  const after = linux ? threadPriorities() : new Map()
  const fresh = [...after].filter(([thread]) => !before.has(thread)).map(([, priority]) => priority)
  assert.equal(fresh.includes(Math.min(19, own + 10)), linux)
  for (const [thread, priority] of before) assert.equal(after.get(thread) ?? priority, priority)
})

test('errors come back with their code, and the worker goes on', async () => {
  await using worker = new WorkerThread(modelWorker())
  await assert.rejects(
    worker.open({ ...IDENTITY, bytes: new TextEncoder().encode('no model') }, 60_000),
    coded('load-failed', /ONNX Runtime cannot load the model/),
  )
  const { session } = await worker.open(IDENTITY, 60_000)
  await assert.rejects(worker.run(session, {}, { stuckMs: STUCK_MS }), coded('model-run-failed', /"x" is missing/))
  await worker.close(session)
  await assert.rejects(worker.run(session, oneRow(), { stuckMs: STUCK_MS }), coded('model-run-failed', /was unloaded/))
})

test('a compiled model is explained in a worker; one of ONNX Runtime is not', async () => {
  await using worker = new WorkerThread(modelWorker())
  const form = stumpsForm()
  const { session } = await worker.open({ format: FORM_FORMAT, bytes: encodeForm(form), signature: formSignature(form) }, 60_000)
  const rows: Tensors = {
    amount: { type: 'float32', shape: [1], data: Float32Array.of(5) },
    purpose: { type: 'string', shape: [1], data: [''], nulls: Uint8Array.of(1) },
  }
  const [explanation] = await worker.explain(session, rows, STUCK_MS)
  assert.deepEqual(
    explanation?.outputs.map(({ reasons }) => reasons),
    [['amount = 5 raises it by 1'], ['purpose is missing and lowers it by 1']],
  )
  const { session: onnx } = await worker.open(IDENTITY, 60_000)
  await assert.rejects(worker.explain(onnx, oneRow(), STUCK_MS), coded('explanation-unavailable'))
})

test('several workers run and end side by side, again and again', async () => {
  const bytes = await readFile(new URL('../adapters/onnx/testdata/credit-risk.onnx', import.meta.url))
  for (let round = 0; round < 3; round++) {
    await Promise.all(
      Array.from({ length: 4 }, async () => {
        await using worker = new WorkerThread(modelWorker())
        await worker.open({ ...IDENTITY, bytes }, 60_000)
        const { session } = await worker.open(IDENTITY, 60_000)
        await Promise.all(Array.from({ length: 20 }, async () => worker.run(session, oneRow(), { stuckMs: STUCK_MS })))
      }),
    )
  }
})
