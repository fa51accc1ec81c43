import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { ROOT } from '../scripts/files.ts'
import { nodeFirst, startPlatform } from './support/platform.ts'

const folder = mkdtempSync(join(tmpdir(), 'fairlead-pack-'))
const tarballs = join(ROOT, 'dist/tarballs')

before(
  () => {
    execFileSync(process.execPath, [join(ROOT, 'scripts/build.ts')], { stdio: 'pipe' })
    const packed = readdirSync(tarballs).map((name) => join(tarballs, name))
    assert.equal(packed.length, 5, `five packages are packed: ${packed.join(', ')}`)
    execFileSync('npm', ['init', '--yes'], { cwd: folder, stdio: 'pipe' })
    execFileSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', ...packed], {
      cwd: folder,
      env: nodeFirst(),
      stdio: 'pipe',
    })
  },
  { timeout: 300_000 },
)

after(() => rmSync(folder, { recursive: true, force: true }))

test('no package carries TypeScript sources, tests or test data', () => {
  for (const name of ['fairlead', '@fairlead/contract', '@fairlead/client']) {
    const files = readdirSync(join(folder, 'node_modules', name), { recursive: true, encoding: 'utf8' }).filter((path) => !path.startsWith('node_modules'))
    assert.ok(files.includes('LICENSE') && files.includes('README.md'), `${name} has its licence and README`)
    const strays = files.filter((path) => (/\.tsx?$/.test(path) && !path.endsWith('.d.ts')) || /\.test\.|testdata/.test(path))
    assert.deepEqual(strays, [], `${name} carries only what was built`)
    if (name === 'fairlead')
      for (const program of ['worker', 'isolate', 'launch']) assert.ok(files.includes(`dist/adapters/python/${program}.py`), `${name} carries ${program}.py`)
  }
})

test('the client and the contract can be imported as JavaScript', () => {
  const program =
    "const c = await import('@fairlead/client'); const k = await import('@fairlead/contract'); console.log(Object.keys(c).length > 0, 'column-missing' in k.ERRORS)"
  const said = execFileSync(process.execPath, ['--input-type=module', '-e', program], { cwd: folder, encoding: 'utf8' })
  assert.equal(said.trim(), 'true true')
})

test('the client is installed alone: nothing comes with it, it runs, and its types are whole', () => {
  const alone = join(folder, 'alone')
  mkdirSync(alone)
  writeFileSync(join(alone, 'package.json'), '{ "type": "module", "private": true }')
  const tarball = readdirSync(tarballs).find((name) => name.includes('client')) as string
  execFileSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--offline', join(tarballs, tarball)], {
    cwd: alone,
    env: nodeFirst(),
    stdio: 'pipe',
  })
  assert.deepEqual(
    readdirSync(join(alone, 'node_modules')).filter((name) => !name.startsWith('.')),
    ['@fairlead'],
  )
  assert.deepEqual(readdirSync(join(alone, 'node_modules/@fairlead')), ['client'])
  const said = execFileSync(process.execPath, ['--input-type=module', '-e', "console.log(Object.keys(await import('@fairlead/client')).join(' '))"], {
    cwd: alone,
    encoding: 'utf8',
  })
  assert.equal(said.trim(), 'ControlError PredictionError RequestError createClient createControl createPredictor')
  writeFileSync(join(alone, 'use.ts'), USE)
  const options = {
    strict: true,
    noEmit: true,
    module: 'nodenext',
    target: 'es2022',
    lib: ['es2024', 'esnext.disposable', 'dom', 'dom.asynciterable'],
    types: [],
  }
  writeFileSync(join(alone, 'tsconfig.json'), JSON.stringify({ compilerOptions: { ...options, skipLibCheck: false }, files: ['use.ts'] }))
  const compile = () => execFileSync(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', alone], { encoding: 'utf8', stdio: 'pipe' })
  try {
    compile()
  } catch (error) {
    assert.fail((error as { stdout: string }).stdout)
  }
})

/** Real and wrong use of the client's types. */
const USE = `
import { createClient, createControl, PredictionError, type Problem } from '@fairlead/client'
const client = createClient<{ a: { row: { x: number }; prediction: { label: 'good' | 'bad' } } }>({ url: '' })
export async function use(problem: Problem): Promise<string> {
  const { predictions } = await client.predict('a', { x: 1 })
  const control = createControl({ url: '', token: 't' })
  const { state, target } = await control.call('createRelease', { params: { deployment: 'a' }, body: { model: 'm@champion', settings: { maxRows: 5 } } })
  const { current } = await control.call('getDeployment', { params: { deployment: 'a' } })
  const loaded: number = current!.number + target.release
  // @ts-expect-error: no such state
  if (state === 'gone') return 'never'
  // @ts-expect-error: no such column
  await client.predict('a', { y: 1 })
  // @ts-expect-error: no such operation
  await control.call('getNothing')
  return predictions[0]!.label + problem.code.length + loaded + new PredictionError(problem).retryable
}
`

test('npx fairlead up in the empty folder: ready, predicts, stops cleanly', { timeout: 120_000 }, async () => {
  const bin = join(folder, 'node_modules/.bin/fairlead')
  const data = join(folder, 'data')
  const example = join(folder, 'node_modules/fairlead/examples/credit-risk')
  assert.ok(existsSync(bin) && existsSync(example))
  await using platform = await startPlatform({ command: ['npx', '--no', 'fairlead', 'up'], cwd: folder, data, args: ['--apply', example], timeoutMs: 60_000 })

  const ready = await fetch(`${platform.run.control}/readyz`)
  assert.equal(ready.status, 200, await ready.text())
  const page = await fetch(`${platform.run.control}/`)
  assert.match(await page.text(), /<!doctype html>/i)

  // run.json says that the platform is ready; the example is applied after that.
  await deployed(platform.run.http)
  const { example: body } = (await (await fetch(`${platform.run.http}/v1/deployments/credit-risk/openapi.json`)).json().then(requestExample)) as {
    example: unknown
  }
  const answer = await fetch(`${platform.run.http}/v1/deployments/credit-risk/predict`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  assert.equal(answer.status, 200, await answer.clone().text())
  const { predictions } = (await answer.json()) as { predictions: Record<string, unknown>[] }
  assert.ok(predictions.length >= 1 && 'label' in (predictions[0] ?? {}))

  // npx hands the signal on only to its direct child, so the platform is told itself.
  process.kill(platform.run.pid, 'SIGTERM')
  const code = await new Promise<number | null>((resolve) =>
    platform.child.exitCode === null ? platform.child.once('exit', resolve) : resolve(platform.child.exitCode),
  )
  assert.equal(code, 0, platform.output())
  assert.ok(!existsSync(join(data, 'run.json')), 'run.json is gone')
  assert.ok(readFileSync(join(data, 'admin-token'), 'utf8').length > 20)
})

async function deployed(http: string): Promise<void> {
  const until = Date.now() + 30_000
  while ((await fetch(`${http}/v2/models/credit-risk/ready`)).status !== 200) {
    assert.ok(Date.now() < until, 'the example is deployed within 30 s')
    await sleep(100)
  }
}

/** The example of the predict operation of an OpenAPI document. */
function requestExample(document: unknown): { example: unknown } {
  const paths = (
    document as {
      paths: Record<string, { post?: { requestBody?: { content?: Record<string, { example?: unknown; examples?: Record<string, { value: unknown }> }> } } }>
    }
  ).paths
  for (const path of Object.values(paths)) {
    const json = path.post?.requestBody?.content?.['application/json']
    const example = json?.example ?? Object.values(json?.examples ?? {})[0]?.value
    if (example) return { example }
  }
  throw new Error('The OpenAPI document has no example')
}
