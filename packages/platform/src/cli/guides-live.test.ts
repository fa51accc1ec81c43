import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Ran } from './testing/fake-platform.ts'
import { type TemporaryFolder, temporaryFolder } from './testing/folder.ts'

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url))
const BIN = join(ROOT, 'packages/platform/bin/fairlead.js')
const PAGES = [
  'examples/credit-risk/README.md',
  'docs/guides/first-model.md',
  'docs/guides/signature-files.md',
  'docs/guides/model-files.md',
  'docs/guides/mlflow.md',
  'docs/guides/api-keys.md',
  'docs/guides/rate-limits.md',
  'docs/guides/prediction-log.md',
  'docs/guides/calling.md',
  'docs/guides/explanations.md',
  'docs/guides/formats.md',
  'docs/guides/batch.md',
  'docs/guides/types.md',
  'docs/guides/decisions.md',
  'docs/guides/pipelines.md',
  'docs/guides/operating.md',
  'docs/guides/benchmarking.md',
]

let folder: TemporaryFolder
let platform: ReturnType<typeof spawn>
let http = ''
let welcome = ''

/** Runs a script in the folder, with `npx fairlead` being this program. */
function shell(script: string): Promise<Ran> {
  const text = `set -euo pipefail\nnpx() { shift; "$NODE" "$BIN" "$@"; }\n${script.replaceAll('http://127.0.0.1:7310', http)}`
  const env = { PATH: process.env.PATH ?? '', NODE: process.execPath, BIN }
  return new Promise((resolve) => {
    execFile('bash', ['-c', text], { cwd: folder.path, env, maxBuffer: 1e8 }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr })
    })
  })
}

/** The blocks of a page that are meant to be run. */
function blocksOf(page: string): string[] {
  return [...readFileSync(join(ROOT, page), 'utf8').matchAll(/^```sh run\n([\s\S]*?)^```/gm)].map((match) => match[1] ?? '')
}

before(async () => {
  folder = await temporaryFolder({})
  symlinkSync(join(ROOT, 'examples'), folder.at('examples'))
  const ports = ['--port', '0', '--http-port', '0', '--grpc-port', '0', '--processes', '1']
  platform = spawn(process.execPath, [BIN, 'up', ...ports, '--apply', 'examples/credit-risk'], { cwd: folder.path, stdio: ['ignore', 'pipe', 'inherit'] })
  platform.stdout?.on('data', (chunk: Buffer) => {
    welcome += chunk.toString()
  })
  for (let waited = 0; !welcome.includes('Ctrl-C') && waited < 30_000 && platform.exitCode === null; waited += 50) await sleep(50)
  http = JSON.parse(readFileSync(folder.at('.fairlead/run.json'), 'utf8')).http
})

after(async () => {
  if (platform.exitCode === null) {
    platform.kill('SIGTERM')
    await once(platform, 'exit')
  }
  await folder[Symbol.asyncDispose]()
})

test('up applies the example, asks it, and prints the answer and a sign-in link', () => {
  assert.match(welcome, /deployment +credit-risk, release 1 made/)
  assert.match(welcome, /answered +label (good|bad), probabilities \(bad [\d.]+, good [\d.]+\), decision (accept|review)/)
  assert.match(welcome, /console +http:\/\/127\.0\.0\.1:\d+\/sign-in\S+/)
})

for (const page of PAGES) {
  test(`the commands of ${page} work as they stand`, async () => {
    const blocks = blocksOf(page)
    assert.ok(blocks.length > 0, 'there are commands to run')
    for (const block of blocks) {
      const ran = await shell(block)
      assert.equal(ran.code, 0, `${block}\n${ran.stdout}\n${ran.stderr}`)
    }
  })
}

test('the log that was taken to files holds what was asked', async () => {
  const csv = readFileSync(folder.at('predictions.csv'), 'utf8')
  assert.match(csv.split('\n')[0] ?? '', /_id.*age.*probabilities_good.*decision/)
  assert.ok(csv.trim().split('\n').length > 40, 'the rows of two files and some more')
  assert.equal(readFileSync(folder.at('predictions.parquet')).subarray(0, 4).toString(), 'PAR1')
})

test('what is asked by file is what was asked row by row, and golden rows are answered as training said', async () => {
  const golden = JSON.parse(readFileSync(join(ROOT, 'examples/credit-risk/golden.json'), 'utf8'))
  await folder.write('golden-rows.json', JSON.stringify(golden.rows))
  const { stdout } = await shell('npx fairlead apply examples/credit-risk --quiet >/dev/null; npx fairlead predict credit-risk --file golden-rows.json --json')
  const { predictions } = JSON.parse(stdout)
  assert.equal(predictions.length, golden.rows.length)
  for (const [i, expected] of golden.predictions.entries()) {
    assert.equal(predictions[i].label, expected.label)
    assert.ok(Math.abs(predictions[i].probabilities.good - expected.probabilities.good) < 1e-5, `row ${i}`)
    assert.equal(predictions[i].decision, expected.probabilities.good < 0.7 ? 'review' : 'accept')
  }
})

test('logs --follow tells new predictions as they come, one document a line', async () => {
  const follower = spawn(process.execPath, [BIN, 'logs', 'credit-risk', '--follow', '--json'], { cwd: folder.path, stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(follower, 'exit')
  let text = ''
  follower.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString()
  })
  await sleep(1500)
  await shell('npx fairlead predict credit-risk --file examples/credit-risk/data/applications.csv')
  for (let waited = 0; text.split('\n').length <= 20 && waited < 10_000; waited += 50) await sleep(50)
  await sleep(1200)
  follower.kill('SIGINT')
  const [code] = await ended
  const lines = text.trim().split('\n')
  assert.deepEqual([code, lines.length, new Set(lines.map((line) => JSON.parse(line)._id)).size], [0, 20, 20])
})

test('errors of a real platform have their exit codes', async () => {
  const cases: [string, number, string][] = [
    ['npx fairlead predict credit-risk --row \'{"age": 35}\' --json', 1, 'column-missing'],
    ['npx fairlead predict nobody --row "{}" --json', 1, 'deployment-unknown'],
    ['npx fairlead models import examples/credit-risk/README.md --name broken --json', 1, 'model-format-unknown'],
    ['npx fairlead models show credit-risk:99 --json', 1, 'version-unknown'],
    ['npx fairlead models remove credit-risk:1 --yes --json', 1, 'version-in-use'],
    ['npx fairlead status --token wrong --json', 4, 'not-authenticated'],
    ["npx fairlead logs credit-risk --where 'lable = 1' --json", 1, 'expression-invalid'],
  ]
  for (const [command, code, reason] of cases) {
    const ran = await shell(command)
    assert.equal(ran.code, code, `${command}\n${ran.stdout}\n${ran.stderr}`)
    assert.equal(JSON.parse(ran.stdout).code, reason, command)
  }
})

test('a second platform on the same data is refused with the option to change; a signal ends the first in order', async () => {
  const second = await shell('npx fairlead up --port 0 --http-port 0 --grpc-port 0 --json')
  assert.equal(second.code, 1)
  assert.equal(JSON.parse(second.stdout).code, 'data-locked')
  assert.match(second.stderr, /--data/)
  const ended = once(platform, 'exit')
  platform.kill('SIGTERM')
  const [code] = await ended
  assert.equal(code, 0)
  assert.equal(existsSync(folder.at('.fairlead/run.json')), false)
  assert.equal((await shell('npx fairlead status')).code, 3)
})
