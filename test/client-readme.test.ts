import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { ROOT } from '../scripts/files.ts'
import { EXAMPLE, eventually } from './life/rig.ts'
import { nodeFirst, type RunningPlatform, startPlatform } from './support/platform.ts'

const PAGE = readFileSync(join(ROOT, 'packages/client/README.md'), 'utf8')
const blocks = [...PAGE.matchAll(/^```ts run\n([\s\S]*?)^```/gm)].map((match) => match[1] as string)
const folder = mkdtempSync(join(tmpdir(), 'fairlead-readme-'))
let platform: RunningPlatform

before(async () => {
  platform = await startPlatform({ args: ['--processes', '1', '--apply', EXAMPLE] })
  await eventually('the declaration is applied', () => /sign-in#/.test(platform.output()))
  const { rows } = JSON.parse(readFileSync(join(EXAMPLE, 'golden.json'), 'utf8')) as { rows: object[] }
  writeFileSync(join(folder, 'rows.ndjson'), rows.map((row) => JSON.stringify(row)).join('\n'))
  copyFileSync(join(EXAMPLE, 'model/model.onnx'), join(folder, 'model.onnx'))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(join(ROOT, 'node_modules/@fairlead'), join(folder, 'node_modules/@fairlead'))
  for (const [at, block] of blocks.entries()) {
    const { http, control } = platform.run
    writeFileSync(join(folder, `block-${at}.ts`), block.replaceAll('http://127.0.0.1:7310', http).replaceAll('http://127.0.0.1:7300', control))
  }
})

after(async () => {
  await platform[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

/** Runs a block of the page as a program of its own. */
function run(at: number): Promise<{ code: number; stdout: string; stderr: string }> {
  const env = nodeFirst({ FAIRLEAD_TOKEN: platform.token })
  return new Promise((resolve) => {
    execFile(process.execPath, [`block-${at}.ts`], { cwd: folder, env }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr })
    })
  })
}

const SAID: [RegExp, RegExp][] = [
  [/client\.predict\('credit-risk', row\)/, /label: '(good|bad)',[\s\S]*probabilities: \{ bad: 0\.\d+, good: 0\.\d+ \}[\s\S]*decision: '(accept|review)'/],
  [/predictMany/, /^0 \w+ (good|bad)\n(.*\n)+49 \w+ (good|bad)\n$/],
  [/client\.infer/, /^Float32Array\(2\) \[ 0\.\d+, 0\.\d+ \]\n$/],
  [/client\.ready/, /'age INT64 \[-1\]'/],
  [/export async function score/, /^$/],
  [/createRelease/, /active|nothing|release|done/i],
  [/importVersion/, /^$/],
]

test('every block is checked by the compiler, strictly', () => {
  const options = { extends: join(ROOT, 'tsconfig.base.json'), compilerOptions: { noEmit: true, typeRoots: [join(ROOT, 'node_modules/@types')] } }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ ...options, include: ['block-*.ts'] }))
  try {
    execFileSync(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', folder], { encoding: 'utf8', stdio: 'pipe' })
  } catch (error) {
    assert.fail((error as { stdout: string }).stdout)
  }
})

test('every block runs against a platform and says what the page says', async () => {
  assert.equal(blocks.length, SAID.length)
  for (const [at, block] of blocks.entries()) {
    const [is, says] = SAID[at]!
    assert.match(block, is)
    const ran = await run(at)
    assert.equal(ran.code, 0, `${block}\n${ran.stderr}`)
    assert.match(ran.stdout, says, block)
  }
})

test('the row interface and the tensors of the page give the same answer', async () => {
  const [rows, tensors] = [await run(0), await run(2)]
  const good = Number(/good: (0\.\d+)/.exec(rows.stdout)?.[1])
  const share = Number(/, (0\.\d+) \]/.exec(tensors.stdout)?.[1])
  assert.ok(good > 0 && Math.abs(good - share) < 1e-6, `${good} and ${share}`)
})
