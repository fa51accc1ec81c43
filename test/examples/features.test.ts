import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { ROOT } from '../../scripts/files.ts'
import { eventually } from '../life/rig.ts'
import { fairlead, type RunningPlatform, startPlatform } from '../support/platform.ts'
import { type ExampleProgram, startExample } from './program.ts'

const REST = { age: 35, sex: 'female', job: 2, housing: 'own', credit_amount: 2500, duration: 18, purpose: 'car' }
const GUIDE = readFileSync(join(ROOT, 'docs/guides/features.md'), 'utf8')

let platform: RunningPlatform
let service: ExampleProgram
let root: string

/** The example with its service at another port, in a folder of its own. */
function projectFor(data: string, url: string): string {
  const folder = join(data, 'project')
  cpSync(join(ROOT, 'examples/features'), join(folder, 'features'), { recursive: true })
  cpSync(join(ROOT, 'examples/credit-risk'), join(folder, 'credit-risk'), { recursive: true })
  const file = join(folder, 'features/fairlead.yaml')
  writeFileSync(file, readFileSync(file, 'utf8').replace('http://127.0.0.1:8090/features', url))
  return join(folder, 'features')
}

before(async () => {
  const env = { ACCOUNTS_SECRET: 'hush' }
  service = await startExample('features/service.ts', env)
  root = mkdtempSync(join(tmpdir(), 'fairlead-test-'))
  const folder = projectFor(root, `${service.url}/features`)
  platform = await startPlatform({ args: ['--processes', '1', '--apply', folder], env })
  await eventually('the declaration is applied', () => /sign-in#/.test(platform.output()))
})

after(async () => {
  await service?.[Symbol.asyncDispose]()
  await platform?.[Symbol.asyncDispose]()
  rmSync(root, { recursive: true, force: true })
})

async function ask(rows: object[]) {
  const response = await fetch(`${platform.run.http}/v1/deployments/by-customer/predict`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ rows }),
  })
  return { status: response.status, body: (await response.json()) as Record<string, never> & { predictions: object[]; code: string; detail: string } }
}

test('a customer is scored by what the service knows, as one whose row says it', async () => {
  await fairlead(platform.data, ['deploy', 'whole', '--model', 'credit-risk'])
  const whole = async (row: object) => {
    const { stdout } = await fairlead(platform.data, ['predict', 'whole', '--row', JSON.stringify(row), '--json'])
    return JSON.parse(stdout).predictions[0].probabilities
  }
  const { body } = await ask([7, 8, 9, 10].map((customer) => ({ ...REST, customer })))
  const accounts = [
    ['little', 'little'],
    ['rich', 'not_known'],
    // what is known of the checking account is too old
    ['rich', 'not_known'],
    ['not_known', 'not_known'],
  ]
  for (const [i, [saving_accounts, checking_account]] of accounts.entries()) {
    const { probabilities } = body.predictions[i] as { probabilities: object }
    assert.deepEqual(probabilities, await whole({ ...REST, saving_accounts, checking_account }))
  }
  const { stdout } = await fairlead(platform.data, ['predict', 'by-customer', '--row', JSON.stringify({ ...REST, customer: 7 })])
  assert.match(stdout, /review|accept/)
})

test('a file is scored by what the service knows, as its rows are online', async () => {
  const rows = [7, 8, 10].map((customer) => ({ ...REST, customer }))
  const [input, output] = [join(root, 'customers.ndjson'), join(root, 'scored.ndjson')]
  writeFileSync(input, rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
  const { code, stderr } = await fairlead(platform.data, ['batch', 'run', 'by-customer', '--input', input, '--output', output])
  assert.equal(code, 0, stderr)
  const scored = readFileSync(output, 'utf8').trimEnd().split('\n')
  const { body } = await ask(rows)
  const online = body.predictions as unknown as { label: string; probabilities: { good: number } }[]
  assert.deepEqual(
    scored.map((line) => (JSON.parse(line) as Record<string, unknown>).probabilities_good),
    online.map(({ probabilities }) => probabilities.good),
  )
})

test('callers are told of the customer, and not of what is looked up', async () => {
  const document = await (await fetch(`${platform.run.http}/v1/deployments/by-customer/openapi.json`)).text()
  assert.match(document, /"customer":\{[^}]*Number of the customer/)
  assert.doesNotMatch(document, /saving_accounts/)
})

test('explanations are of what the model saw', async () => {
  const { stdout, stderr } = await fairlead(platform.data, ['predict', 'by-customer', '--row', JSON.stringify({ ...REST, customer: 7 }), '--explain'])
  assert.match(stdout + stderr, /checking_account = little/)
})

test('without its service an answer that was kept holds, and a new customer is told why there is none', async () => {
  await ask([{ ...REST, customer: 7 }])
  await service[Symbol.asyncDispose]()
  assert.equal((await ask([{ ...REST, customer: 7 }])).status, 200)
  const { status, body } = await ask([{ ...REST, customer: 11 }])
  assert.deepEqual([status, body.code], [503, 'lookup-failed'])
  assert.match(body.detail, /"accounts": http:\/\/127\.0\.0\.1:\d+ cannot be asked \(ECONNREFUSED\)/)
  const plain = await fetch(`${platform.run.http}/v1/deployments/whole/predict`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ rows: [{ ...REST, saving_accounts: 'little', checking_account: 'little' }] }),
  })
  assert.equal(plain.status, 200)
})

test('a release that names a service which is not there fails, and the one before it goes on', async () => {
  const file = join(platform.data, 'pipeline.json')
  writeFileSync(file, JSON.stringify([{ lookup: { service: 'acounts', keys: { a: 'age' }, features: { job: {} } } }, { model: {} }]))
  const { code, stderr } = await fairlead(platform.data, ['deploy', 'whole', '--model', 'credit-risk', '--pipeline', file])
  assert.equal(code, 1)
  assert.match(stderr, /there is no feature service "acounts"; did you mean "accounts"\?/)
  const { stdout } = await fairlead(platform.data, ['deployments', 'show', 'whole', '--json'])
  assert.equal(JSON.parse(stdout).current.number, 1)
})

test('a platform whose secret is not set does not start, and says which', async () => {
  const folder = projectFor(platform.data, 'http://127.0.0.1:1/')
  await assert.rejects(
    startPlatform({ args: ['--apply', folder] }),
    /features\.accounts\.headers\.authorization: the environment variable ACCOUNTS_SECRET is not set/,
  )
})

test('the guide shows the declaration of the example', () => {
  const declared = readFileSync(join(ROOT, 'examples/features/fairlead.yaml'), 'utf8')
  for (const line of declared.split('\n').filter((text) => /savings|checking|onDown|stale|keys:/.test(text))) assert.ok(GUIDE.includes(line.trim()), line)
})
