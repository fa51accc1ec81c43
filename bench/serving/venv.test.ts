import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { run, venv, venvEnv } from './venv.ts'

const folder = mkdtempSync(join(tmpdir(), 'fairlead-bench-'))
after(() => rmSync(folder, { recursive: true, force: true }))

test('a command that fails says how it ended and what it said last', async () => {
  await run([process.execPath, '-e', ''])
  const failing = [process.execPath, '-e', 'console.error("one\\nno such package"); process.exit(4)']
  await assert.rejects(run(failing), /-e .* ended with 4: no such package$/)
  await assert.rejects(run([join(folder, 'nothing')]), /nothing ended with 127|ENOENT/)
})

test('an environment that holds just these packages is left alone', async () => {
  writeFileSync(join(folder, 'installed.json'), JSON.stringify(['a==1']))
  await venv(folder, ['a==1'])
})

test('programs of an environment come first, and libraries start no threads', () => {
  const env = venvEnv(folder)
  assert.ok(env.PATH?.startsWith(join(folder, 'venv/bin')))
  assert.equal(env.OMP_NUM_THREADS, '1')
})
