import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { fakePlatform, problem, runFairlead } from '../testing/fake-platform.ts'
import { temporaryFolder } from '../testing/folder.ts'
import { sampleDeployment, sampleRelease, sampleVersion } from '../testing/samples.ts'

const { signature } = sampleVersion()
const digest = (letter: string) => `sha256:${letter.repeat(64)}`

async function platformWith(release = sampleRelease(), changed = signature) {
  return await fakePlatform({
    'GET /deployments/credit-risk': () => ({ json: sampleDeployment({ current: release }) }),
    'GET /deployments/credit-risk/signature': () => ({ json: { signature: changed, example: [] } }),
    'GET /deployments/new': () => ({ json: sampleDeployment({ name: 'new', current: null }) }),
    'GET /deployments/unknown': () => problem(404, 'deployment-unknown', 'there is no deployment unknown'),
  })
}

test('types go to stdout, to a file, or into one document', async () => {
  await using platform = await platformWith()
  await using folder = await temporaryFolder()
  const asked = (...args: string[]) => runFairlead(['types', 'credit-risk', ...args, '--url', platform.url], { cwd: folder.path })
  const printed = await asked()
  assert.deepEqual([printed.code, printed.stderr], [0, ''])
  assert.match(
    printed.stdout,
    /^\/\/ Made by: fairlead types credit-risk\n[\s\S]*age: number\n[\s\S]*purpose\?: string \| null\n[\s\S]*export interface Deployments \{\n/,
  )
  const written = await asked('--out', 'deployments.ts')
  assert.deepEqual([written.code, written.stdout], [0, 'deployments.ts is written\n'])
  assert.equal(readFileSync(folder.at('deployments.ts'), 'utf8'), printed.stdout)
  const { deployments, module } = JSON.parse((await asked('--json')).stdout)
  assert.deepEqual([deployments, module], [[{ deployment: 'credit-risk', release: 2, digest: digest('ab').slice(0, 71) }], printed.stdout])
})

test('--check exits with 10 when the types changed, and not for a release with the same ones', async () => {
  await using folder = await temporaryFolder()
  const asked = async (platform: Awaited<ReturnType<typeof platformWith>>, ...args: string[]) => {
    await using one = platform
    return await runFairlead(['types', 'credit-risk', '--out', 'd.ts', ...args, '--url', one.url], { cwd: folder.path })
  }
  const missing = await asked(await platformWith(), '--check')
  assert.deepEqual([missing.code, missing.stdout, readdirSync(folder.path)], [10, 'd.ts is out of date\n', []])
  assert.match(missing.stderr, /fairlead types credit-risk --out d\.ts/)
  await asked(await platformWith())
  const same = await asked(await platformWith(sampleRelease({ number: 7, digest: digest('c') })), '--check', '--json')
  assert.deepEqual([same.code, JSON.parse(same.stdout).upToDate], [0, true])
  const narrower = { ...signature, columns: signature.columns.slice(1) }
  const before = readFileSync(folder.at('d.ts'), 'utf8')
  const changed = await asked(await platformWith(sampleRelease(), narrower), '--check', '--json')
  assert.deepEqual([changed.code, JSON.parse(changed.stdout).upToDate], [10, false])
  assert.equal(readFileSync(folder.at('d.ts'), 'utf8'), before)
})

test('what cannot be typed or written is an error, and no file is touched', async () => {
  await using platform = await platformWith()
  await using folder = await temporaryFolder({ 'd.ts': 'mine' })
  const asked = (...args: string[]) => runFairlead(['types', ...args, '--url', platform.url], { cwd: folder.path })
  const cases: [string[], number, RegExp][] = [
    [['unknown', '--out', 'd.ts'], 1, /no deployment unknown/],
    [['credit-risk', 'new', '--out', 'd.ts'], 1, /new has no release that answers/],
    [['credit-risk', '--check'], 2, /--out FILE/],
    [['credit-risk', '--out', 'nowhere/d.ts'], 2, /cannot be written/],
    [[], 2, /missing required argument/],
  ]
  for (const [args, code, reason] of cases) {
    const ran = await asked(...args)
    assert.deepEqual([ran.code, reason.test(ran.stderr)], [code, true], `${args.join(' ')}: ${ran.stderr}`)
  }
  writeFileSync(folder.at('dir.ts'), '')
  assert.deepEqual(readdirSync(folder.path).toSorted(), ['d.ts', 'dir.ts'])
  assert.equal(readFileSync(folder.at('d.ts'), 'utf8'), 'mine')
})

test('a release that comes between the questions is not mixed with the one before', async () => {
  let asked = 0
  await using platform = await fakePlatform({
    'GET /deployments/credit-risk': () => ({ json: sampleDeployment({ current: sampleRelease(asked++ < 1 ? {} : { number: 3, digest: digest('d') }) }) }),
    'GET /deployments/credit-risk/signature': () => ({ json: { signature, example: [] } }),
  })
  const { stdout } = await runFairlead(['types', 'credit-risk', '--url', platform.url])
  assert.match(stdout, /release 3, sha256:ddd/)
  assert.equal(asked, 4)
})
