import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Problem } from '@fairlead/contract'
import { externalTensor, type MadeNode, makeOnnx } from '../../packages/platform/src/model/test-support.ts'
import { ROOT } from '../../scripts/files.ts'
import { FAIRLEAD, fairlead, nodeFirst, type RunningPlatform, startPlatform } from '../support/platform.ts'
import { controlOf, EXAMPLE, MODELS, temporaryFolder } from './rig.ts'

let platform: RunningPlatform
let folder: Awaited<ReturnType<typeof temporaryFolder>>
let whole: unknown
before(async () => {
  folder = await temporaryFolder()
  platform = await startPlatform({ args: ['--processes', '1'] })
  const { code, stderr } = await fairlead(platform.data, ['models', 'import', MODELS.trees, '--name', 'taken'])
  assert.equal(code, 0, stderr)
  whole = await registry()
})
after(async () => {
  await platform[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

/** All that an import could change: models, versions and their files, and every stored byte. */
async function registry(): Promise<unknown> {
  const control = controlOf(platform)
  const blobs = join(platform.data, 'blobs')
  const stored = readdirSync(blobs, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const { ok } = await control.call('verifyVersion', { params: { model: 'taken', version: 1 } })
  const { items } = await control.call('listModels')
  const versions = await control.call('listVersions', { params: { model: 'taken' } })
  return { ok, items, versions, stored: stored.map((entry) => join(entry.parentPath, entry.name)).sort() }
}

const trees = readFileSync(join(ROOT, 'test/models/cases/xgboost/xgb-binary-logistic/model.json'))
const good = readFileSync(join(MODELS.trees, 'model.onnx'))

/** A model of one node, and of weights that lie elsewhere. */
function model(node: MadeNode, location?: string): Uint8Array {
  const initializers = location === undefined ? [] : [externalTensor('w', location, { length: '16' })]
  const tensor = { type: 1, shape: ['N', 4] }
  return makeOnnx({
    inputs: [{ name: 'x', ...tensor }],
    outputs: [{ name: 'y', ...tensor }],
    nodes: [{ inputs: ['x'], outputs: ['y'], ...node }],
    initializers,
  })
}
const scaled = (location: string) => model({ op: 'Mul', inputs: ['x', 'w'] }, location)

type Files = Record<string, string | Uint8Array | { size: number } | { link: string }>

function write(at: string, files: Files): string {
  for (const [path, content] of Object.entries(files)) {
    const file = join(at, path)
    mkdirSync(dirname(file), { recursive: true })
    if (typeof content === 'string' || content instanceof Uint8Array) writeFileSync(file, content)
    else if ('link' in content) symlinkSync(content.link, file)
    else {
      closeSync(openSync(file, 'w'))
      truncateSync(file, content.size)
    }
  }
  return at
}

/** The files, the code, and words that must be said. A single file is handed over as such, several as their folder. */
const IMPORTS: [what: string, files: Files, code: string, words: RegExp, args?: string[]][] = [
  ['text', { 'model.onnx': 'this is no model' }, 'model-file-invalid', /model\.onnx is not an ONNX file: it is text/],
  ['an empty file', { 'model.onnx': '' }, 'model-file-invalid', /model\.onnx .*it is empty/],
  ['a picture', { 'model.onnx': Buffer.from('\x89PNG\r\n\x1a\n'.padEnd(500, '\0'), 'latin1') }, 'model-file-invalid', /model\.onnx is not an? .*ONNX/],
  ['a truncated model', { 'model.onnx': good.subarray(0, 20_000) }, 'model-file-invalid', /model\.onnx .*runs past the end at byte 70/],
  ['a truncated XGBoost file', { 'model.json': trees.subarray(0, 20_000) }, 'model-file-invalid', /model\.json is not readable: /],
  ['an XGBoost objective of the future', { 'model.json': String(trees).replaceAll('binary:logistic', 'binary:next') }, 'model-part-unsupported', /binary:next/],
  ['an old XGBoost file', { 'model.bin': 'binf\0\0\0?' }, 'model-format-unknown', /load it with an XGBoost older than 3\.1 and save it/],
  ['a pickle', { 'model.pkl': Buffer.from([0x80, 5, 0x95]) }, 'model-format-unknown', /Python pickle, which is never executed here/],
  [
    'a statement that does not fit',
    { 'model.json': trees },
    'model-option-invalid',
    /classes/,
    ['--name', 'fresh', '--as', 'classifier', '--classes', 'a,b,c'],
  ],
  ['no model at all', { 'notes.txt': 'x', 'more.txt': 'y' }, 'model-format-unknown', /\.onnx/],
  ['an unknown operator', { 'model.onnx': model({ op: 'Teleport' }) }, 'model-operator-unsupported', /Teleport of domain ai\.onnx/],
  ['an operator of others', { 'model.onnx': model({ op: 'Teleport', domain: 'com.acme' }) }, 'model-operator-unsupported', /Teleport of domain com\.acme/],
  ['weights that are missing', { 'model.onnx': scaled('w.bin') }, 'model-data-missing', /w\.bin \(the file is missing\)/],
  ['weights that are too short', { 'model.onnx': scaled('w.bin'), 'w.bin': 'x' }, 'model-data-missing', /w\.bin .*has 1 bytes and the model reads 16/],
  ['weights outside the folder', { 'a/model.onnx': scaled('../w.bin'), 'w.bin': 'x'.repeat(16) }, 'model-path-escapes', /tensor "w" names .*"\.\.\/w\.bin"/],
  ['weights anywhere', { 'model.onnx': scaled('/etc/passwd') }, 'model-path-escapes', /"\/etc\/passwd"/],
  ['a link that leaves', { 'model.onnx': scaled('w.bin'), 'w.bin': { link: '/etc/passwd' } }, 'file-unreadable', /w\.bin links to \/etc\/passwd, outside/],
  ['2 GB', { 'model.onnx': { size: 2 ** 31 } }, 'model-too-large', /"model\.onnx" has 2147483648 bytes/],
  ['a name that is taken', { 'model.onnx': good }, 'name-taken', /a model "taken" already/, ['--name', 'taken', '--new']],
  ['a name that is none', { 'model.onnx': good }, 'name-invalid', /"Not one"/, ['--name', 'Not one']],
  ['a wrong signature', { 'model.onnx': good, 's.yaml': 'inputs: [{ name: nope, type: int64 }]' }, 'signature-invalid', /no column "nope"/],
]

for (const [i, [what, files, code, words, args = ['--name', 'fresh']]] of IMPORTS.entries()) {
  test(`importing ${what} is refused with ${code}, and nothing is done`, async () => {
    const at = write(join(folder.path, String(i)), files)
    const [only, ...others] = Object.keys(files)
    const source = others.length === 0 ? join(at, only ?? '') : at
    const signature = 's.yaml' in files ? ['--signature', join(at, 's.yaml')] : []
    const said = await fairlead(platform.data, ['models', 'import', source, ...args, ...signature, '--json'])
    const problem = JSON.parse(said.stdout) as Problem
    assert.deepEqual([said.code, problem.code], [1, code], said.stdout)
    assert.match(problem.detail, words)
    assert.match(said.stderr, /error: /)
    assert.doesNotMatch(said.stderr, /\n\s+at /)
    assert.deepEqual(await registry(), whole)
  })
}

test('a source that does not exist, and a command that is incomplete, have their own exit codes', async () => {
  const missing = await fairlead(platform.data, ['models', 'import', join(folder.path, 'none.onnx'), '--name', 'fresh'])
  assert.deepEqual([missing.code, missing.stdout], [1, ''])
  assert.match(missing.stderr, /none\.onnx cannot be read: there is no such file/)
  assert.equal((await fairlead(platform.data, ['models', 'import', MODELS.trees])).code, 2)
})

test('what comes on stdin is held to the same', async () => {
  const args = [FAIRLEAD, 'models', 'import', '-', '--name', 'fresh', '--json', '--data', platform.data]
  const child = spawn(process.execPath, args, { env: nodeFirst(), stdio: ['pipe', 'pipe', 'ignore'] })
  child.stdin.on('error', () => {})
  let stdout = ''
  child.stdout.on('data', (text) => (stdout += text))
  const ended = once(child, 'close')
  child.stdin.end('this comes from nowhere')
  assert.deepEqual(await ended, [1, null])
  assert.equal((JSON.parse(stdout) as Problem).code, 'model-format-unknown')
  assert.deepEqual(await registry(), whole)
})

test('after all this a good model is imported as the first version of its name', async () => {
  const args = ['models', 'import', MODELS.trees, '--name', 'fresh', '--signature', join(EXAMPLE, 'signature.yaml'), '--json']
  const { code, stdout, stderr } = await fairlead(platform.data, args)
  assert.equal(code, 0, stderr)
  assert.equal((JSON.parse(stdout) as { version: { version: number } }).version.version, 1)
  assert.doesNotMatch(platform.output(), /"level":"(error|fatal)"/)
})
