import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MessageChannel } from 'node:worker_threads'
import { echoSession } from '../../testing/echo-session.ts'
import { fakeRelease } from '../../testing/fake-model.ts'
import { refusedValue } from './refused-value.ts'
import { allocate } from './tensors.ts'
import type { Artifact, Runtime, Session } from './types.ts'
import { serveSessions } from './worker.ts'
import { type ModelThread, WorkerThread } from './worker-thread.ts'

/** A worker in this thread, and what it was told to open. */
function here(opened: Artifact[], session: () => Session = echoSession) {
  const { port1, port2 } = new MessageChannel()
  const runtime: Runtime = {
    name: 'echo',
    takes: () => true,
    open: async (artifact) => {
      opened.push(artifact)
      return session()
    },
  }
  serveSessions(port2, [runtime])
  const terminate = async () => {
    port2.close()
    port1.close()
  }
  const thread = Object.assign(port1, { terminate }) as unknown as ModelThread
  const sizes: number[] = []
  const post = thread.postMessage.bind(thread)
  thread.postMessage = ((message: { kind: string; part?: Uint8Array; artifact?: Artifact }, transfer: never[]) => {
    sizes.push((message.part ?? message.artifact?.bytes)?.length ?? 0)
    post(message, transfer)
  }) as ModelThread['postMessage']
  return { worker: new WorkerThread(thread), sizes }
}

function artifact(length: number): Artifact {
  const bytes = new Uint8Array(length + 3).map((_, at) => (at * 31) % 251)
  return { format: 'onnx', bytes: bytes.subarray(3), signature: fakeRelease().signature }
}

test('a large model is handed over in parts, whole and without taking it from the caller', async () => {
  const opened: Artifact[] = []
  const { worker, sizes } = here(opened)
  await using _ending = worker
  const large = artifact(3 * 2 ** 20 + 5)
  const [{ session }, small] = await Promise.all([worker.open(large, 10_000), worker.open(artifact(10), 10_000)])
  assert.notEqual(session, small.session)
  assert.deepEqual(
    sizes.filter((size) => size > 10),
    [2 ** 20, 2 ** 20, 2 ** 20],
  )
  const [first, second] = opened.sort((a, b) => a.bytes.length - b.bytes.length)
  assert.equal(first!.bytes.length, 10)
  assert.ok(Buffer.from(second!.bytes).equals(Buffer.from(large.bytes)))
  assert.equal(large.bytes.length, 3 * 2 ** 20 + 5, 'it can be opened again elsewhere')
  const outputs = await worker.run(session, { x: { type: 'float32', shape: [1], data: Float32Array.of(4) } }, { stuckMs: 10_000 })
  assert.deepEqual(outputs.x_out?.data, Float32Array.of(4))
})

test('a worker that goes while a model is handed over says so', async () => {
  const opened: Artifact[] = []
  const { worker } = here(opened)
  const opening = worker.open(artifact(4 * 2 ** 20), 10_000)
  await worker[Symbol.asyncDispose]()
  await assert.rejects(opening, { code: 'worker-crashed', message: /was stopped/ })
  assert.equal(opened.length, 0)
})

test('what a session refuses comes back with its code and places', async () => {
  const refusing: Session = {
    run: async () => {
      throw refusedValue('value-unknown', { row: 2, name: 'x', detail: '4 is not known' })
    },
    [Symbol.asyncDispose]: async () => {},
  }
  const { worker } = here([], () => refusing)
  await using _ending = worker
  const { session } = await worker.open(artifact(10), 10_000)
  const run = worker.run(session, { x: { type: 'float32', shape: [1], data: Float32Array.of(4) } }, { stuckMs: 10_000 })
  await assert.rejects(run, { code: 'value-unknown', items: [{ path: 'rows[2].x', code: 'value-unknown', detail: '4 is not known' }] })
})

/** A session whose answers are allocated as those of compiled models are, so that small ones share a piece of memory. */
function sharingSession(): Session {
  const copied = (from: ArrayLike<number | bigint | string>) => {
    const data = allocate('float32', from.length) as Float32Array
    data.set(from as ArrayLike<number>)
    return data
  }
  return {
    run: async ({ x }) => ({ x_out: { ...x!, data: copied(x!.data) }, again: { ...x!, data: copied(x!.data) } }),
    [Symbol.asyncDispose]: async () => {},
  }
}

test('answers that lie in one piece of memory are handed over without that piece', async () => {
  const { worker } = here([], sharingSession)
  await using _ending = worker
  const { session } = await worker.open(artifact(10), 10_000)
  for (let run = 1; run <= 3; run++) {
    const data = new Float32Array(20).fill(run)
    const outputs = await worker.run(session, { x: { type: 'float32', shape: [20], data } }, { stuckMs: 10_000 })
    assert.deepEqual([outputs.x_out?.data, outputs.again?.data], [data, data])
    assert.equal((outputs.x_out!.data as Float32Array).buffer.byteLength, 80)
  }
})
