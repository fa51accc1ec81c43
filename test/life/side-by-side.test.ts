import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Control } from '@fairlead/client'
import { startPlatform } from '../support/platform.ts'
import { controlOf, deploy, importFolder, MODELS, ROW, temporaryFolder } from './rig.ts'

const HEAVY = fileURLToPath(new URL('./testdata/heavy.onnx', import.meta.url))

interface Stats {
  model_stats: {
    name: string
    version: string
    inference_count: number
    execution_count: number
    inference_stats: Record<string, { count: number; ns: number }>
    batch_stats: { batch_size: number; compute_infer: { count: number } }[]
  }[]
}

/** A model with a loop of matrix products, about 200 ms a run. */
async function deployHeavy(control: Control): Promise<void> {
  const { upload } = await control.call('createUpload')
  await control.upload(upload, 'model.onnx', new Uint8Array(await readFile(HEAVY)))
  await control.call('importVersion', { params: { model: 'heavy' }, body: { upload } })
  const { state } = await deploy(control, 'heavy', 'heavy', { deadlineMs: 60_000 })
  assert.equal(state, 'done')
}

/** Milliseconds of each of `count` answers, one after the other. */
async function timed(count: number, ask: () => Promise<Response>): Promise<number[]> {
  const times: number[] = []
  for (let i = 0; i < count; i++) {
    const before = performance.now()
    assert.equal((await ask()).status, 200)
    times.push(performance.now() - before)
  }
  return times.sort((a, b) => a - b)
}

test('a heavy model never holds up a cheap one beside it, and statistics are those of all processes', { timeout: 180_000 }, async () => {
  await using folder = await temporaryFolder()
  await using platform = await startPlatform({ cwd: folder.path, args: ['--processes', '2'] })
  const control = controlOf(platform)
  await importFolder(control, 'cheap', { folder: MODELS.logistic })
  assert.equal((await deploy(control, 'cheap', 'cheap')).state, 'done')
  await deployHeavy(control)
  const post = (path: string, body: unknown) =>
    fetch(platform.run.http + path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
  const { inputs } = (await (await fetch(`${platform.run.http}/v2/models/heavy`)).json()) as { inputs: { name: string; datatype: string; shape: number[] }[] }
  const [spec] = inputs
  const shape = spec!.shape.map((size) => (size < 0 ? 1 : size))
  const data = new Array<number>(shape.reduce((a, b) => a * b, 1)).fill(0.5)
  const heavy = () => post('/v2/models/heavy/infer', { inputs: [{ ...spec, shape, data }] })
  const cheap = () => post('/v1/deployments/cheap/predict', { rows: [ROW] })
  const [alone] = await timed(1, heavy)
  await timed(20, cheap)
  let over = false
  let runs = 0
  const flood = async () => {
    while (!over) {
      assert.equal((await heavy()).status, 200)
      runs++
    }
  }
  const floods = [flood(), flood(), flood()]
  const beside = await timed(100, cheap)
  over = true
  await Promise.all(floods)
  // behind heavy runs each would wait for at least one
  assert.ok(beside[50]! < alone! / 2, `half of the cheap answers took less than ${beside[50]} ms, and one heavy run takes ${alone} ms`)
  assert.ok(runs > 0)
  const [mine] = ((await (await fetch(`${platform.run.http}/v2/models/cheap/stats`)).json()) as Stats).model_stats
  assert.deepEqual([mine!.version, mine!.inference_count, mine!.inference_stats.success!.count], ['1', 120, 120])
  assert.equal(mine!.execution_count, 120)
  assert.deepEqual(
    mine!.batch_stats.map(({ batch_size, compute_infer }) => [batch_size, compute_infer.count]),
    [[1, 120]],
  )
})
