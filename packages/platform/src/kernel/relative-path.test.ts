import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FairleadError } from '@fairlead/contract'
import { checkPath, checkTogether } from './relative-path.ts'

const refused = (error: unknown) => error instanceof FairleadError && error.code === 'request-invalid' && error.items.length === 1

test('ordinary relative paths are taken', () => {
  for (const path of ['model.onnx', 'data/weights.bin', '__pycache__/x.pyc', '.hidden', 'a..b/c...', 'Modèle 1.onnx', `${'d/'.repeat(40)}x`]) checkPath(path)
})

test('everything that could leave the folder or confuse a file system is refused', () => {
  const bad = [
    '',
    '/etc/passwd',
    '../x',
    'a/../../x',
    'a/..',
    './a',
    'a/./b',
    'a//b',
    'a/',
    'a\0b',
    'a\\..\\b',
    'C:/x',
    'C:x',
    'x'.repeat(251),
    'é'.repeat(126),
    'a/'.repeat(51),
    '\ud800',
  ]
  for (const path of bad) assert.throws(() => checkPath(path), refused, JSON.stringify(path))
})

test('a path cannot be both a file and a folder', () => {
  checkTogether('a/b', ['a/c', 'ab', 'a/b'])
  assert.throws(() => checkTogether('a', ['b', 'a/b']), refused)
  assert.throws(() => checkTogether('a/b/c', ['a/b']), refused)
})
