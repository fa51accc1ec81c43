import { FairleadError } from '@fairlead/contract'
import type { Job, JobPreview, JobSpec } from '@fairlead/contract/control'
import { type Clock, rfc3339 } from '../../kernel/clock.ts'
import { uuidv7 } from '../../kernel/ids.ts'
import { isText, type Page, type PageRequest, pageOf, positionOf } from '../../kernel/page.ts'
import type { ServableRelease } from '../inference/index.ts'
import { allowedPath, formatOf, type PathRules } from './files.ts'
import type { ProgressReport } from './progress.ts'
import { jobOf, type KeptJob, NO_PROGRESS, rowOf } from './records.ts'
import type { JobOutcome } from './run-job.ts'
import type { BatchDb } from './tables.ts'
import { Watchers } from './watchers.ts'
import { WorkFolder } from './work-folder.ts'

/** What the process of a job is told to do. */
export interface JobTask {
  id: string
  spec: JobSpec
  release: ServableRelease
  rules: PathRules
  spentMs: number
}

/** How the process of a job ended: with an outcome, with a failure, or without either. */
export type JobEnd = { kind: 'ended'; outcome: JobOutcome } | { kind: 'failed'; error: NonNullable<Job['error']> } | { kind: 'gone'; how: string }

/** Runs jobs in processes of their own. */
export interface JobProcesses {
  start(task: JobTask, told: (report: ProgressReport) => void): RunningJob
  /** Looks what a job would do, in a process of its own. Rejects as `planJob`. */
  preview(task: JobTask): Promise<JobPreview>
}

export interface RunningJob {
  readonly end: Promise<JobEnd>
  /** Ends the process at once. */
  kill(): void
}

export interface JobsOptions {
  db: BatchDb
  /** A release as it is run; the current one where no number is given. Throws `deployment-unknown`, `release-unknown`. */
  servable(deployment: string, release: number | undefined): Promise<ServableRelease>
  processes: JobProcesses
  rules: PathRules
  clock: Clock
  /** Jobs that run at a time; others wait. */
  atOnce: number
  onError(error: unknown): void
}

/** Starts without anything done in between after which a job is given up. */
const MOST_STARTS = 5
const RESTART_MS = 250
/** How often progress is written down. */
const KEEP_MS = 2000

interface Running {
  process: RunningJob
  /** Why it is ended, where somebody asked for it. */
  ending: 'pause' | 'cancel' | 'stop' | undefined
  over: Promise<void>
}

/** Jobs: what is to be scored, what runs, and what became of it. */
export class Jobs {
  readonly #options: JobsOptions
  readonly #running = new Map<string, Running>()
  /** Jobs that run or wait, as they stand; the store has them as they last changed. */
  readonly #live = new Map<string, KeptJob>()
  readonly #keptAt = new Map<string, number>()
  readonly #watchers = new Watchers()
  #stopped = false

  constructor(options: JobsOptions) {
    this.#options = options
  }

  /** Goes on with the jobs that ran or waited when the platform last ended. */
  async start(): Promise<void> {
    const rows = await this.#options.db.selectFrom('batch_jobs').selectAll().where('state', 'in', ['planned', 'running']).orderBy('id').execute()
    for (const row of rows) this.#live.set(row.id, { ...jobOf(row), job: { ...jobOf(row).job, state: 'planned' } })
    this.#fill()
  }

  /** Ends all processes; their jobs go on at the next start. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#watchers.end()
    await Promise.all([...this.#running.keys()].map((id) => this.#end(id, 'stop')))
  }

  /** Makes a job. Throws `deployment-unknown`, `release-unknown`, `path-refused`, `not-supported`, `file-unreadable`. */
  async create(asked: JobSpec, who: string): Promise<Job> {
    const { spec, release } = await this.#checked(asked)
    const job: Job = {
      id: uuidv7(this.#options.clock.now()),
      deployment: spec.deployment,
      release: release.number,
      releaseDigest: release.digest,
      state: 'planned',
      step: 'waiting',
      spec: { ...spec, release: release.number },
      progress: NO_PROGRESS,
      summary: null,
      output: null,
      quarantine: null,
      error: null,
      createdAt: this.#now(),
      createdBy: who,
      startedAt: null,
      endedAt: null,
    }
    const kept = { job, spentMs: 0 }
    await this.#options.db.insertInto('batch_jobs').values(rowOf(kept)).execute()
    this.#live.set(job.id, kept)
    this.#fill()
    return this.get(job.id)
  }

  /** What a job would do. Throws as `create`, and as `planJob`. */
  async preview(asked: JobSpec): Promise<JobPreview> {
    const { spec, release } = await this.#checked(asked)
    return this.#options.processes.preview({ id: 'preview', spec, release, rules: this.#options.rules, spentMs: 0 })
  }

  /** One job. Throws `job-unknown`. */
  async get(id: string): Promise<Job> {
    return (await this.#kept(id)).job
  }

  /** Jobs, newest first. */
  async list({ limit, next, deployment }: PageRequest & { deployment?: string | undefined }): Promise<Page<Job>> {
    const below = positionOf(next, isText)
    let query = this.#options.db
      .selectFrom('batch_jobs')
      .selectAll()
      .orderBy('id', 'desc')
      .limit(limit + 1)
    if (below !== undefined) query = query.where('id', '<', below)
    if (deployment !== undefined) query = query.where('deployment', '=', deployment)
    const page = pageOf(await query.execute(), limit, (row) => row.id)
    return { items: page.items.map((row) => (this.#live.get(row.id) ?? jobOf(row)).job), next: page.next }
  }

  /** A job each time it changes, until it does not run any more. Throws `job-unknown`. */
  watch(id: string, signal?: AbortSignal): AsyncGenerator<Job> {
    return this.#watchers.watch(id, { read: () => this.get(id), over: isOver, signal })
  }

  /** A job when it does not run any more, or after `waitMs`. Throws `job-unknown`. */
  async settled(id: string, waitMs: number): Promise<Job> {
    let last = await this.get(id)
    if (isOver(last) || waitMs <= 0) return last
    for await (const job of this.watch(id, AbortSignal.timeout(waitMs))) last = job
    return last
  }

  /** Stops a job; what is done is kept. Throws `job-unknown`, `job-state`. */
  async pause(id: string): Promise<Job> {
    const { job } = await this.#kept(id)
    if (job.state !== 'planned' && job.state !== 'running') throw wrongState(job, 'paused')
    await this.#end(id, 'pause')
    const now = await this.#kept(id)
    if (isOver(now.job)) return now.job
    return this.#leave(now, { state: 'paused', step: 'paused' })
  }

  /** Goes on with a job that was paused, or that failed. Throws `job-unknown`, `job-state`. */
  async resume(id: string): Promise<Job> {
    const kept = await this.#kept(id)
    const { job } = kept
    if (job.state !== 'paused' && job.state !== 'failed') throw wrongState(job, 'resumed')
    await this.#change({ ...kept, job: { ...job, state: 'planned', step: 'waiting', error: null, summary: null, quarantine: null, endedAt: null } })
    this.#fill()
    return this.get(id)
  }

  /** Ends a job; nothing of it stays but its entry. Throws `job-unknown`, `job-state`. */
  async cancel(id: string): Promise<Job> {
    const { job } = await this.#kept(id)
    if (job.state === 'done' || job.state === 'cancelled') throw wrongState(job, 'cancelled')
    await this.#end(id, 'cancel')
    const now = await this.#kept(id)
    if (now.job.state === 'done') throw wrongState(now.job, 'cancelled')
    this.#folder(now.job).remove()
    return this.#leave(now, { state: 'cancelled', step: 'cancelled', endedAt: this.#now() })
  }

  async #checked(asked: JobSpec): Promise<{ spec: JobSpec; release: ServableRelease }> {
    const { rules, servable } = this.#options
    const release = await servable(asked.deployment, asked.release)
    if (asked.outputFormat === undefined) formatOf(asked.output)
    const output = allowedPath(asked.output, rules)
    // what a glob stands for is found, and looked at one by one, by the job's own process
    for (const input of asked.input) allowedPath(fixedPart(input), rules)
    const quarantine = asked.quarantine === undefined ? {} : { quarantine: allowedPath(asked.quarantine, rules) }
    return { release, spec: { ...asked, output, ...quarantine } }
  }

  async #kept(id: string): Promise<KeptJob> {
    const live = this.#live.get(id)
    if (live) return live
    const row = await this.#options.db.selectFrom('batch_jobs').selectAll().where('id', '=', id).executeTakeFirst()
    if (!row) throw new FairleadError('job-unknown', `There is no job ${id.slice(0, 100)}.`)
    return jobOf(row)
  }

  /** Starts what waits, as long as there is room. */
  #fill(): void {
    for (const [id, { job }] of this.#live) {
      if (this.#stopped || this.#running.size >= this.#options.atOnce) return
      if (job.state === 'planned' && !this.#running.has(id)) this.#begin(id)
    }
  }

  #begin(id: string): void {
    const never: RunningJob = { end: new Promise(() => {}), kill: () => {} }
    const running: Running = { process: never, ending: undefined, over: Promise.resolve() }
    this.#running.set(id, running)
    running.over = this.#run(id, running)
      .catch((error: unknown) => this.#options.onError(error))
      .finally(() => {
        this.#running.delete(id)
        this.#fill()
      })
  }

  async #run(id: string, running: Running): Promise<void> {
    const kept = this.#live.get(id)!
    const { job } = kept
    await this.#change({ ...kept, job: { ...job, state: 'running', step: 'starting', startedAt: job.startedAt ?? this.#now() } })
    const release = await this.#options.servable(job.deployment, job.release).catch((error: unknown) => error)
    if (release instanceof Error) return this.#fail(id, { code: release instanceof FairleadError ? release.code : 'internal', detail: release.message })
    for (let starts = 0, doneBefore = -1; running.ending === undefined; ) {
      const { spentMs } = this.#live.get(id)!
      running.process = this.#options.processes.start(
        { id, spec: job.spec, release: release as ServableRelease, rules: this.#options.rules, spentMs },
        (report) => this.#told(id, report),
      )
      const end = await running.process.end
      if (end.kind === 'ended') return this.#done(id, end.outcome)
      if (end.kind === 'failed') return this.#fail(id, end.error)
      if (running.ending !== undefined) return
      const done = this.#live.get(id)!.job.progress.shardsDone
      starts = done > doneBefore ? 1 : starts + 1
      doneBefore = Math.max(doneBefore, done)
      if (starts >= MOST_STARTS) return this.#fail(id, { code: 'job-crashed', detail: `The process of the job ended ${starts} times in a row (${end.how}).` })
      await new Promise((resolve) => setTimeout(resolve, RESTART_MS))
    }
  }

  #told(id: string, { step, progress, spentMs }: ProgressReport): void {
    const kept = this.#live.get(id)
    if (kept?.job.state !== 'running') return
    const next = { job: { ...kept.job, step, progress }, spentMs }
    this.#live.set(id, next)
    this.#watchers.changed(id)
    const now = this.#options.clock.now()
    if (now - (this.#keptAt.get(id) ?? 0) < KEEP_MS) return
    this.#keptAt.set(id, now)
    this.#store(next).catch((error: unknown) => this.#options.onError(error))
  }

  async #done(id: string, { error, summary, quarantine }: JobOutcome): Promise<void> {
    const kept = this.#live.get(id)!
    const state = error ? 'failed' : 'done'
    await this.#leave(kept, { state, step: state, summary, quarantine, error, endedAt: this.#now() })
    this.#folder(kept.job).remove()
  }

  async #fail(id: string, error: NonNullable<Job['error']>): Promise<void> {
    const kept = this.#live.get(id)!
    // what crashed may be gone on with
    if (error.code !== 'job-crashed') this.#folder(kept.job).remove()
    await this.#leave(kept, { state: 'failed', step: 'failed', error, endedAt: this.#now() })
  }

  /** Ends the process of a job, if it has one, and waits until it is over. */
  async #end(id: string, why: NonNullable<Running['ending']>): Promise<void> {
    const running = this.#running.get(id)
    if (!running) return
    running.ending = why
    running.process.kill()
    await running.over
  }

  #folder({ id, spec }: Job): WorkFolder {
    return new WorkFolder(spec.output, id)
  }

  /** Writes down how a job stands that does not run any more. */
  async #leave(kept: KeptJob, changes: Partial<Job>): Promise<Job> {
    const next = { ...kept, job: { ...kept.job, ...changes } }
    if (changes.state === 'done') next.job.output = next.job.spec.output
    await this.#store(next)
    this.#live.delete(next.job.id)
    this.#watchers.changed(next.job.id)
    return next.job
  }

  async #change(kept: KeptJob): Promise<void> {
    this.#live.set(kept.job.id, kept)
    this.#watchers.changed(kept.job.id)
    await this.#store(kept)
  }

  async #store(kept: KeptJob): Promise<void> {
    const { id, ...row } = rowOf(kept)
    await this.#options.db.updateTable('batch_jobs').set(row).where('id', '=', id).execute()
  }

  #now(): string {
    return rfc3339(this.#options.clock.now())
  }
}

/** Whether nothing happens to a job by itself any more. */
function isOver({ state }: Job): boolean {
  return state !== 'planned' && state !== 'running'
}

function wrongState({ id, state }: Job, done: string): FairleadError {
  return new FairleadError('job-state', `Job ${id} is ${state}; it cannot be ${done}.`)
}

/** The part of a path before the first folder or name that is a pattern. */
function fixedPart(path: string): string {
  const parts = path.split('/')
  const first = parts.findIndex((part) => /[*?[{]/.test(part))
  return first < 0 ? path : parts.slice(0, first).join('/') || '/'
}
