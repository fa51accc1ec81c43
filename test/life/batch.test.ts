import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Control, RequestError } from '@fairlead/client'
import type { Row } from '@fairlead/contract'
import type { Job, JobRequest } from '@fairlead/contract/control'
import { fairlead, type RunningPlatform, startPlatform } from '../support/platform.ts'
import { controlOf, deploy, EXAMPLE, eventually, importFolder, MODELS, ROW, temporaryFolder } from './rig.ts'

const COLUMNS = Object.keys(ROW)

/** Rows of CSV made of the golden ones, each with a number of its own; every thousandth is broken. */
async function manyRows(path: string, rows: number): Promise<number> {
  const golden = (JSON.parse(await readFile(join(EXAMPLE, 'golden.json'), 'utf8')) as { rows: Row[] }).rows
  const lines = golden.map((row) => COLUMNS.map((name) => String(row[name])).join(','))
  let bad = 0
  const all = Array.from({ length: rows }, (_, i) => {
    const broken = i % 1000 === 7
    if (broken) bad++
    return `${i},${broken ? 'only this' : lines[i % lines.length]}`
  })
  await writeFile(path, `id,${COLUMNS.join(',')}\n${all.join('\n')}\n`)
  return bad
}

async function ready(platform: RunningPlatform): Promise<Control> {
  const control = controlOf(platform)
  await importFolder(control, 'credit', { folder: MODELS.trees })
  await deploy(control, 'credit', 'credit:1')
  return control
}

const ended = (control: Control, id: string) =>
  eventually(
    'the job ends',
    async () => {
      const job = await control.call('getJob', { params: { job: id }, query: { wait: 5 } })
      return job.state !== 'running' && job.state !== 'planned' && job
    },
    120_000,
  )

const digestOf = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex')

/** The process of a job that runs. */
function jobProcess(platform: number): number | undefined {
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      const parent = Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${name}/stat`, 'utf8'))?.[1])
      if (parent === platform && readFileSync(`/proc/${name}/cmdline`, 'utf8').includes('batch-main')) return Number(name)
    } catch {
      // it has ended meanwhile
    }
  }
  return undefined
}

test('a job whose process, or whose platform, is killed at any moment writes every row once', async () => {
  await using folder = await temporaryFolder()
  const input = join(folder.path, 'in.csv')
  const rows = 200_000
  const bad = await manyRows(input, rows)
  const data = join(folder.path, 'data')
  let platform = await startPlatform({ data, cwd: folder.path, args: ['--processes', '1'] })
  try {
    let control = await ready(platform)
    const body = (name: string): JobRequest => ({ deployment: 'credit', input: [input], output: join(folder.path, name), keepInputs: true, threads: 2 })
    const reference = await ended(control, (await control.call('createJob', { body: body('a.csv') })).id)
    assert.equal(reference.state, 'done', JSON.stringify(reference.error))
    assert.deepEqual([reference.summary?.rows, reference.summary?.rejected], [rows, bad])
    const ids = readFileSync(join(folder.path, 'a.csv'), 'utf8')
      .trim()
      .split('\r\n')
      .slice(1)
      .map((line) => Number.parseInt(line, 10))
    assert.equal(ids.length, rows - bad)
    assert.ok(ids.every((id, at) => at === 0 || id > ids[at - 1]!))

    const output = join(folder.path, 'b.csv')
    const { id } = await control.call('createJob', { body: body('b.csv') })
    for (let kill = 0; kill < 6; kill++) {
      await sleep(100 + ((kill * 137) % 400))
      const job = await control.call('getJob', { params: { job: id } })
      if (job.state === 'done') break
      assert.equal(existsSync(output), false, 'no output before the end')
      if (kill % 3 === 2) {
        process.kill(platform.child.pid!, 'SIGKILL')
        await platform[Symbol.asyncDispose]()
        platform = await startPlatform({ data, cwd: folder.path, args: ['--processes', '1'] })
        control = controlOf(platform)
      } else {
        const pid = jobProcess(platform.child.pid!)
        if (pid !== undefined) process.kill(pid, 'SIGKILL')
      }
    }
    const job = await ended(control, id)
    assert.equal(job.state, 'done', JSON.stringify(job.error))
    assert.equal(digestOf(output), digestOf(join(folder.path, 'a.csv')))
    assert.equal(digestOf(`${output}.quarantine.csv`), digestOf(join(folder.path, 'a.csv.quarantine.csv')))
    assert.deepEqual(
      readdirSync(folder.path).filter((name) => name.startsWith('.')),
      [],
      'nothing half done stays',
    )
  } finally {
    await platform[Symbol.asyncDispose]()
  }
})

test('jobs are paused, gone on with and cancelled, by the API and by the command line', async () => {
  await using folder = await temporaryFolder()
  const at = (name: string) => join(folder.path, name)
  await manyRows(at('in.csv'), 300_000)
  await using platform = await startPlatform({ data: at('data'), cwd: folder.path, args: ['--processes', '1'] })
  const control = await ready(platform)
  const start = (name: string) => control.call('createJob', { body: { deployment: 'credit', input: [at('in.csv')], output: at(name), threads: 1 } })
  const shown = (id: string) => control.call('getJob', { params: { job: id } })

  const { id } = await start('paused.csv')
  await eventually('rows are done', async () => (await shown(id)).progress.rowsDone > 0)
  const paused = await control.call('pauseJob', { params: { job: id } })
  assert.equal(paused.state, 'paused')
  assert.equal(existsSync(at('paused.csv')), false)
  const again = await control.call('pauseJob', { params: { job: id } }).catch((error: unknown) => error)
  assert.ok(again instanceof RequestError && again.problem.code === 'job-state' && again.problem.status === 409)
  const seen: Job[] = []
  assert.match((await control.call('resumeJob', { params: { job: id } })).state, /planned|running/)
  for await (const { data } of control.stream('watchJob', { params: { job: id } })) seen.push(data)
  assert.equal(seen.at(-1)?.state, 'done')
  assert.ok(seen.every(({ progress }, i) => i === 0 || progress.rowsDone >= 0))
  assert.equal(readFileSync(at('paused.csv'), 'utf8').split('\r\n').length - 2, 300_000 - 300)

  const cancelled = await start('cancelled.csv')
  await eventually('it runs', async () => (await shown(cancelled.id)).state === 'running')
  assert.equal((await control.call('cancelJob', { params: { job: cancelled.id } })).state, 'cancelled')
  assert.equal(existsSync(at('cancelled.csv')), false)
  assert.deepEqual(
    readdirSync(folder.path).filter((name) => name.startsWith('.')),
    [],
  )
  const { stdout } = await fairlead(platform.data, ['batch', 'list', '--json'])
  assert.deepEqual(
    (JSON.parse(stdout) as { items: Job[] }).items.map((job) => job.state),
    ['cancelled', 'done'],
  )
})

test('the command line scores a file as the online interface does, says what it was, and leaves with 10 past the limit', async () => {
  await using folder = await temporaryFolder()
  const at = (name: string) => join(folder.path, name)
  const bad = await manyRows(at('in.csv'), 2000)
  await using platform = await startPlatform({ data: at('data'), cwd: folder.path, args: ['--processes', '1'] })
  await ready(platform)
  const run = (...args: string[]) => fairlead(platform.data, ['batch', 'run', 'credit', '--input', at('in.csv'), '--json', ...args])
  const { code, stdout, stderr } = await run('--output', at('out.ndjson'))
  assert.equal(code, 0, stderr)
  const document = JSON.parse(stdout)
  assert.deepEqual([document.state, document.release, document.rows, document.scored, document.rejected], ['done', 1, 2000, 2000 - bad, bad])
  assert.deepEqual([document.output, document.quarantine], [at('out.ndjson'), at('out.ndjson.quarantine.csv')])
  for (const member of ['job', 'seconds', 'rowsPerSecond', 'peakMemoryBytes']) assert.ok(document[member], member)

  const scored = readFileSync(at('out.ndjson'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  const golden = (JSON.parse(await readFile(join(EXAMPLE, 'golden.json'), 'utf8')) as { rows: Row[] }).rows
  const response = await fetch(`${platform.run.http}/v1/deployments/credit/predict`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ rows: golden }),
  })
  const { predictions } = (await response.json()) as { predictions: { label: string; probabilities: Record<string, number> }[] }
  const kept = Array.from({ length: 2000 }, (_, i) => i).filter((i) => i % 1000 !== 7)
  for (const [line, i] of kept.entries()) {
    const { label, probabilities } = predictions[i % golden.length]!
    const flat = Object.fromEntries(Object.entries(probabilities).map(([name, value]) => [`probabilities_${name}`, value]))
    assert.deepEqual(scored[line], { label, ...flat })
  }

  const limited = await run('--output', at('none.csv'), '--max-bad', '0')
  assert.equal(limited.code, 10, limited.stderr)
  assert.equal(JSON.parse(limited.stdout).state, 'failed')
  assert.equal(existsSync(at('none.csv')), false)
  assert.ok(existsSync(at('none.csv.quarantine.csv')))
  assert.equal((await run('--output', at('x.csv'), '--max-bad', 'many')).code, 2)
  const missing = await fairlead(platform.data, ['batch', 'run', 'credit', '--input', at('nothing.csv'), '--output', at('x.csv'), '--json'])
  assert.deepEqual([missing.code, JSON.parse(missing.stdout).code], [1, 'file-unreadable'])
  const own = await fairlead(platform.data, [
    'batch',
    'run',
    'credit',
    '--input',
    join(platform.data, 'admin-token'),
    '--format',
    'csv',
    '--output',
    at('x.csv'),
    '--json',
  ])
  assert.deepEqual([own.code, JSON.parse(own.stdout).code], [4, 'path-refused'])
  const preview = await run('--output', at('x.csv'), '--dry-run', '--keep-inputs')
  const { mapping, first, unused, rejected } = JSON.parse(preview.stdout)
  assert.equal(mapping.length, COLUMNS.length)
  assert.deepEqual(unused, ['id'])
  assert.equal(first.length, 5)
  assert.equal(rejected[0].line, 9)
  assert.equal(existsSync(at('x.csv')), false)
})
