import { readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { ERRORS, type ErrorCode, FairleadError } from '@fairlead/contract'
import type { JobSpec, JobSummary } from '@fairlead/contract/control'
import type { ReleasePlan } from '../inference/index.ts'
import { Distribution } from './distribution.ts'
import { checkUnchanged, flushFile, type PathRules, unwritable } from './files.ts'
import { fixedLimit, mostRejected } from './limit.ts'
import { type JobPlan, planJob } from './plan.ts'
import type { BatchForms, OutputColumn } from './ports.ts'
import { Progress, type ProgressReport } from './progress.ts'
import { type RejectedPart, writeQuarantine } from './quarantine.ts'
import { tooManyRejected } from './shard.ts'
import { Shards, type ShardWorkers } from './shards.ts'
import { flushFolder, type ShardRecord, WorkFolder } from './work-folder.ts'

export interface RunOptions {
  id: string
  spec: JobSpec
  release: ReleasePlan
  forms: BatchForms
  rules: PathRules
  threads: number
  /** Milliseconds that earlier runs of the job took. */
  spentMs: number
  /** Starts what does the shards of a plan. */
  workers(plan: JobPlan, work: WorkFolder): Promise<ShardWorkers & AsyncDisposable>
  report(progress: ProgressReport): void
}

/** How a job ended. */
export interface JobOutcome {
  error: { code: ErrorCode; detail: string } | null
  summary: JobSummary
  quarantine: string | null
}

const PLAN = 'plan.json'
const OUTCOME = 'outcome.json'

/**
 * Runs a job to its end, or goes on with it: what has a record is not done again. The output is there whole when it returns without an error, and
 * not at all otherwise. Throws as `planJob`, `source-changed`, `target-unwritable`, `storage-full`, and what is wrong with the model.
 */
export async function runJob(options: RunOptions): Promise<JobOutcome> {
  const { id, spec } = options
  const work = new WorkFolder(spec.output, id)
  const ended = work.read<JobOutcome>(OUTCOME)
  if (ended) return ended
  const plan = work.read<JobPlan>(PLAN) ?? (await begin(options, work))
  checkRelease(plan, options)
  const progress = new Progress(plan, options.report, options.spentMs)
  const most = fixedLimit(spec.maxBad, plan.rows)
  const shards = new Shards({ plan, work, progress, stopAt: most })
  progress.start()
  try {
    if (!shards.complete) {
      await using workers = await options.workers(plan, work)
      await shards.run(workers)
    }
    progress.step('joining')
    return await end({ ...options, plan, work, progress, records: shards.records, whole: shards.complete })
  } finally {
    progress.stop()
  }
}

/** Throws `target-unwritable` before anything is read, where that can be seen. */
async function begin(options: RunOptions, work: WorkFolder): Promise<JobPlan> {
  const { spec } = options
  const { plan } = await planJob(options)
  const own = new Set(plan.files.map(({ path }) => path))
  if (own.has(spec.output) || (spec.quarantine && own.has(spec.quarantine)))
    throw new FairleadError('target-unwritable', `${spec.output} is one of the files that are read.`)
  try {
    work.make()
    work.write(PLAN, plan)
    if (isFolder(spec.output)) throw new FairleadError('target-unwritable', `${spec.output} is a folder; name a file in it.`)
  } catch (error) {
    work.remove()
    throw unwritable(spec.output, error)
  }
  return plan
}

function isFolder(path: string): boolean {
  try {
    readdirSync(path)
    return true
  } catch {
    return false
  }
}

function checkRelease({ releaseDigest }: JobPlan, { release }: RunOptions): void {
  if (releaseDigest !== release.release.digest) throw new FairleadError('job-state', 'The release is not the one that the job began with.')
}

interface Ending extends RunOptions {
  plan: JobPlan
  work: WorkFolder
  progress: Progress
  records: ShardRecord[]
  /** Whether all shards are done, and it did not stop for too many rejected rows. */
  whole: boolean
}

async function end(ending: Ending): Promise<JobOutcome> {
  const { spec, plan, work, progress, records, whole } = ending
  for (const file of plan.files) checkUnchanged(file, { deep: true })
  const rows = sum(records, (record) => record.rows)
  const rejected = sum(records, (record) => record.rejected)
  const scored = sum(records, (record) => record.scored)
  if (rows !== scored + rejected) throw new FairleadError('internal', `${rows} rows were read, and ${scored} scored and ${rejected} rejected.`)
  const tooMany = !whole || rejected > mostRejected(spec.maxBad, rows) ? tooManyRejected(rejected, rows, spec.maxBad) : undefined
  const quarantine = rejected === 0 ? null : (spec.quarantine ?? `${spec.output}.quarantine.csv`)
  if (quarantine) await writeQuarantine(quarantine, rejectedParts(plan, work, records), `${quarantine}.${ending.id}.tmp`)
  if (!tooMany) await join(ending, scored)
  const outcome = {
    error: tooMany ? { code: tooMany.code, detail: tooMany.message } : null,
    summary: summaryOf(ending, { rows, scored, rejected }),
    quarantine,
  }
  work.write(OUTCOME, outcome)
  progress.step(tooMany ? 'failed' : 'done')
  return outcome
}

function rejectedParts(plan: JobPlan, work: WorkFolder, records: readonly ShardRecord[]): RejectedPart[] {
  const parts: RejectedPart[] = []
  let [file, rowsBefore, linesBefore] = [-1, 0, 0]
  for (const { shard, rows, lines, rejected } of records) {
    const own = plan.shards[shard]!.file
    if (own !== file) [file, rowsBefore, linesBefore] = [own, 0, plan.files[own]!.headLines]
    if (rejected > 0) parts.push({ path: work.rejects(shard), source: plan.files[own]!.path, rowsBefore, linesBefore })
    rowsBefore += rows
    linesBefore += lines
  }
  return parts
}

async function join({ id, spec, plan, work, release, forms, records }: Ending, scored: number): Promise<void> {
  const target = await forms.target(plan.outputFormat)
  const metadata = {
    'fairlead.job': id,
    'fairlead.deployment': spec.deployment,
    'fairlead.release': String(release.release.number),
    'fairlead.release_digest': plan.releaseDigest,
    'fairlead.model': `${release.release.model.name}:${release.release.model.version}`,
  }
  const building = work.at('output')
  const facts = `${spec.output}.fairlead.json`
  try {
    const parts = records.map(({ shard, facts: own }) => ({ path: work.part(shard), facts: own }))
    const written = await target.join(building, parts, { columns: plannedColumns(plan), metadata })
    if (written !== scored) throw new FairleadError('internal', `${scored} rows were scored, and ${written} written.`)
    flushFile(building)
    if (!target.holdsMetadata) {
      const about = {
        job: id,
        deployment: spec.deployment,
        release: release.release.number,
        releaseDigest: plan.releaseDigest,
        model: metadata['fairlead.model'],
        rows: scored,
      }
      const temporary = work.at('facts')
      writeFileSync(temporary, `${JSON.stringify(about, null, 2)}\n`, { flush: true })
      renameSync(temporary, facts)
    } else rmSync(facts, { force: true })
    renameSync(building, spec.output)
    flushFolder(dirname(spec.output))
  } catch (error) {
    throw unwritable(spec.output, error)
  }
}

/** The columns of an output in which there is no row that tells them. */
function plannedColumns({ kept, columns }: JobPlan): OutputColumn[] {
  return [...kept.map(({ name, type }) => ({ name, type, list: false })), ...columns]
}

function summaryOf({ spec, progress, records }: Ending, { rows, scored, rejected }: Pick<JobSummary, 'rows' | 'scored' | 'rejected'>): JobSummary {
  const distribution = new Distribution()
  const reasons: Record<string, number> = {}
  for (const record of records) {
    for (const counted of record.counted) distribution.add(counted)
    for (const [code, count] of Object.entries(record.reasons)) reasons[code] = (reasons[code] ?? 0) + count
  }
  const seconds = progress.spentMs / 1000
  const { user, system } = process.cpuUsage()
  const cost = spec.pricePerHour === undefined || rows === 0 ? undefined : ((seconds / 3600) * spec.pricePerHour * 1e6) / rows
  return {
    rows,
    scored,
    rejected,
    seconds: Math.round(seconds * 1000) / 1000,
    rowsPerSecond: Math.round(rows / Math.max(0.001, seconds)),
    peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
    processorSeconds: Math.round((user + system) / 1000) / 1000,
    columns: distribution.summary(),
    reasons,
    ...(cost === undefined ? {} : { costPerMillion: cost }),
  }
}

function sum(records: readonly ShardRecord[], of: (record: ShardRecord) => number): number {
  return records.reduce((total, record) => total + of(record), 0)
}

/** What a job that failed says. */
export function failureOf(error: unknown): NonNullable<JobOutcome['error']> {
  if (error instanceof FairleadError) return { code: error.code, detail: error.message }
  const code = error instanceof Error && 'code' in error && String(error.code) in ERRORS ? (error.code as ErrorCode) : 'internal'
  return { code, detail: error instanceof Error ? error.message : String(error) }
}
