import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import type { GoldenRows } from '@fairlead/contract/control'
import { coded } from '../../testing/fake-inference.ts'
import { FAKE_ROW, FAKE_SIGNATURE, fakeModel, fakeRelease, fakeRuntime } from '../../testing/fake-model.ts'
import { backgroundOf } from './background.ts'
import { ReleaseLoader } from './load.ts'
import { ReleasePlan } from './serving-release.ts'
import type { ServableRelease } from './types.ts'

const rowsOf = (count: number) => Array.from({ length: count }, (_, at) => ({ ...FAKE_ROW, amount: at }))
const amountsOf = (example: number, golden: number) => {
  const background = backgroundOf(new ReleasePlan(fakeRelease({ example: rowsOf(example) })), rowsOf(golden))
  const figures = background?.inputs.figures?.data as Float32Array | undefined
  return background && { from: background.from, rows: background.rows, amounts: [...figures!].filter((_, at) => at % 2 === 0) }
}

test('golden rows stand for the data, else example rows; one row does not', () => {
  assert.deepEqual(amountsOf(2, 3), { from: 'golden rows', rows: 3, amounts: [0, 1, 2] })
  assert.deepEqual(amountsOf(2, 1), { from: 'example', rows: 2, amounts: [0, 1] })
  assert.deepEqual(amountsOf(2, 0)?.from, 'example')
  assert.equal(amountsOf(1, 1), undefined)
  assert.equal(amountsOf(0, 0), undefined)
})

test('of many rows a hundred are taken, spread evenly over all', () => {
  const { rows, amounts } = amountsOf(1, 250)!
  assert.deepEqual([rows, amounts.length, new Set(amounts).size], [100, 100, 100])
  assert.deepEqual([amounts[0], amounts[1], amounts[50], amounts[99]], [0, 2, 125, 247])
})

test('each value has memory of its own, so that no more is kept and sent than the rows', () => {
  const { inputs } = backgroundOf(new ReleasePlan(fakeRelease()), rowsOf(40))!
  for (const { data } of Object.values(inputs)) if (!Array.isArray(data)) assert.equal(data.byteLength, data.buffer.byteLength)
})

/** A thread whose sessions explain by telling what they were opened with. */
function spawn(): Worker {
  const at = (path: string) => JSON.stringify(new URL(path, import.meta.url).href)
  const code = `
    import { parentPort } from 'node:worker_threads'
    import { serveSessions } from ${at('./worker.ts')}
    import { fakeModel, fakeRuntime } from ${at('../../testing/fake-model.ts')}
    const runtime = fakeRuntime(fakeModel())
    const open = async (artifact) => {
      const { rows, from, inputs } = artifact.background ?? {}
      const explained = { method: artifact.format, background: { rows, from }, outputs: [{ amounts: inputs && [...inputs.figures.data] }] }
      return { ...(await runtime.open(artifact)), explain: async () => [explained] }
    }
    serveSessions(parentPort, [{ ...runtime, open }])`
  return new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`))
}

const GOLDEN: GoldenRows = {
  tolerance: 1e-6,
  rows: [
    { ...FAKE_ROW, amount: 5000 },
    { ...FAKE_ROW, amount: 0 },
  ],
  predictions: [{ label: 'good' }, { label: 'good' }],
}

function loaderOf({ explains, golden }: { explains?: boolean; golden?: GoldenRows }): ReleaseLoader {
  const artifact = { bytes: new Uint8Array(4), signature: FAKE_SIGNATURE }
  return new ReleaseLoader({
    artifacts: {
      load: async () => ({ ...artifact, format: 'file' }),
      form: async () => ({ ...artifact, format: 'form' }),
      golden: async () => golden,
    },
    runtimes: [{ ...fakeRuntime(fakeModel()), ...(explains === undefined ? {} : { explains }) }],
    spawn,
  })
}

async function explained(loader: ReleaseLoader, runtime?: ServableRelease['runtime']) {
  await using serving = await loader.load(fakeRelease({ ...(runtime ? { runtime } : {}) }))
  return await serving.explain(serving.rows.decode([FAKE_ROW]), 1, Date.now() + 60_000)
}

test('a model is opened for explanations with the golden rows that it passed', async () => {
  await using loader = loaderOf({ explains: true, golden: GOLDEN })
  assert.deepEqual(await explained(loader), [{ method: 'file', background: { rows: 2, from: 'golden rows' }, outputs: [{ amounts: [5000, 12, 0, 12] }] }])
})

test('what another runtime runs is explained by its form where that answers alike, and else refused with the reason', async () => {
  await using loader = loaderOf({ golden: GOLDEN })
  const [explanation] = await explained(loader, { name: 'onnx', reason: 'It is faster.', formAgrees: true })
  assert.deepEqual([explanation?.method, explanation?.background?.from], ['form', 'golden rows'])
  await assert.rejects(
    explained(loader, { name: 'onnx', reason: 'The compiled form does not take it (node Conv_1).' }),
    coded('explanation-unavailable', /are explained\. The compiled form does not take it \(node Conv_1\)\./),
  )
  await assert.rejects(explained(loader), coded('explanation-unavailable', /The model runs with fake\./))
})
