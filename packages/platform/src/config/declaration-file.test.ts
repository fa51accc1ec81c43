import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { FairleadError } from '@fairlead/contract'
import { releaseSettingsOf } from './declaration.ts'
import { parseDeclaration, readDeclaration } from './declaration-file.ts'
import { renderDeclarationSchema } from './declaration-schema.ts'

function refused(text: string, code: string, words: RegExp): void {
  assert.throws(
    () => parseDeclaration(text, 'fairlead.yaml'),
    (error) => {
      assert.ok(error instanceof FairleadError)
      assert.match(error.message, words)
      assert.equal(error.code, code)
      return true
    },
  )
}

const WHOLE = `
project: credit
platform: { port: 0 }
models:
  credit-risk: { source: ./model, signature: s.yaml, baseline: b.parquet, golden: g.json, alias: champion, tags: { a: b }, metrics: { auc: 0.7 } }
deployments:
  credit-risk:
    release:
      model: credit-risk@champion
      pipeline:
        - model: {}
        - decide: { label: review, when: probability < 0.35 }
    log: { durability: sync, redact: [telephone] }
    settings: { extraColumns: ignore }
`

test('a declaration is read with all its parts', () => {
  const content = parseDeclaration(WHOLE, 'fairlead.yaml')
  const deployment = content.deployments?.['credit-risk']
  assert.ok(deployment)
  assert.equal(content.models?.['credit-risk']?.alias, 'champion')
  assert.deepEqual(deployment.release.pipeline?.[1], { decide: { field: 'decision', label: 'review', when: 'probability < 0.35', otherwise: null } })
  assert.deepEqual(releaseSettingsOf(deployment), { extraColumns: 'ignore', logDurability: 'sync', logRedact: ['telephone'] })
})

test('what is not said has no default here: control knows the defaults', () => {
  const content = parseDeclaration('deployments: { a: { release: { model: a }, settings: {}, log: {} } }', 'fairlead.yaml')
  assert.deepEqual(releaseSettingsOf(content.deployments!.a!), {})
})

test('an empty file declares nothing', () => {
  assert.deepEqual(parseDeclaration('', 'fairlead.yaml'), {})
  assert.deepEqual(parseDeclaration('# only a comment\n', 'fairlead.yaml'), {})
})

test('an unknown key names file, line, column and the nearest key', () => {
  refused('project: x\nmodles: {}\n', 'setting-unknown', /^fairlead\.yaml:2:1: modles is not a setting\. Did you mean "models"\?/)
  refused('models:\n  a:\n    source: x\n    basline: y\n', 'setting-unknown', /^fairlead\.yaml:4:5: models\.a\.basline .* "baseline"/)
  refused('deployments: { a: { release: { model: a }, settings: { extraColumn: ignore } } }', 'setting-unknown', /"extraColumns"/)
  refused('platform: { prot: 1 }', 'setting-unknown', /platform\.prot .* "port"/)
})

test('a wrong value names its place', () => {
  refused('models: { a: { source: 5 } }', 'setting-invalid', /^fairlead\.yaml:1:16: models\.a\.source/)
  refused('deployments: { a: { release: { model: a }, settings: { maxRows: 0 } } }', 'setting-invalid', /deployments\.a\.settings\.maxRows/)
  refused('models: { "Bad Name": { source: x } }', 'setting-invalid', /Bad Name/)
  refused('- a\n- b\n', 'setting-invalid', /the file/)
})

test('a step that does not exist is refused where it stands', () => {
  const text = 'deployments:\n  a:\n    release:\n      model: a\n      pipeline:\n        - model: {}\n        - decid: { when: x }\n'
  refused(text, 'setting-unknown', /fairlead\.yaml:7:11: .*pipeline\.1\.decid .* "decide"/)
})

test('parts that later versions bring are refused by name, never ignored', () => {
  const within = (part: string) => `deployments:\n  a:\n    release: { model: a }\n    ${part}\n`
  refused('environments: { staging: {} }', 'not-supported', /^fairlead\.yaml:1:1: environments is not supported/)
  refused(within('environment: production'), 'not-supported', /:4:5: deployments\.a\.environment/)
  refused(within('rollout: { strategy: canary }'), 'not-supported', /rollout/)
  refused(within('objectives: {}'), 'not-supported', /objectives/)
  refused(within('log: { retain: 90d }'), 'not-supported', /log\.retain/)
  refused('deployments: { a: { release: { model: a, pipeline: [{ script: {} }, { model: {} }] } } }', 'not-supported', /pipeline\.0\.script/)
})

test('broken YAML names line and column', () => {
  refused('models:\n  a: {\n', 'setting-invalid', /^fairlead\.yaml:\d+:\d+: /)
  refused('a: 1\na: 2\n', 'setting-invalid', /^fairlead\.yaml:2:1: /)
})

test('aliases that blow up are refused', () => {
  const levels = Array.from(
    { length: 12 },
    (_, i) =>
      `k${i}: &a${i} [${
        i === 0
          ? '1'
          : Array(10)
              .fill(`*a${i - 1}`)
              .join(', ')
      }]`,
  )
  refused(levels.join('\n'), 'setting-invalid', /alias/i)
})

test('a file that is not there is named', () => {
  assert.throws(() => readDeclaration('/nowhere/fairlead.yaml'), { code: 'file-unreadable', message: /\/nowhere\/fairlead\.yaml/ })
})

test('the declaration of the example is valid', () => {
  const { content } = readDeclaration(new URL('../../../../examples/credit-risk/fairlead.yaml', import.meta.url).pathname)
  assert.equal(content.deployments?.['credit-risk']?.release.model, 'credit-risk@champion')
})

test('the published JSON Schema is current', () => {
  const written = readFileSync(new URL('../../fairlead.schema.json', import.meta.url), 'utf8')
  assert.equal(written, renderDeclarationSchema(), 'packages/platform/fairlead.schema.json is not up to date: npm run docs')
})
