import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { FairleadError } from '@fairlead/contract'
import { type Job, type JobState, jobRequest } from '@fairlead/contract/control'
import { openSqlite } from '../../adapters/sqlite/index.ts'
import { systemClock } from '../../kernel/clock.ts'
import { migrate } from '../../kernel/sql/migrate.ts'
import { fakeRelease } from '../../testing/fake-model.ts'
import { temporaryFolder } from '../../testing/temporary.ts'
import { type BatchTables, batchMigrations, type JobEnd, Jobs, type JobTask, WorkFolder } from './index.ts'
import type { ProgressReport } from './progress.ts'

interface Started {
  task: JobTask
  told(report: ProgressReport): void
  end(how: JobEnd): void
  killed: boolean
}

const SUMMARY = { rows: 3, scored: 3, rejected: 0, seconds: 1, rowsPerSecond: 3, peakMemoryBytes: 1, processorSeconds: 1, columns: [], reasons: {} }
const DONE: JobEnd = { kind: 'ended', outcome: { error: null, summary: SUMMARY, quarantine: null } }
const GONE: JobEnd = { kind: 'gone', how: 'SIGKILL' }

function report(rowsDone: number, shardsDone: number): ProgressReport {
  return { step: 'reading', spentMs: rowsDone, progress: { shards: 9, shardsDone, rows: 9, rowsDone, rejected: 0, rowsPerSecond: 1, leftMs: 1 } }
}

async function rig({ folders = null as string[] | null } = {}) {
  const folder = await temporaryFolder()
  const store = openSqlite<BatchTables>(join(folder.path, 'x.db'))
  await migrate(store.db, batchMigrations, { store: 'x', program: '0' })
  const started: Started[] = []
  const make = () =>
    new Jobs({
      db: store.db,
      servable: async (deployment) => {
        if (deployment !== 'credit') throw new FairleadError('deployment-unknown', 'none')
        return fakeRelease()
      },
      processes: {
        start(task, told) {
          const { promise, resolve } = Promise.withResolvers<JobEnd>()
          const one: Started = { task, told, end: resolve, killed: false }
          started.push(one)
          const kill = () => {
            one.killed = true
            resolve(GONE)
          }
          return { end: promise, kill }
        },
        preview: () => Promise.reject(new Error('no preview')),
      },
      rules: { folders, closed: [] },
      clock: systemClock,
      atOnce: 1,
      onError: (error) => assert.fail(String(error)),
    })
  const jobs = make()
  const create = (name = 'out.csv') =>
    jobs.create(jobRequest.parse({ deployment: 'credit', input: [join(folder.path, 'in.csv')], output: join(folder.path, name) }), 'me')
  const begun = async (count: number) => {
    for (let waited = 0; started.length < count; waited++) {
      assert.ok(waited < 500, `${count} processes are started`)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    return started[count - 1]!
  }
  return {
    path: folder.path,
    jobs,
    make,
    create,
    begun,
    started,
    async [Symbol.asyncDispose]() {
      await jobs.stop()
      await store.close()
      await folder[Symbol.asyncDispose]()
    },
  }
}

const state = async (jobs: Jobs, { id }: Job): Promise<JobState> => (await jobs.get(id)).state
const refuses = (code: string) => (error: unknown) => error instanceof FairleadError && error.code === code

test('a job runs, tells its progress and ends; the next one waits for it', async () => {
  await using own = await rig()
  const { jobs } = own
  const [first, second] = [await own.create('a.csv'), await own.create('b.csv')]
  const one = await own.begun(1)
  one.told(report(2, 1))
  assert.equal((await jobs.get(first.id)).progress.rowsDone, 2)
  assert.deepEqual([await state(jobs, first), await state(jobs, second)], ['running', 'planned'])
  const watched = (async () => {
    const states: Job[] = []
    for await (const job of jobs.watch(first.id)) states.push(job)
    return states
  })()
  await new Promise((resolve) => setTimeout(resolve, 20))
  one.end(DONE)
  assert.equal((await watched).at(-1)?.state, 'done')
  const two = await own.begun(2)
  assert.equal(two.task.id, second.id)
  two.end(DONE)
  const ended = await jobs.settled(second.id, 5000)
  assert.deepEqual([ended.state, ended.summary?.rows, ended.output], ['done', 3, join(own.path, 'b.csv')])
  const { items, next } = await jobs.list({ limit: 1 })
  assert.equal(items[0]?.id, second.id)
  assert.equal((await jobs.list({ limit: 1, next: next! })).items[0]?.id, first.id)
})

test('a process that ends without a word is started again, and given up after five times without progress', async () => {
  await using own = await rig()
  const job = await own.create()
  const one = await own.begun(1)
  one.told(report(5, 2))
  one.end(GONE)
  for (let at = 2; at <= 5; at++) {
    const next = await own.begun(at)
    assert.equal(next.task.spentMs, 5)
    next.end(GONE)
  }
  const ended = await own.jobs.settled(job.id, 5000)
  assert.deepEqual([ended.state, ended.error?.code], ['failed', 'job-crashed'])
  assert.match(ended.error?.detail ?? '', /SIGKILL/)
  assert.equal((await own.jobs.resume(job.id)).error, null)
  ;(await own.begun(6)).end(DONE)
  assert.equal((await own.jobs.settled(job.id, 5000)).state, 'done')
})

test('pause and cancel end the process; pause keeps what is done, cancel removes it', async () => {
  await using own = await rig()
  const { jobs } = own
  const job = await own.create()
  const one = await own.begun(1)
  const work = new WorkFolder(join(own.path, 'out.csv'), job.id)
  mkdirSync(work.path)
  writeFileSync(work.part(0), 'rows')
  assert.equal((await jobs.pause(job.id)).state, 'paused')
  assert.ok(one.killed)
  assert.equal(work.done().size, 0)
  await assert.rejects(jobs.pause(job.id), refuses('job-state'))
  await jobs.resume(job.id)
  await own.begun(2)
  assert.equal((await jobs.cancel(job.id)).state, 'cancelled')
  assert.throws(() => work.done(), { code: 'ENOENT' })
  for (const change of [jobs.cancel(job.id), jobs.resume(job.id)]) await assert.rejects(change, refuses('job-state'))
  const waiting = [await own.create('c.csv'), await own.create('d.csv')] as const
  assert.equal((await jobs.cancel(waiting[1].id)).state, 'cancelled')
  await assert.rejects(jobs.get('nothing'), refuses('job-unknown'))
})

test('jobs that ran when the platform ended go on at its next start', async () => {
  await using own = await rig()
  const [ran, waited] = [await own.create('a.csv'), await own.create('b.csv')]
  await own.begun(1)
  await own.jobs.stop()
  assert.equal(await state(own.jobs, ran), 'running')
  const again = own.make()
  await again.start()
  const one = await own.begun(2)
  assert.equal(one.task.id, ran.id)
  one.end(DONE)
  ;(await own.begun(3)).end(DONE)
  assert.equal((await again.settled(waited.id, 5000)).state, 'done')
  await again.stop()
})

test('what cannot be is refused before a job is made', async () => {
  await using own = await rig({ folders: [] })
  await assert.rejects(own.create(), refuses('path-refused'))
  const asked = (more: object) => own.jobs.create(jobRequest.parse({ deployment: 'credit', input: ['/x.csv'], output: '/y.csv', ...more }), 'me')
  await assert.rejects(asked({ deployment: 'other' }), refuses('deployment-unknown'))
  await assert.rejects(asked({ output: '/y.xlsx' }), refuses('not-supported'))
  await assert.rejects(asked({ output: 's3://bucket/y.csv' }), refuses('not-supported'))
  await assert.rejects(asked({ output: 'y.csv' }), refuses('path-refused'))
  assert.deepEqual((await own.jobs.list({ limit: 10 })).items, [])
})
