import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { EXAMPLE, eventually, ROW } from './life/rig.ts'
import { FAIRLEAD, fairlead, nodeFirst, type RunningPlatform, startPlatform } from './support/platform.ts'

async function predict({ run }: RunningPlatform, id: string, count: number): Promise<void> {
  const body = JSON.stringify({ rows: Array.from({ length: count }, () => ROW) })
  const headers = { 'content-type': 'application/json', 'x-request-id': id }
  const response = await fetch(`${run.http}/v1/deployments/credit-risk/predict`, { method: 'POST', headers, body })
  assert.equal(response.status, 200, await response.text())
}

/** `fairlead logs --follow --json` in a process of its own, with the rows it has told of. */
function following(data: string, args: string[]) {
  const child = spawn(process.execPath, [FAIRLEAD, 'logs', 'credit-risk', '--follow', '--json', '--data', data, ...args], { cwd: data, env: nodeFirst() })
  let text = ''
  let said = ''
  child.stdout.on('data', (piece) => (text += piece))
  child.stderr.on('data', (piece) => (said += piece))
  const rows = () =>
    text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as { _request: string; _row: number })
  return { child, rows, said: () => said, [Symbol.dispose]: () => void child.kill('SIGKILL') }
}

test('the log is followed row by row, exported whole, and is not there for what never was', { timeout: 120_000 }, async () => {
  await using platform = await startPlatform({ args: ['--processes', '2', '--apply', EXAMPLE] })
  await eventually('the declaration is applied', () => /sign-in#/.test(platform.output()))
  await predict(platform, 'before', 3)
  using all = following(platform.data, ['--since', '1h'])
  using fresh = following(platform.data, [])
  await eventually('what was there is told', () => all.rows().some(({ _request }) => _request === 'before'), 30_000)
  await predict(platform, 'large', 2500)
  for (let i = 0; i < 20; i++) await predict(platform, 'same-id', 1)
  for (const { rows } of [all, fresh]) await eventually('all is told', () => rows().filter(({ _request }) => _request !== 'before').length >= 2520, 30_000)
  await predict(platform, 'last', 1)
  for (const one of [all, fresh]) {
    await eventually('and it goes on', () => one.rows().some(({ _request }) => _request === 'last'))
    const rows = one.rows()
    const of = (id: string) => rows.filter(({ _request }) => _request === id).map(({ _row }) => _row)
    assert.deepEqual(
      of('large'),
      Array.from({ length: 2500 }, (_, i) => i),
      'each once, in order',
    )
    assert.equal(of('same-id').length, 20)
    one.child.kill('SIGINT')
    assert.deepEqual(await once(one.child, 'exit'), [0, null], one.said())
  }
  assert.deepEqual(
    fresh.rows().filter(({ _request }) => _request === 'before'),
    [],
  )
  const csv = await fairlead(platform.data, ['logs', 'credit-risk', '--format', 'csv'])
  assert.ok(csv.stdout.trim().split('\n').length > 2520, 'the whole log and a head')
  const some = await fairlead(platform.data, ['logs', 'credit-risk', '--format', 'csv', '--limit', '1500'])
  assert.equal(some.stdout.trim().split('\n').length, 1501)
  const json = await fairlead(platform.data, ['logs', 'credit-risk', '--json', '--since', '1h'])
  assert.ok(JSON.parse(json.stdout).items.length > 2520)
  const never = await fairlead(platform.data, ['logs', 'nosuch'])
  assert.equal(never.code, 1)
  assert.match(never.stderr, /There is no deployment "nosuch"/)
})
