import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkEdges, findCycles, lineCount, linesMatching, staleExceptions } from '../scripts/architecture/check.ts'
import { blank, importsOf, packageOf } from '../scripts/architecture/scan.ts'
import { readTable } from '../scripts/architecture/table.ts'

const TABLE = `
<!-- architecture-table -->
| unit | folder | may import | packages | node | because |
|---|---|---|---|---|---|
| contract | p/contract/src | – | zod | no | neutral |
| kernel | p/platform/src/kernel | contract | – | yes | no domain words |
| inference | p/platform/src/domain/inference | contract, kernel | – | yes | the middle |
| registry | p/platform/src/domain/registry | contract, kernel | – | yes | knows no users |
| predictionlog | p/platform/src/domain/predictionlog | inference | – | yes | records |
| adapters | p/platform/src/adapters/* | inference | one | yes | one technology |
<!-- /architecture-table -->`
const units = readTable(TABLE)

const breaches = (files: Record<string, string>): string[] =>
  checkEdges(new Map(Object.entries(files)), units).map((breach) => `${breach.file}: ${breach.detail} [${breach.rule}]`)

test('reads the table, and refuses one it cannot trust', () => {
  assert.equal(units.length, 6)
  assert.deepEqual(units[2], {
    name: 'inference',
    folder: 'p/platform/src/domain/inference',
    mayImport: ['contract', 'kernel'],
    packages: [],
    node: true,
    because: 'the middle',
  })
  assert.throws(() => readTable('no table'), /missing/)
  assert.throws(() => readTable(TABLE.replace('| contract, kernel |', '| contract, kernle |')), /kernle, which is no unit/)
  assert.throws(() => readTable(TABLE.replace('| yes | the middle |', '| maybe | the middle |')), /must be yes or no/)
  assert.throws(() => readTable(TABLE.replace('| the middle |', '|')), /Not a row/)
})

test('accepts a tree that keeps the rules', () => {
  assert.deepEqual(
    breaches({
      'p/contract/src/index.ts': "import { z } from 'zod'\nexport const a = z",
      'p/platform/src/kernel/clock.ts': "import { a } from '@fairlead/contract'\nimport { hrtime } from 'node:process'",
      'p/platform/src/domain/inference/index.ts': "export * from './types.ts'\nimport '../../kernel/clock.ts'",
      'p/platform/src/domain/inference/types.ts': '',
      'p/platform/src/domain/predictionlog/index.ts': "import type { X } from '../inference/index.ts'",
      'p/platform/src/adapters/duckdb/a.ts': "import { db } from '@duckdb/node-api'\nimport type { X } from '../../domain/inference/index.ts'",
    }),
    [],
  )
})

test('refuses an edge that the table does not list, and quotes the rule', () => {
  const found = breaches({
    'p/platform/src/kernel/clock.ts': "import {\n  X,\n} from '../domain/inference/index.ts'",
    'p/platform/src/domain/inference/index.ts': '',
  })
  assert.equal(found.length, 1)
  assert.match(
    found[0] ?? '',
    /kernel\/clock\.ts: line 3 imports p\/platform\/src\/domain\/inference\/index\.ts \(inference\) \[kernel may import contract;.*no domain words\]/,
  )
})

test('refuses a way round index.ts, a missing file, a file of no unit, an unlisted package, Node in neutral code', () => {
  const inside = { 'p/platform/src/domain/inference/types.ts': '' }
  assert.match(
    breaches({ ...inside, 'p/platform/src/domain/predictionlog/a.ts': "export { X } from '../inference/types.ts'" })[0] ?? '',
    /through its index\.ts/,
  )
  assert.match(breaches({ 'p/platform/src/kernel/a.ts': "import './gone.ts'" })[0] ?? '', /does not exist/)
  assert.match(breaches({ 'p/other/a.ts': '' })[0] ?? '', /belongs to a unit/)
  assert.match(breaches({ 'p/platform/src/kernel/a.ts': "const x = await import('lodash/fp')" })[0] ?? '', /lodash\/fp, a package that kernel may not use/)
  assert.match(breaches({ 'p/contract/src/a.ts': "import fs from 'node:fs'" })[0] ?? '', /must run without Node/)
  assert.match(breaches({ 'p/contract/src/a.ts': "export * from '@fairlead/client'" })[0] ?? '', /\(client\)/)
})

test('lets tests and testing folders import more, and nothing but them import from a testing folder', () => {
  const rig = {
    'p/platform/src/domain/inference/inner.ts': '',
    'p/platform/src/kernel/testing/rig.ts': "import '../../domain/inference/inner.ts'\nimport 'lodash'",
  }
  assert.deepEqual(breaches({ ...rig, 'p/platform/src/kernel/a.test.ts': "import './testing/rig.ts'" }), [])
  assert.match(breaches({ ...rig, 'p/platform/src/kernel/a.ts': "import './testing/rig.ts'" })[0] ?? '', /nothing but tests/)
})

test('refuses two packages in one adapter folder and an adapter that imports another', () => {
  const two = breaches({ 'p/platform/src/adapters/s3/a.ts': "import 's3'", 'p/platform/src/adapters/s3/b.ts': "import 'pg'" })
  assert.match(two[0] ?? '', /adapters\/s3: it imports pg and s3 \[one package/)
  const across = breaches({ 'p/platform/src/adapters/s3/a.ts': "import '../pg/b.ts'", 'p/platform/src/adapters/pg/b.ts': '' })
  assert.match(across[0] ?? '', /\(adapters\)/)
})

test('finds cycles once, and none where there are none', () => {
  const tree = new Map(
    Object.entries({
      'a.ts': "import './b.ts'",
      'b.ts': "export * from './c.ts'",
      'c.ts': "import('./a.ts')",
      'd.ts': "import './a.ts'",
      'e.ts': "import './e.ts'",
    }),
  )
  assert.deepEqual(findCycles(tree), [['a.ts', 'b.ts', 'c.ts'], ['e.ts']])
  assert.deepEqual(
    findCycles(
      new Map([
        ['a.ts', "import './b.ts'"],
        ['b.ts', ''],
      ]),
    ),
    [],
  )
})

test('scans imports and is not misled by comments, strings, templates and regular expressions', () => {
  const source = [
    "import a from 'a'",
    "// import b from 'b'",
    '/* import c from \'c\' */ import type { D } from "d"',
    'const text = `',
    "import e from 'e'",
    `\${await import('f')}`,
    '`',
    "const regex = /['`]/; export { g } from 'g'",
    'const words = "import h from \'h\'"',
    "import 'i'",
    'const j = 4 / 2 / 1',
    "export * as k from 'k'",
    "const found = import.meta.resolve('l')",
    'export const from = (m) => m',
  ].join('\n')
  assert.deepEqual(
    importsOf(source).map((item) => `${item.line}:${item.specifier}`),
    ['1:a', '3:d', '6:f', '8:g', '10:i', '12:k', '13:l'],
  )
  assert.equal(blank(source).split('\n').length, source.split('\n').length)
})

test('reads the text of elements with apostrophes', () => {
  const found = importsOf("const x = <p>don't</p>\nimport y from 'y'\nconst z = <a href=\"https://example.org\">it's</a>\nimport('q')")
  assert.deepEqual(
    found.map((item) => item.specifier),
    ['y', 'q'],
  )
})

test('package names, line counts and lines of code that match', () => {
  assert.equal(packageOf('@a/b/c'), '@a/b')
  assert.equal(packageOf('zod/v4'), 'zod')
  assert.equal(lineCount('a\nb\n'), 2)
  assert.equal(lineCount(''), 0)
  assert.deepEqual(linesMatching("const a = process.env.X\n// process.env\nconst b = 'process.env'\nprocess.env", /process\.env/), [1, 4])
})

test('an exception that nothing needs any more is found', () => {
  assert.deepEqual(staleExceptions(['a.ts line 3', 'b.ts'], { 'a.ts': 'x', 'b.ts': 'y', 'b.tsx': 'z', a: 'w' }), ['b.tsx', 'a'])
})
