import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ROOT } from '../scripts/files.ts'

test('every decision has a number of its own, and its line under its own title', () => {
  const files = readdirSync(join(ROOT, 'docs/decisions')).sort()
  const numbers = files.map((file) => file.slice(0, 4))
  assert.deepEqual(numbers, [...new Set(numbers)])
  const real = files.map((file) => {
    const [title = ''] = readFileSync(join(ROOT, 'docs/decisions', file), 'utf8').split('\n')
    return `- [${file.slice(0, 4)}](decisions/${file}) ${title.slice(2)}`
  })
  const [, listed = ''] = readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8').split('\n## Decisions\n')
  assert.deepEqual(
    listed.split('\n').filter((line) => line.startsWith('- ')),
    real,
  )
})
