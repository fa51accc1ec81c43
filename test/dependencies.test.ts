import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ROOT } from '../scripts/files.ts'

interface Manifest {
  name: string
  dependencies?: Record<string, string>
}

const FOLDERS = ['contract', 'evaluator', 'client', 'platform']

function manifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(ROOT, 'packages', folder, 'package.json'), 'utf8')) as Manifest
}

test('every runtime dependency has its line with what, why and instead of what, and every line its dependency', () => {
  const lines = readFileSync(join(ROOT, 'docs/dependencies.md'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split('|').map((cell) => cell.trim()))
  const stated = lines.map(([, name, users]) => `${name?.replaceAll('`', '')}: ${users}`).sort()
  const users = new Map<string, string[]>()
  for (const folder of FOLDERS) {
    for (const name of Object.keys(manifest(folder).dependencies ?? {})) {
      if (!name.startsWith('@fairlead/')) users.set(name, [...(users.get(name) ?? []), folder])
    }
  }
  const real = [...users].map(([name, folders]) => `${name}: ${folders.join(', ')}`).sort()
  assert.ok(real.length > 3)
  assert.deepEqual(stated, real)
  for (const cells of lines)
    assert.ok(
      cells.slice(1, -1).every((cell) => cell !== ''),
      `${cells[1]}: a cell is empty`,
    )
})
