import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { ROOT } from '../scripts/files.ts'
import { controlTypes, typeOf } from '../scripts/schema-types.ts'

test('schemas become types', () => {
  const cases: [Parameters<typeof typeOf>[0], string][] = [
    [{ type: 'integer' }, 'number'],
    [{ enum: ['a', null] }, '"a" | null'],
    [{ type: ['string', 'null'] }, 'string | null'],
    [{ type: 'array', items: { anyOf: [{ type: 'string' }, { $ref: '#/$defs/Model' }] } }, '(string | Model)[]'],
    [{ type: 'object', properties: { 'a-b': {}, c: { const: 1 } }, required: ['c'] }, '{ "a-b"?: unknown | undefined; "c": 1 }'],
    [{ type: 'object', additionalProperties: { type: 'number' } }, 'Record<string, number>'],
  ]
  for (const [schema, type] of cases) assert.equal(typeOf(schema), type)
})

test('the published types of every operation are those of the schemas, both ways', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-types-'))
  const check = (part: string, left: string, right: string) => `
type ${part}Differs = { [K in one.RouteName]: ${left} extends ${right} ? never : K }[one.RouteName]
export const ${part}Same: [${part}Differs] extends [never] ? true : ${part}Differs = true`
  const same = (part: string) => check(part, `[one.${part}Of<K>, other.${part}Of<K>]`, `[other.${part}Of<K>, one.${part}Of<K>]`)
  // numbers of a query are coerced, so that the schema takes anything
  const checks = [...['Params', 'Body', 'Response', 'Event'].map(same), check('Query', '[other.QueryOf<K>]', '[one.QueryOf<K>]')]
  try {
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
    writeFileSync(join(folder, 'made.ts'), controlTypes())
    const imports = "import type * as one from '@fairlead/contract/control'\nimport type * as other from './made.ts'\n"
    writeFileSync(join(folder, 'check.ts'), imports + checks.join('\n'))
    const paths = { '@fairlead/contract/control': [join(ROOT, 'packages/contract/src/control/index.ts')] }
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ extends: join(ROOT, 'tsconfig.base.json'), compilerOptions: { noEmit: true, types: [], paths }, files: ['check.ts'] }),
    )
    execFileSync(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', folder], { encoding: 'utf8', stdio: 'pipe' })
  } catch (error) {
    assert.fail((error as { stdout: string }).stdout)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
