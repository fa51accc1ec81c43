import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { MAX_EXPLAINED_ROWS, type Problem, type Row } from '@fairlead/contract'
import { ROOT } from '../../scripts/files.ts'
import { startPlatform } from '../support/platform.ts'
import { Load } from './load.ts'
import { controlOf, deploy } from './rig.ts'

const FILE = join(ROOT, 'bench/fixtures/trees_100x30.xgb.ubj')

const DEADLINE_MS = 2000
/** Requests for explanations at a time: many more than may wait. */
const FLOOD = 48
const FLOOD_MS = 6000

interface Told {
  status: number
  code: string | undefined
  retryAfter: string | null
  tookMs: number
  explanations: number
}

async function explained(url: string, rows: number, row: Row): Promise<Told> {
  const began = performance.now()
  const body = JSON.stringify({ rows: Array(rows).fill(row), explain: true })
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  const answer = (await response.json()) as Partial<Problem> & { explanations?: unknown[] }
  const tookMs = performance.now() - began
  return { status: response.status, code: answer.code, retryAfter: response.headers.get('retry-after'), tookMs, explanations: answer.explanations?.length ?? 0 }
}

test('a flood of requests for explanations delays no plain prediction, is bounded, and holds its deadlines', async () => {
  await using platform = await startPlatform({ args: ['--processes', '1'] })
  const control = controlOf(platform)
  const { upload } = await control.call('createUpload')
  await control.upload(upload, 'model.ubj', new Uint8Array(readFileSync(FILE)))
  await control.call('importVersion', { params: { model: 'trees' }, body: { upload } })
  assert.equal((await deploy(control, 'trees', 'trees', { deadlineMs: DEADLINE_MS })).state, 'done')
  const url = `${platform.run.http}/v1/deployments/trees/predict`
  const [row = {}] = (await control.call('getDeploymentSignature', { params: { deployment: 'trees' } })).example
  const first = await explained(url, 1, row)
  assert.deepEqual([first.status, first.explanations], [200, 1], first.code)

  await using load = new Load({ http: platform.run.http, deployment: 'trees', connections: 4, row })
  await load.more(50)
  const told: Told[] = []
  const until = performance.now() + FLOOD_MS
  const ask = async (): Promise<void> => {
    while (performance.now() < until) {
      told.push(await explained(url, MAX_EXPLAINED_ROWS, row))
      // who is told to come later comes later, if not as late as told
      await sleep(told.at(-1)!.status === 503 ? 100 : 0)
    }
  }
  const before = load.answered.length
  await Promise.all(Array.from({ length: FLOOD }, ask))
  const meanwhile = load.answered.length - before
  const { good, broken, answered } = await load.stop()

  // plain predictions go on, each of them answered
  assert.deepEqual([broken.length, answered.length - good.length], [0, 0])
  assert.ok(meanwhile > 50, `${meanwhile} plain predictions beside ${told.length} floods`)
  // who is refused is told so at once, and when to come again
  const refused = told.filter(({ status }) => status === 503)
  assert.ok(refused.length > 0 && refused.every(({ code, retryAfter }) => code === 'queue-full' && Number(retryAfter) >= 1), JSON.stringify(refused[0]))
  assert.ok(told.some(({ status, explanations }) => status === 200 && explanations === MAX_EXPLAINED_ROWS) || told.some(({ status }) => status === 504))
  assert.deepEqual(
    told.filter(({ status }) => ![200, 503, 504].includes(status)),
    [],
  )
  // nobody waits much longer than the deadline, on a busy machine either
  const longest = Math.max(...told.map(({ tookMs }) => tookMs))
  assert.ok(longest < DEADLINE_MS + 8000, `${longest} ms`)
  // what was given up is not worked on for long, and the next one who asks is answered
  const after = await explainedWhenFree(url, row)
  assert.equal(after.explanations, 1)
})

async function explainedWhenFree(url: string, row: Row): Promise<Told> {
  for (let tries = 0; ; tries++) {
    const told = await explained(url, 1, row)
    if (told.status === 200 || tries === 100) return told
    await sleep(200)
  }
}
