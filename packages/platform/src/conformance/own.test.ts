import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { testServing } from '../transport/http/testing/serving.ts'
import { conforms } from './report/summary.ts'
import { readRequest } from './request-file.ts'
import { runConformance } from './run.ts'

const REQUEST = new URL('testdata/credit-request.json', import.meta.url)

test("Fairlead's own serve port passes every required case that applies", async () => {
  await using serving = await testServing()
  const inputs = readRequest(readFileSync(REQUEST), 'credit-request.json')
  const { cases } = await runConformance({ url: new URL(serving.url), inputs })
  const failed = cases.filter(({ outcome, level }) => outcome === 'failed' && level === 'required')
  assert.deepEqual(
    failed.map(({ id, findings }) => [id, findings.filter(({ met }) => !met)]),
    [],
  )
  assert.equal(conforms(cases), true)
  const passed = cases.filter(({ outcome, level }) => outcome === 'passed' && level === 'required').length
  assert.ok(passed > 35, `${passed} required cases passed`)
  const own = cases.filter(({ id }) => id.startsWith('binary/') || id.startsWith('compression/'))
  assert.deepEqual(
    own.filter(({ outcome }) => outcome !== 'passed').map(({ id, outcome }) => [id, outcome]),
    // for models that give their inputs back, for those of one input, and for those without a second output
    ['binary/exact-fp32', 'binary/exact-fp64', 'binary/exact-fp16', 'binary/exact-bf16', 'binary/raw'].map((id) => [id, 'skipped']),
  )
})

test('a model that refuses made-up values is said to, and only the plainest inference fails', async () => {
  await using serving = await testServing()
  const notes: string[] = []
  const { cases } = await runConformance({ url: new URL(serving.url), note: (text) => notes.push(text) })
  assert.match(notes.join(), /refused the made-up inputs \(400 .*outside its range.*--request FILE/)
  assert.deepEqual(
    cases.filter(({ outcome, level }) => outcome === 'failed' && level === 'required').map(({ id }) => id),
    ['infer/flat'],
  )
})
