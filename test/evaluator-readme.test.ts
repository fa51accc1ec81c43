import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { ROOT } from '../scripts/files.ts'
import { bundled } from './support/bundle.ts'

const PAGE = readFileSync(join(ROOT, 'packages/evaluator/README.md'), 'utf8')

test('the first program of the README runs, and predicts', async () => {
  const block = /^```ts run\n([\s\S]*?)^```/m.exec(PAGE)?.[1] ?? ''
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-evaluator-'))
  try {
    mkdirSync(join(folder, 'node_modules'))
    symlinkSync(join(ROOT, 'node_modules/@fairlead'), join(folder, 'node_modules/@fairlead'))
    copyFileSync(join(ROOT, 'bench/fixtures/trees_100x30.xgb.ubj'), join(folder, 'model.ubj'))
    writeFileSync(join(folder, 'program.mts'), `${block}\nconsole.log(predictions.length, predictions.every((p) => p > 0 && p < 1))`)
    const { stdout } = await promisify(execFile)(process.execPath, ['program.mts'], { cwd: folder })
    assert.equal(stdout, '2 true\n')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('no package’s page leads out of the package, where the registry shows it', () => {
  for (const name of ['evaluator', 'client']) {
    const text = readFileSync(join(ROOT, 'packages', name, 'README.md'), 'utf8')
    assert.deepEqual(text.match(/\]\((?!https:|#)[^)]*\)/g) ?? [], [], name)
  }
})

test('engine and kernels stay small: 100 kB in a page, minified', async (t) => {
  const { code, gzipBytes } = await bundled("import { compile } from '@fairlead/evaluator'; globalThis.fairlead = { compile }")
  t.diagnostic(`${code.length} bytes, ${gzipBytes} with gzip`)
  assert.ok(code.length < 100_000, `${code.length} bytes`)
  assert.doesNotMatch(code, /default_left|split_indices|decision_type/, 'no reader is dragged along')
})
