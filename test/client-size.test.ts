import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ROOT } from '../scripts/files.ts'
import { bundled } from './support/bundle.ts'

/** What a page may import, and the most that it may take: bytes after minification and gzip. */
const CASES = [
  { import: 'createPredictor', most: 3000 },
  { import: 'createClient', most: 6300 },
  { import: 'createClient, createControl', most: 9000 },
]

for (const { import: names, most } of CASES) {
  test(`a page with ${names} takes at most ${most} bytes, as the README says`, async (t) => {
    const { code, gzipBytes } = await bundled(`import { ${names} } from '@fairlead/client'; globalThis.fairlead = { ${names} }`)
    t.diagnostic(`${names}: ${gzipBytes} bytes with gzip, ${code.length} without`)
    assert.ok(gzipBytes <= most, `${gzipBytes} bytes`)
    assert.ok(code.includes('/v1/deployments/'), 'it is the client')
    assert.doesNotMatch(code, /zod|ZodError|column-missing/, 'neither zod nor the error table is dragged along')
    assert.equal(code.includes('/api/v1'), names.includes('createControl'), 'the control API is there where it is imported, and nowhere else')
    assert.equal(code.includes('binary_data_size'), names.includes('createClient'))
    const said = new RegExp(`^\\| \`${names}\` \\| ([\\d.]+) kB \\|`, 'm').exec(readFileSync(join(ROOT, 'packages/client/README.md'), 'utf8'))
    assert.ok(Math.abs(Number(said?.[1]) * 1000 - gzipBytes) < 150, `the README says ${said?.[1]} kB, and it is ${gzipBytes} bytes`)
  })
}

test('what is imported and not used leaves nothing behind', async () => {
  const { code } = await bundled("import { createClient, createControl } from '@fairlead/client'; globalThis.fairlead = 1")
  assert.ok(code.length < 60, code)
})
