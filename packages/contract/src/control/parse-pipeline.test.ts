import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parsePipeline } from './parse-pipeline.ts'

function issuesOf(given: unknown) {
  const parsed = parsePipeline(given)
  assert.ok('issues' in parsed, 'the pipeline was accepted')
  return parsed.issues
}

test('a pipeline is read with its defaults', () => {
  const parsed = parsePipeline([{ model: {} }, { decide: { label: 'a', when: 'x' } }])
  assert.ok('pipeline' in parsed)
  assert.deepEqual(parsed.pipeline[1], { decide: { field: 'decision', label: 'a', when: 'x', otherwise: null } })
})

test('what is wrong is told of the step that was meant', () => {
  assert.deepEqual(
    issuesOf([{ model: {} }, { scale: { age: { as: 'standard', mean: 'x' } } }]).map(({ path }) => path),
    ['pipeline[1].scale.age.mean'],
  )
  assert.equal(issuesOf([{ clip: { age: { mni: 1 } } }])[0]!.path, 'pipeline[0].clip.age')
  assert.match(issuesOf([{ encode: { a: { as: 'word2vec' } } }])[0]!.path, /^pipeline\[0\]\.encode\.a/)
  assert.deepEqual(issuesOf([{ derve: {} }])[0], {
    path: 'pipeline[0]',
    detail:
      'there is no step "derve"; the steps are inputs, rename, select, cast, default, impute, derive, encode, scale, clip, bin, lookup, model, calibrate, decide',
    unknownStep: 'derve',
  })
  const many = Object.fromEntries(Array.from({ length: 1001 }, (_, i) => [`c${i}`, '1']))
  assert.match(issuesOf([{ derive: many }])[0]!.detail, /at most 1000 columns/)
  assert.match(issuesOf([{ script: {} }])[0]!.detail, /"script" is not supported yet/)
  assert.match(issuesOf([{ toString: {} }])[0]!.detail, /there is no step/)
  assert.match(issuesOf([{ model: {}, decide: {} }])[0]!.detail, /one name, and this one has model, decide/)
  assert.match(issuesOf(['model'])[0]!.detail, /like - model/)
  assert.match(issuesOf([{}])[0]!.detail, /no name/)
  assert.equal(issuesOf({ model: {} })[0]!.path, 'pipeline')
  assert.equal(issuesOf([])[0]!.path, 'pipeline')
})
