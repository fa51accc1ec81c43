import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { consoleIsStale } from '../scripts/console.ts'

function tree(files: Record<string, number>): { root: string } & Disposable {
  const root = mkdtempSync(join(tmpdir(), 'fairlead-stale-'))
  for (const [path, age] of Object.entries(files)) {
    const file = join(root, path)
    mkdirSync(join(file, '..'), { recursive: true })
    writeFileSync(file, '')
    const time = Date.now() / 1000 - age
    utimesSync(file, time, time)
  }
  return { root, [Symbol.dispose]: () => rmSync(root, { recursive: true }) }
}

test('the console is built when it never was, or when a source is newer', () => {
  using never = tree({ 'packages/console/src/app.tsx': 10 })
  assert.equal(consoleIsStale(never.root), true)
  using current = tree({ 'packages/console/src/deep/app.tsx': 10, 'packages/console/index.html': 9, 'packages/console/dist/index.html': 5 })
  assert.equal(consoleIsStale(current.root), false)
  using changed = tree({ 'packages/console/src/deep/app.tsx': 1, 'packages/console/dist/index.html': 5 })
  assert.equal(consoleIsStale(changed.root), true)
  using contract = tree({ 'packages/contract/src/a.ts': 1, 'packages/console/dist/index.html': 5 })
  assert.equal(consoleIsStale(contract.root), true)
})

test('a changed test does not rebuild the console', () => {
  using changed = tree({ 'packages/console/src/app.test.tsx': 1, 'packages/console/dist/index.html': 5 })
  assert.equal(consoleIsStale(changed.root), false)
})
