import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { type FileListing, readModel } from '../model/index.ts'
import { fails, listing, onnxFile } from '../model/test-support.ts'
import { trialInProcess } from './trial.ts'

const TREES = new URL('../../../../test/models/cases/xgboost/xgb-binary-logistic/model.json', import.meta.url)

async function trees(): Promise<FileListing> {
  return listing({ 'model.json': new Uint8Array(await readFile(TREES)) })
}

test('a model of trees is tried and measured', async () => {
  const files = await trees()
  const read = await readModel(files)
  const choice = await trialInProcess()({ files, read, golden: undefined })
  assert.equal(choice?.chosen, 'compiled')
  assert.match(choice.reason, /^Runs by the compiled form: one row takes/)
  assert.deepEqual(choice.ways[0]!.measured[0]!.rows, 1)
})

test('an ONNX model that only ONNX Runtime runs is not tried, and the nodes are named', async () => {
  const files = listing({ 'model.onnx': onnxFile('hm-external-data'), 'weights.bin': new Uint8Array(8320) })
  const far = await trialInProcess({ millis: 1 })({ files, read: await readModel(files), golden: undefined })
  assert.match(far!.reason, /^Runs by ONNX Runtime: the compiled form does not take it \(its weights lie in other files\)/)
})

test('a trial that takes too long is ended: ONNX runs by its own runtime, anything else is refused', async () => {
  const files = await trees()
  const read = await readModel(files)
  await assert.rejects(trialInProcess({ millis: 1 })({ files, read, golden: undefined }), fails('load-failed', /took more than 0\.001 s/))
  const onnx = listing({ 'model.onnx': onnxFile('credit_v1') })
  const choice = await trialInProcess({ millis: 1 })({ files: onnx, read: await readModel(onnx), golden: undefined })
  assert.equal(choice?.chosen, 'onnx')
  assert.match(choice.ways[1]!.problem!, /./)
})
