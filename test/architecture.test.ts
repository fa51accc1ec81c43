import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Breach, checkEdges, findCycles, lineCount, linesMatching, staleExceptions } from '../scripts/architecture/check.ts'
import { CYCLES, DEFAULT_EXPORTS, ENVIRONMENT, type Exceptions, LONG_FILES } from '../scripts/architecture/exceptions.ts'
import { readTable } from '../scripts/architecture/table.ts'
import { ROOT, readTree } from '../scripts/files.ts'

const isSource = (path: string): boolean => /\.tsx?$/.test(path) && !path.includes('/testdata/')
const isTest = (path: string): boolean => /\.test\.tsx?$/.test(path)

const units = readTable(readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8'))
const tree = readTree('packages', (path) => isSource(path) && /^packages\/[^/]+\/src\//.test(path))
const everything = new Map([...readTree('packages', isSource), ...readTree('scripts', isSource), ...readTree('test', isSource), ...readTree('bench', isSource)])
const sources = new Map([...tree].filter(([path]) => !isTest(path)))

const say = (breaches: Breach[]): string => breaches.map((breach) => `${breach.file}: ${breach.detail}\n    rule: ${breach.rule}`).join('\n')

/** Fails on files that match and have no exception, and on exceptions that no file needs any more. */
function holdsExcept(found: string[], exceptions: Exceptions, rule: string): void {
  const unexcused = found.filter((file) => !(file.replace(/ .*/s, '') in exceptions) && !(file in exceptions))
  assert.deepEqual(unexcused, [], rule)
  assert.deepEqual(staleExceptions(found, exceptions), [], 'exceptions that nothing needs any more: remove them from scripts/architecture/exceptions.ts')
}

test('the tree that is checked is not empty', () => {
  assert.ok(sources.has('packages/contract/src/errors.ts'))
  assert.ok(sources.size > 20)
})

test('imports follow the table of docs/architecture.md', () => {
  const breaches = checkEdges(tree, units)
  assert.equal(breaches.length, 0, `\n${say(breaches)}`)
})

test('there are no import cycles', () => {
  const cycles = findCycles(tree).map((files) => files.join(' → '))
  holdsExcept(cycles, CYCLES, 'rule: no import cycles')
})

test('there are no default exports', () => {
  const found = [...everything].filter(([, source]) => linesMatching(source, /^\s*export default\b|\bas default\b/).length > 0).map(([path]) => path)
  holdsExcept(found, DEFAULT_EXPORTS, 'rule: no default exports, unless a tool demands one (scripts/architecture/exceptions.ts)')
})

test('only config reads process.env', () => {
  const found = [...sources]
    .filter(([path]) => !path.startsWith('packages/platform/src/config/'))
    .flatMap(([path, source]) => linesMatching(source, /\bprocess\s*\.\s*env\b|import\.meta\.env\b/).map((line) => `${path} line ${line}`))
  holdsExcept(found, ENVIRONMENT, 'rule: process.env is read in packages/platform/src/config and nowhere else')
})

test('contract, client and console touch neither Node nor, but for the console, a page', () => {
  const neutral = [...sources].filter(([path]) => /^packages\/(contract|client)\//.test(path) && !path.includes('/testing/'))
  const found = neutral.flatMap(([path, source]) =>
    linesMatching(source, /(?<![.\w])(?:document|window|localStorage|navigator|process|Buffer|__dirname|setImmediate)\s*[.([]/).map(
      (line) => `${path}:${line}`,
    ),
  )
  assert.deepEqual(found, [], 'rule: contract and client run in any JavaScript runtime')
})

test('the console takes from the contract only types and neutral tables', () => {
  const found = [...tree.keys()].filter((path) => path.startsWith('packages/console/') && /from '@fairlead\/platform|from 'fairlead/.test(tree.get(path) ?? ''))
  assert.deepEqual(found, [])
})

test('files are short', () => {
  const lengths = [...sources].map(([path, source]) => ({ path, lines: lineCount(source) }))
  const long = lengths.filter(({ lines }) => lines > 500).map(({ path, lines }) => `${path} has ${lines} lines`)
  holdsExcept(long, LONG_FILES, 'rule: no source file over 500 lines without a reason in scripts/architecture/exceptions.ts')
  const short = lengths.filter(({ lines }) => lines <= 200).length
  assert.ok(short / lengths.length >= 0.8, `rule: 80 % of the source files have at most 200 lines; ${short} of ${lengths.length} have`)
})

test('any is rare and nothing is called utils', () => {
  const lines = [...sources.values()].reduce((sum, source) => sum + lineCount(source), 0)
  const anys = [...sources].flatMap(([path, source]) =>
    linesMatching(source, /[:<,|&(]\s*any\b(?!\s*[:(=])|\bas any\b|\bany\[\]/).map((line) => `${path}:${line}`),
  )
  assert.ok(anys.length <= lines / 1000, `rule: at most one any in 1,000 lines; ${anys.length} in ${lines}: ${anys.join(', ')}`)
  const named = [...everything.keys()].filter((path) => /(^|\/)(utils?|helpers?|misc|common)(\.|\/)/.test(path))
  assert.deepEqual(named, [], 'rule: a file is named after what it does, never utils')
})
