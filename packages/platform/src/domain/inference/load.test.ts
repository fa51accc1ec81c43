import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import type { GoldenRows } from '@fairlead/contract/control'
import { coded } from '../../testing/fake-inference.ts'
import { FAKE_ROW, FAKE_SIGNATURE, fakeModel, fakeRelease, fakeRuntime } from '../../testing/fake-model.ts'
import { compareAnswers } from './checks.ts'
import { ReleaseLoader } from './load.ts'
import { chooseTile } from './measure.ts'
import type { ServableRelease } from './types.ts'
import { WorkerThread } from './worker-thread.ts'

/** A worker with the fake runtime; `body` may change `model` and `runtime`. */
function spawn(body = ''): () => Worker {
  const at = (path: string) => JSON.stringify(new URL(path, import.meta.url).href)
  const code = `
    import { parentPort } from 'node:worker_threads'
    import { serveSessions } from ${at('./worker.ts')}
    import { fakeModel, fakeRuntime } from ${at('../../testing/fake-model.ts')}
    const model = fakeModel()
    let runtime = fakeRuntime(model)
    ${body}
    serveSessions(parentPort, [runtime])`
  return () => new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`))
}

interface Given {
  body?: string
  branching?: string[]
  golden?: GoldenRows
  openMs?: number
  onWorkerReplaced?: (release: ServableRelease, reason: string) => void
}

function loaderOf({ body, branching = [], golden, openMs, onWorkerReplaced }: Given = {}) {
  const model = fakeModel()
  const loader = new ReleaseLoader({
    artifacts: {
      load: async ({ model: { format } }) => ({ format, bytes: new Uint8Array(4), signature: FAKE_SIGNATURE, branching }),
      golden: async () => golden,
    },
    runtimes: [fakeRuntime(model)],
    spawn: spawn(body),
    ...(openMs === undefined ? {} : { openMs }),
    ...(onWorkerReplaced ? { onWorkerReplaced } : {}),
  })
  return { loader, model }
}

const LATER = Number.MAX_SAFE_INTEGER

test('a cheap model runs on the serving thread, with the figures that decided', async () => {
  const { loader, model } = loaderOf()
  await using _ = loader
  await using serving = await loader.load(fakeRelease())
  const { mode, reason, measured, tile, runtime, workers } = serving.execution
  assert.deepEqual([mode, runtime, workers], ['inline', 'fake', 0])
  assert.match(reason, /on the serving thread: one row takes \d[\d.]* (µs|ms) and loading/)
  assert.deepEqual(
    measured.map(({ rows }) => rows),
    [1, 8, 32, 128, 512],
  )
  assert.ok(tile >= 8)
  assert.deepEqual(serving.checks, [{ kind: 'example', rows: 1, passed: true }])
  assert.ok(model.runs.length > 0, 'the example ran here')
})

test('a heavy model runs in a worker', async () => {
  const { loader, model } = loaderOf({ body: 'model.delayMs = 10' })
  await using _ = loader
  await using serving = await loader.load(fakeRelease())
  assert.equal(serving.execution.mode, 'worker')
  assert.match(serving.execution.reason, /in a worker: one row takes/)
  const { outputs } = await serving.run({ inputs: serving.rows.decode([FAKE_ROW]), rows: 1, deadline: LATER })
  assert.equal(Math.round((outputs.p!.data as Float32Array)[1]! * 100), 25)
  assert.deepEqual(model.runs, [])
})

test('the setting decides over the measurement', async () => {
  const { loader } = loaderOf()
  await using _ = loader
  await using serving = await loader.load(fakeRelease({ settings: { execution: 'worker', workers: 2 } }))
  assert.deepEqual([serving.execution.mode, serving.execution.workers], ['worker', 2])
  assert.match(serving.execution.reason, /in 2 workers.*the setting "execution" says worker/)
})

test('a model whose work depends on its values never runs on the serving thread, whatever the setting and whatever it did before', async () => {
  const { loader: before } = loaderOf()
  await using _ = before
  await using known = await before.load(fakeRelease())
  assert.equal(known.execution.mode, 'inline')
  const { loader, model } = loaderOf({ branching: ['If', 'Loop'] })
  await using __ = loader
  for (const release of [fakeRelease(), fakeRelease({ settings: { execution: 'inline' } }), fakeRelease({ execution: known.execution })]) {
    await using serving = await loader.load(release)
    assert.deepEqual([serving.execution.mode, serving.execution.workers], ['worker', 1])
    assert.match(
      serving.execution.reason,
      /in a worker: one row takes .*; how long it runs depends on the values \(If, Loop\), so that it never runs on the serving thread/,
    )
  }
  assert.deepEqual(model.runs, [])
})

test('a worker that crashes costs its request, and is replaced', async () => {
  const reasons: string[] = []
  const { loader } = loaderOf({
    body: `const open = runtime.open; runtime = { ...runtime, open: async (a) => { const s = await open(a); return { ...s, run: async (i) => { if (i.figures.data[0] === 13) process.exit(7); return s.run(i) } } } }`,
    onWorkerReplaced: (_, reason) => reasons.push(reason),
  })
  await using _ = loader
  await using serving = await loader.load(fakeRelease({ settings: { execution: 'worker' } }))
  const ask = (amount: number) => serving.run({ inputs: serving.rows.decode([{ ...FAKE_ROW, amount }]), rows: 1, deadline: LATER })
  await assert.rejects(ask(13), coded('worker-crashed', /code 7/))
  assert.ok((await ask(100)).outputs.p)
  assert.deepEqual(reasons, ['the worker ended with code 7'])
})

test('a worker that is stuck is ended after the deadline of the release', async () => {
  const { loader } = loaderOf({
    body: `const open = runtime.open; runtime = { ...runtime, open: async (a) => { const s = await open(a); return { ...s, runSync: undefined, run: async (i) => { if (i.figures.data[0] === 13) for (;;); return s.run(i) } } } }`,
  })
  await using _ = loader
  await using serving = await loader.load(fakeRelease({ settings: { execution: 'worker', deadlineMs: 1500 } }))
  const ask = (amount: number) => serving.run({ inputs: serving.rows.decode([{ ...FAKE_ROW, amount }]), rows: 1, deadline: LATER })
  await assert.rejects(ask(13), coded('worker-crashed', /did not answer within 1500 ms/))
  assert.ok((await ask(100)).outputs.p, 'another took its place')
})

test('a model that ends its worker while it is opened is refused', async () => {
  const { loader } = loaderOf({ body: 'runtime = { ...runtime, name: "bad", open: async () => process.exit(3) }' })
  await using _ = loader
  await assert.rejects(loader.load(fakeRelease()), coded('load-failed', /could not be opened: the worker ended with code 3/))
})

test('a model that hangs while it is opened is given up, and the next one is loaded', { timeout: 20_000 }, async () => {
  const { loader } = loaderOf({
    body: `runtime = { ...runtime, open: async (a) => { if (a.format === 'hang') for (;;); return fakeRuntime(model).open(a) } }`,
    openMs: 1000,
  })
  await using _ = loader
  const hanging = fakeRelease({ model: { ...fakeRelease().model, format: 'hang' } })
  await assert.rejects(loader.load(hanging), coded('load-failed', /could not be opened: the worker did not answer within 1000 ms/))
  await using serving = await loader.load(fakeRelease())
  assert.equal(serving.execution.runtime, 'fake')
})

test('nobody waits for a thread that cannot be ended', { timeout: 10_000 }, async () => {
  const lost: string[] = []
  const thread = spawn()()
  const worker = new WorkerThread(
    Object.assign(Object.create(thread), { terminate: () => new Promise(() => {}), on: thread.on.bind(thread), unref: () => thread.unref() }),
    (reason) => lost.push(reason),
  )
  await worker[Symbol.asyncDispose]()
  assert.equal(worker.alive, false)
  assert.deepEqual(lost, ['the worker was stopped'])
  await thread.terminate()
})

test('an example row that does not fit is named', async () => {
  const { loader } = loaderOf()
  await using _ = loader
  await assert.rejects(loader.load(fakeRelease({ example: [{ ...FAKE_ROW, age: 5 }] })), (error: { code: string; items: { path: string }[] }) => {
    assert.equal(error.code, 'example-failed')
    assert.deepEqual(
      error.items.map((item) => item.path),
      ['example[0].age'],
    )
    return true
  })
})

test('golden rows must give the recorded answers', async () => {
  const golden = {
    rows: [FAKE_ROW, { ...FAKE_ROW, amount: 9000 }],
    predictions: [{ label: 'good', probabilities: { bad: 0.25 } }, { label: 'bad' }],
    tolerance: 1e-6,
  }
  const { loader, model } = loaderOf({ golden })
  await using _ = loader
  await using serving = await loader.load(fakeRelease())
  assert.deepEqual(
    serving.checks.map(({ kind, passed, rows }) => [kind, passed, rows]),
    [
      ['example', true, 1],
      ['golden', true, 2],
    ],
  )
  golden.predictions = [{ label: 'good', probabilities: { bad: 0.26 } }, { label: 'good' }]
  await assert.rejects(loader.load(fakeRelease()), (error: { code: string; message: string; items: { path: string }[]; checks: { passed: boolean }[] }) => {
    assert.equal(error.code, 'example-failed')
    assert.match(error.message, /golden\[0\]\.probabilities\.bad: expected 0\.26, got 0\.25 \(tolerance 0\.000001\), and 1 more/)
    assert.deepEqual(
      error.items.map((item) => item.path),
      ['golden[0].probabilities.bad', 'golden[1].label'],
    )
    assert.deepEqual(
      error.checks.map((check) => check.passed),
      [true, false],
    )
    return true
  })
  assert.equal(model.disposed, 1, 'the refused release was freed')
})

test('decisions are added to the outputs', async () => {
  const { loader } = loaderOf()
  await using _ = loader
  const decide = { field: 'decision', label: 'review', when: 'probability > 0.2', otherwise: null }
  await using serving = await loader.load(fakeRelease({ pipeline: [{ model: {} }, { decide }] }))
  const { outputs } = await serving.run({ inputs: serving.rows.decode([FAKE_ROW]), rows: 1, deadline: LATER })
  assert.deepEqual(outputs.decision!.data, ['review'])
  assert.deepEqual(
    serving.tensors.inputs.map(({ name }) => name),
    ['age', 'purpose', 'amount', 'duration'],
  )
})

test('the tile is the smallest within a tenth of the best rate, and short enough', () => {
  const measured = [
    { rows: 1, micros: 20 },
    { rows: 8, micros: 40 },
    { rows: 32, micros: 64 },
    { rows: 128, micros: 250 },
    { rows: 512, micros: 9000 },
  ]
  assert.equal(chooseTile(measured, 5), 32)
  assert.equal(chooseTile([{ rows: 1, micros: 200_000 }], 5), 1)
  assert.equal(chooseTile([], 5), 1)
})

test('answers are compared as JSON has them', () => {
  const options = { tolerance: 0.01, path: 'g' }
  const same: [unknown, unknown][] = [
    [1, 1.005],
    ['NaN', 'NaN'],
    ['1', 1],
    [null, null],
    [
      [1, 2],
      [1, 2],
    ],
    [{ a: 1 }, { a: 1, b: 2 }],
    ['Infinity', 'Infinity'],
  ]
  for (const [a, b] of same) assert.deepEqual(compareAnswers(a, b, options).differences, [], JSON.stringify([a, b]))
  const other: [unknown, unknown][] = [
    [1, 1.02],
    ['NaN', 1],
    ['a', 'b'],
    [null, 0],
    [{ a: 1 }, {}],
    [[1], [2]],
    ['Infinity', '-Infinity'],
    [true, false],
  ]
  for (const [a, b] of other) assert.equal(compareAnswers(a, b, options).differences.length, 1, JSON.stringify([a, b]))
})
