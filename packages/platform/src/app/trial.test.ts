import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { type FileListing, readModel } from '../model/index.ts'
import { fails, listing, mlflowFiles, onnxFile } from '../model/test-support.ts'
import { trialInProcess } from './trial.ts'

const TREES = new URL('../../../../test/models/cases/xgboost/xgb-binary-logistic/model.json', import.meta.url)
const RANDOM = new URL('../../../../test/models/cases/onnx/hm-random/model.onnx', import.meta.url)

async function trees(): Promise<FileListing> {
  return listing({ 'model.json': new Uint8Array(await readFile(TREES)) })
}

test('a model of trees is tried and measured', async () => {
  const files = await trees()
  const read = await readModel(files)
  const { runtimes: choice, checks } = await trialInProcess()({ files, read, golden: undefined })
  assert.deepEqual(
    checks.map(({ name, ok }) => [name, ok]),
    [['determinism', true]],
  )
  assert.equal(choice.chosen, 'compiled')
  assert.match(choice.reason, /^Runs by the compiled form: one row takes/)
  const [way] = choice.ways
  assert.equal(way!.measured[0]!.rows, 1)
  assert.deepEqual(
    way!.estimated!.map(({ rows }) => rows),
    [1, 16, 128, 1024, 10_000],
  )
  // within what a busy machine makes of it
  const ratio = way!.estimated![0]!.micros / way!.measured[0]!.micros
  assert.ok(ratio > 0.01 && ratio < 100 && choice.machine! > 0, `${ratio} at ${choice.machine}`)
})

test('an ONNX model that only ONNX Runtime runs is not tried, and the nodes are named', async () => {
  const files = listing({ 'model.onnx': onnxFile('hm-external-data'), 'weights.bin': new Uint8Array(8320) })
  const far = await trialInProcess({ millis: 1 })({ files, read: await readModel(files), golden: undefined })
  assert.match(far.runtimes.reason, /^Runs by ONNX Runtime: the compiled form does not take it \(its weights lie in other files\)/)
  const [onnx, compiled] = far.runtimes.ways
  assert.deepEqual([onnx!.measured, onnx!.estimated!.length, compiled!.estimated], [[], 5, undefined])
})

test('a trial that takes too long is ended: ONNX runs by its own runtime, anything else is refused', async () => {
  const files = await trees()
  const read = await readModel(files)
  await assert.rejects(trialInProcess({ millis: 1 })({ files, read, golden: undefined }), fails('load-failed', /took more than 0\.001 s/))
  const onnx = listing({ 'model.onnx': onnxFile('credit_v1') })
  const { runtimes, checks } = await trialInProcess({ millis: 1 })({ files: onnx, read: await readModel(onnx), golden: undefined })
  assert.equal(runtimes.chosen, 'onnx')
  assert.match(runtimes.ways[1]!.problem!, /./)
  assert.ok(runtimes.ways[0]!.estimated!.every(({ micros }) => micros > 0))
  assert.deepEqual(checks, [{ name: 'trial', ok: false, detail: 'It could not be run: trying it took more than 0.001 s.' }])
})

test('a model that draws random numbers is found not to be deterministic', async () => {
  const files = listing({ 'model.onnx': new Uint8Array(await readFile(RANDOM)) })
  const { runtimes, checks } = await trialInProcess()({ files, read: await readModel(files), golden: undefined })
  assert.equal(runtimes.chosen, 'onnx')
  const [check, ...others] = checks
  assert.deepEqual([check?.name, check?.ok, others], ['determinism', false, []])
  assert.match(check!.detail, /^The same rows get other answers when they are sent again: by ONNX Runtime, output "y", row \d+: \S+ from the first time/)
})

test('golden rows with other answers are told, and those that agree', async () => {
  const files = await trees()
  const read = await readModel(files)
  const row = Object.fromEntries(read.signature.columns.map((column) => [column.name, column.shape ? Array(column.shape[0]).fill(0) : 0]))
  const [field] = read.signature.fields
  const check = async (value: number, tolerance: number) =>
    (await trialInProcess()({ files, read, golden: { rows: [row], predictions: [{ [field!.name]: value }], tolerance } })).checks.find(
      ({ name }) => name === 'golden',
    )
  const wrong = await check(99, 1e-5)
  assert.equal(wrong?.ok, false)
  assert.match(wrong.detail, /golden\[0\]\.\w+: expected 99, got [\d.]+ \(tolerance 0\.00001\)/)
  assert.equal((await check(99, 1000))?.ok, true)
})

test('the serving example of an MLflow directory is asked as the scoring endpoint would be', async () => {
  const served = async (body: string) => {
    const files = listing({ ...mlflowFiles('v3-onnx-columns'), 'serving_input_example.json': body })
    const read = await readModel(files)
    const { checks } = await trialInProcess()({ files, read, golden: undefined })
    return checks.find(({ name }) => name === 'serving')
  }
  const { columns } = (await readModel(listing(mlflowFiles('v3-onnx-columns')))).signature
  const records = [0, 1].map(() => Object.fromEntries(columns.map(({ name }) => [name, 0.5])))
  assert.deepEqual(await served(JSON.stringify({ dataframe_records: records })), {
    name: 'serving',
    ok: true,
    detail: 'The serving example serving_input_example.json is answered (2 rows).',
  })
  const wrong: [string, RegExp][] = [
    ['{"dataframe_records": [{"a": 1}]}', /is not answered, and neither are requests like it: Model is missing inputs/],
    ['{"dataframe_records": []}', /Model is missing inputs|no rows/],
    ['{"messages": [{"role": "user"}]}', /Model is missing inputs/],
    ['{"inputs"', /valid JSON/],
    ['{"dataframe_split": {"data": [["a"]]}}', /Model is missing inputs|convert/],
  ]
  for (const [body, words] of wrong) {
    const check = await served(body)
    assert.equal(check?.ok, false, body)
    assert.match(check.detail, words)
  }
})
