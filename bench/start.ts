import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ROOT } from '../scripts/files.ts'
import { nodeFirst, startPlatform } from '../test/support/platform.ts'
import { FIXTURES, importTrees } from './platform.ts'
import type { Figure } from './report.ts'
import { freePort } from './serving/process.ts'

const FEATURES = (JSON.parse(readFileSync(join(FIXTURES, 'rows.json'), 'utf8')) as { features: number[] }[])[0]?.features ?? []
const TREES_BODY = JSON.stringify({ rows: [Object.fromEntries(FEATURES.map((value, at) => [`c${String(at).padStart(2, '0')}`, value]))] })

/** Time from `npm start` on known data to the first answered prediction, and from `fairlead deploy` to the first answer. */
export async function startUp(options: { rounds: number }): Promise<Figure[]> {
  return [await secondStart(options.rounds), await deployToAnswer(options.rounds)]
}

async function secondStart(rounds: number): Promise<Figure> {
  const data = mkdtempSync(join(tmpdir(), 'fairlead-bench-'))
  try {
    await timeStart(data)
    const times: number[] = []
    for (let round = 0; round < rounds; round++) times.push(await timeStart(data))
    return { name: 'second `npm start` to the first answer', unit: 's', rounds: times, bar: { most: 3 } }
  } finally {
    rmSync(data, { recursive: true, force: true, maxRetries: 3 })
  }
}

/** Seconds from the command to the first prediction of the example that is answered with 200. */
async function timeStart(data: string): Promise<number> {
  const [port, httpPort] = [await freePort(), await freePort()]
  const body = JSON.stringify({ rows: [exampleRow()] })
  const begin = performance.now()
  const child = spawn('npm', ['start', '--silent', '--', '--data', data, '--port', String(port), '--http-port', String(httpPort), '--grpc-port', '0'], {
    cwd: ROOT,
    env: nodeFirst(),
    stdio: ['ignore', 'ignore', 'inherit'],
    detached: true,
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  try {
    await firstAnswer(`http://127.0.0.1:${httpPort}/v1/deployments/credit-risk/predict`, body)
    return (performance.now() - begin) / 1000
  } finally {
    if (child.pid) process.kill(-child.pid, 'SIGTERM')
    await ended
  }
}

function exampleRow(): Record<string, unknown> {
  return {
    age: 35,
    sex: 'male',
    job: 2,
    housing: 'own',
    saving_accounts: 'little',
    checking_account: 'moderate',
    credit_amount: 3000,
    duration: 24,
    purpose: 'car',
  }
}

async function deployToAnswer(rounds: number): Promise<Figure> {
  await using platform = await startPlatform({ args: ['--processes', '1'] })
  await importTrees(platform)
  const headers = { authorization: `Bearer ${platform.token}`, 'content-type': 'application/json' }
  const times: number[] = []
  for (let round = 0; round < rounds + 1; round++) {
    const name = `trees-${round}`
    const begin = performance.now()
    const answer = await fetch(`${platform.run.control}/api/v1/deployments/${name}/releases`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ model: 'trees' }),
    })
    if (answer.status !== 202) throw new Error(`deploy was answered with ${answer.status}: ${await answer.text()}`)
    await firstAnswer(`${platform.run.http}/v1/deployments/${name}/predict`, TREES_BODY)
    times.push(performance.now() - begin)
  }
  return { name: 'deploy of a 370 KB model to the first answer', unit: 'ms', rounds: times.slice(1), bar: { most: 500 } }
}

/** Asks until the answer is 200; anything but "not yet" fails. */
async function firstAnswer(url: string, body: string): Promise<void> {
  const until = performance.now() + 60_000
  for (;;) {
    const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body }).catch(() => undefined)
    const text = await answer?.text()
    if (answer?.status === 200) return
    if (answer && answer.status !== 404 && answer.status !== 503) throw new Error(`${url} answered ${answer.status}: ${text}`)
    if (performance.now() > until) throw new Error(`${url} gave no prediction within a minute: ${text ?? 'no connection'}`)
    await sleep(5)
  }
}
