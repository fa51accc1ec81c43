import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ERRORS } from '../packages/contract/src/errors.ts'
import { renderErrors } from '../scripts/error-docs.ts'
import { ROOT, readTree } from '../scripts/files.ts'

const sources = readTree('packages', (path) => /\.tsx?$/.test(path) && !/\.test\.tsx?$/.test(path) && !path.startsWith('packages/contract/src/errors'))
const codes = Object.keys(ERRORS)

/** Codes given to the error class as a literal, with where. */
function thrown(tree: ReadonlyMap<string, string>): { code: string; file: string }[] {
  return [...tree].flatMap(([file, source]) => [...source.matchAll(/new FairleadError\(\s*'([^']+)'/g)].map((match) => ({ code: match[1] as string, file })))
}

/** Whether a line of code makes an error of a code, rather than speaking of it: no comparison, no member of a type. */
function makes(line: string, code: string): boolean {
  const at = line.indexOf(`'${code}'`)
  if (at < 0 || /^\s*(\*|\/\/|\/\*|case |(export )?type )/.test(line)) return false
  const before = line.slice(0, at).trimEnd()
  const after = line.slice(at + code.length + 2).trimStart()
  if (/([!=]==?|\|)$/.test(before) || after.startsWith('|')) return false
  return !(after === '' && /^\s*(readonly )?\w+\??:$/.test(before))
}

function constructed(tree: ReadonlyMap<string, string>, all: readonly string[]): string[] {
  const lines = [...tree.values()].flatMap((source) => source.split('\n'))
  return all.filter((code) => lines.some((line) => makes(line, code)))
}

test('docs/errors.md is the rendered table', () => {
  const written = readFileSync(join(ROOT, 'docs/errors.md'), 'utf8')
  assert.equal(written, renderErrors(ERRORS), 'docs/errors.md is not up to date: npm run docs')
})

test('a table cell cannot break the table', () => {
  const row = { http: 400, grpc: 'X', retryable: false, title: 'a | b', remedy: 'c' }
  assert.match(renderErrors({ 'a-b': row }), /a \\\| b/)
})

test('every code that is thrown is in the table', () => {
  const found = thrown(sources)
  assert.ok(found.length > 20, 'the scan finds the places that throw')
  assert.deepEqual(
    found.filter(({ code }) => !codes.includes(code)),
    [],
  )
})

test('every code of the table is constructed somewhere', () => {
  const found = constructed(sources, codes)
  assert.deepEqual(
    codes.filter((code) => !found.includes(code)),
    [],
    'codes that nothing throws: use them or remove them from packages/contract/src/errors/',
  )
})

test('a code that is only a type, compared with, or spoken of, counts as constructed by nobody', () => {
  const makesIt = (source: string) => constructed(new Map([['a.ts', source]]), ['a-b']).length === 1
  for (const source of [
    "type Code = 'a-b'",
    "  | 'a-b'",
    "function f(code: 'a-b' | 'c-d') {}",
    "function f(code: 'c-d' | 'a-b') {}",
    " * Throws 'a-b'.",
    "if (code === 'a-b') x()",
    "    case 'a-b':",
    "  code: 'a-b'",
  ]) {
    assert.equal(makesIt(source), false, source)
  }
  for (const source of [
    "throw new FairleadError('a-b', 'x')",
    "const code = late ? 'c-d' : 'a-b'",
    "return { code: 'a-b', detail }",
    "refuse('a-b', x)",
    "  413: 'a-b',",
  ]) {
    assert.equal(makesIt(source), true, source)
  }
})

test('no code stands in two parts of the table, where one row would hide the other', () => {
  const parts = [...readTree('packages/contract/src/errors', (path) => path.endsWith('.ts')).values()]
  const codes = parts.flatMap((text) => [...text.matchAll(/^ {2}'?([a-z0-9-]+)'?: \{/gm)].map((match) => match[1]))
  assert.deepEqual(codes.toSorted(), Object.keys(ERRORS).toSorted())
})

test('every row is complete and says what to do', () => {
  for (const [code, row] of Object.entries(ERRORS)) {
    assert.match(code, /^[a-z0-9]+(-[a-z0-9]+)*$/)
    assert.ok(row.http >= 400 && row.http < 600, code)
    assert.match(row.remedy, /\.$/, `${code}: the remedy is a sentence`)
    assert.doesNotMatch(row.title, /\.$/, `${code}: the title is not a sentence`)
    if (row.retryable) assert.ok([400, 408, 429, 503, 504, 507].includes(row.http), `${code}: status ${row.http} is not one to retry`)
  }
})
