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

test('a path that a disk cannot hold, or a reader would misread, is refused, and shown as it is', () => {
  checkPath(`${'d/'.repeat(3)}${'x'.repeat(250)}`)
  checkPath(`${`${'d'.repeat(249)}/`.repeat(3)}${'x'.repeat(250)}`)
  const words = (pattern: RegExp) => (error: unknown) => refused(error) && pattern.test((error as Error).message)
  assert.throws(() => checkPath(`${`${'d'.repeat(249)}/`.repeat(4)}x`), words(/is longer than 1000 bytes/))
  assert.throws(() => checkPath(`${'é/'.repeat(40)}${'x'.repeat(12_000)}`), words(/is longer than 1000 bytes/))
  for (const [character, shown] of Object.entries({
    '\u202e': '202e',
    '\u2066': '2066',
    '\u200f': '200f',
    '\u001b': '1b',
    '\n': 'a',
    '\u0085': '85',
    '\u2028': '2028',
  }))
    assert.throws(() => checkPath(`model${character}xnno.onnx`), words(new RegExp(`model\\\\+u\\{${shown}\\}xnno.onnx" has a character that cannot be shown`)))
})

test('a path cannot be both a file and a folder', () => {
  checkTogether('a/b', ['a/c', 'ab', 'a/b'])
  assert.throws(() => checkTogether('a', ['b', 'a/b']), refused)
  assert.throws(() => checkTogether('a/b/c', ['a/b']), refused)
})
