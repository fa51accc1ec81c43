import assert from 'node:assert/strict'
import { test } from 'node:test'
import { publishedManifest, rewriteAddresses, rewriteBin } from '../scripts/build-rewrite.ts'

test('a published manifest leads to what was built', () => {
  const manifest = publishedManifest({
    name: 'x',
    exports: { '.': './src/index.ts', './package.json': './package.json' },
    devDependencies: { a: '1' },
    scripts: { build: 'b' },
    dependencies: { c: '1' },
  })
  assert.deepEqual(manifest, {
    name: 'x',
    exports: { '.': { types: './dist/index.d.ts', default: './dist/index.js' }, './package.json': './package.json' },
    dependencies: { c: '1' },
    engines: { node: '>=20.19' },
    publishConfig: { access: 'public' },
  })
})

test('a package that names the Node it needs keeps it', () => {
  assert.deepEqual(publishedManifest({ engines: { node: '>=24' } }).engines, { node: '>=24' })
})

test('addresses beside a module lead to the built file, other text stays', () => {
  assert.equal(rewriteAddresses("new URL('./worker.ts', import.meta.url)"), "new URL('./worker.js', import.meta.url)")
  assert.equal(rewriteAddresses('new URL("../a/b.ts", import.meta.url)'), 'new URL("../a/b.js", import.meta.url)')
  assert.equal(rewriteAddresses("const x = './worker.ts'; new URL('./page.html', base)"), "const x = './worker.ts'; new URL('./page.html', base)")
})

test('the executable starts what was built', () => {
  assert.equal(rewriteBin("#!/usr/bin/env node\nimport '../src/cli/main.ts'\n"), "#!/usr/bin/env node\nimport '../dist/cli/main.js'\n")
})
