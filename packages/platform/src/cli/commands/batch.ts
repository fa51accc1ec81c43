import { resolve } from 'node:path'
import { ERRORS, type ErrorCode, FairleadError } from '@fairlead/contract'
import { BATCH_FORMATS, type Job, type JobPreview, type JobRequest, jobRequest } from '@fairlead/contract/control'
import { shownJob, shownPreview, shownSummary } from '../batch-output.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../failure.ts'
import { followJob } from '../follow-job.ts'
import { ago, cell, figure } from '../format.ts'
import { allItems } from '../list-all.ts'
import { collect, keyValue, positive } from '../option-values.ts'
import type { Registrar } from '../registrar.ts'

/** `fairlead batch …`: files that are scored. */
export function registerBatch({ program, run }: Registrar): void {
  const batch = program.command('batch').description('score files with a deployment')
  const command = batch
    .command('run <name>')
    .description('score files and write the answers to a file')
    .requiredOption('--input <source>', 'a file, folder or glob of CSV, NDJSON or Parquet files; may be repeated', collect)
    .requiredOption('--output <target>', 'the file to write; its name tells the form')
    .option('--map <a=b>', 'take column A of the release from column B of the files; may be repeated', keyValue)
    .option('--keep-inputs', "put each row's columns before its prediction")
    .option('--explain', 'add what each column contributed to the answer')
    .option('--quarantine <file>', 'where rejected rows go; OUTPUT.quarantine.csv when not given')
    .option('--max-bad <limit>', 'fail when more rows are rejected: a number, or a share such as 1%; when not given, when all are')
    .option('--threads <n>', 'threads that score; one per core when not given', positive)
    .option('--release <n>', 'score with this release instead of the current one', positive)
    .option('--format <format>', `form of the files: ${BATCH_FORMATS.join(', ')}; told by their names when not given`)
    .option('--output-format <format>', 'form of the output; told by its name when not given')
    .option('--delimiter <mark>', 'of CSV: what separates fields; guessed when not given')
    .option('--no-header', 'of CSV: the first line is a row; columns are called 1, 2, …')
    .option('--encoding <name>', 'of CSV: utf-8, utf-16le, utf-16be, latin1 or windows-1252; told by a byte order mark, else utf-8')
    .option('--price-per-hour <price>', 'price of an hour of this machine, for the cost of a million rows')
    .option('--dry-run', 'show mapping, first answers and estimate, and write nothing')
    .option('--no-wait', 'do not wait for the end')
    .addHelpText(
      'after',
      '\nCtrl-C pauses the job; `fairlead batch resume JOB` goes on where it was.\n\nExamples:\n  fairlead batch run credit-risk --input applicants.csv --output scored.csv\n  fairlead batch run credit-risk --input "2026-*.parquet" --output scored.parquet --keep-inputs\n  fairlead batch run credit-risk --input applicants.csv --output scored.csv --map age=AGE --dry-run\n  fairlead batch run credit-risk --input applicants.csv --output scored.csv --max-bad 1% --json',
    )
  run(command, start)
  run(batch.command('list').description('jobs, newest first'), list)
  run(batch.command('show <job>').description('state, progress and summary of a job'), show)
  run(batch.command('pause <job>').description('stop a job; what is done is kept'), (context, [job = '']) => change(context, 'pauseJob', job))
  run(
    batch.command('resume <job>').description('go on with a job that was paused or failed').option('--no-wait', 'do not wait for the end'),
    async (context, [job = ''], { wait }) => {
      const resumed = await context.control.call('resumeJob', { params: { job } })
      return wait === false ? told(context, resumed) : follow(context, resumed)
    },
  )
  run(batch.command('cancel <job>').description('end a job; nothing of it stays'), (context, [job = '']) => change(context, 'cancelJob', job))
}

interface RunOptions {
  input: string[]
  output: string
  map?: Record<string, string>
  keepInputs?: boolean
  explain?: boolean
  quarantine?: string
  maxBad?: string
  threads?: number
  release?: number
  format?: string
  outputFormat?: string
  delimiter?: string
  header: boolean
  encoding?: string
  pricePerHour?: string
  dryRun?: boolean
  wait: boolean
}

async function start(context: Context, [name = '']: string[], options: Record<string, unknown>): Promise<number | undefined> {
  const { control, output } = context
  const own = options as unknown as RunOptions
  const body = requestOf(context, name, own)
  if (own.dryRun) {
    const preview: JobPreview = await control.call('previewJob', { body })
    output.result(preview, () => shownPreview(output, preview))
    return undefined
  }
  const job = await control.call('createJob', { body })
  return own.wait ? follow(context, job) : told(context, job)
}

/** Options as a request. Throws `usage` for a value that none takes. */
function requestOf(context: Context, name: string, options: RunOptions): JobRequest {
  const at = pathsOf(context)
  const { map, keepInputs, explain, quarantine, maxBad, threads, release, pricePerHour } = options
  const read = {
    header: options.header,
    ...(options.format === undefined ? {} : { format: options.format }),
    ...(options.delimiter === undefined ? {} : { delimiter: options.delimiter === '\\t' ? '\t' : options.delimiter }),
    ...(options.encoding === undefined ? {} : { encoding: options.encoding }),
  }
  const request = {
    deployment: name,
    input: options.input.map(at),
    output: at(options.output),
    read,
    ...(map && { map }),
    ...(keepInputs && { keepInputs }),
    ...(explain && { explain }),
    ...(quarantine === undefined ? {} : { quarantine: at(quarantine) }),
    ...(maxBad === undefined ? {} : { maxBad }),
    ...(threads === undefined ? {} : { threads }),
    ...(release === undefined ? {} : { release }),
    ...(options.outputFormat === undefined ? {} : { outputFormat: options.outputFormat }),
    ...(pricePerHour === undefined ? {} : { pricePerHour: Number(pricePerHour) }),
  }
  const parsed = jobRequest.safeParse(request)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new FairleadError('usage', `${optionOf(issue?.path ?? [])}: ${issue?.message ?? 'this is not understood'}.`)
}

const OPTIONS: Readonly<Record<string, string>> = {
  deployment: 'the name',
  'read.format': '--format',
  pricePerHour: '--price-per-hour',
  maxBad: '--max-bad',
  outputFormat: '--output-format',
}

function optionOf(path: readonly PropertyKey[]): string {
  const name = path.map(String).join('.')
  return OPTIONS[name] ?? `--${name.replace(/^read\./, '')}`
}

/** Paths as the platform, which reads the files, finds them. */
function pathsOf({ address, io }: Context): (path: string) => string {
  const host = URL.parse(address.control)?.hostname ?? ''
  const here = host === 'localhost' || host === '[::1]' || host.startsWith('127.')
  return (path) => {
    if (/^[a-z][a-z0-9+.-]+:\/\//i.test(path)) return path
    if (here) return resolve(io.cwd, path)
    if (path.startsWith('/')) return path
    throw new FairleadError('usage', `The platform at ${address.control} reads and writes the files itself: "${path}" must be an absolute path on its machine.`)
  }
}

function told({ output }: Context, job: Job): undefined {
  output.result(job, () => output.line(`job ${job.id} is ${job.state}; look at it with: fairlead batch show ${job.id}`))
  return undefined
}

/** Follows a job to its end, and tells how it ended. */
async function follow(context: Context, started: Job): Promise<number | undefined> {
  const { output } = context
  const { job, interrupted } = await followJob(context, started)
  const { error, summary } = job
  const tooMany = error?.code === 'rows-rejected'
  if (error && !tooMany) throw new FairleadError(error.code in ERRORS ? (error.code as ErrorCode) : 'internal', error.detail)
  output.result(documentOf(job), () => {
    if (summary) shownSummary(output, job, summary)
    else output.line(`job ${job.id} is ${job.state}${job.state === 'paused' ? `; go on with: fairlead batch resume ${job.id}` : ''}`)
  })
  if (error) output.error(`${output.tint('red', 'error')}: ${error.detail}`)
  return tooMany ? EXIT.differences : interrupted || job.state !== 'done' ? EXIT.failed : undefined
}

/** What a run ends with under `--json`. */
function documentOf({ id, state, release, releaseDigest, summary, output, quarantine, error }: Job) {
  const {
    rows = 0,
    scored = 0,
    rejected = 0,
    seconds = 0,
    rowsPerSecond = 0,
    peakMemoryBytes = 0,
    processorSeconds = 0,
    columns = [],
    reasons = {},
    costPerMillion,
  } = summary ?? {}
  const cost = costPerMillion === undefined ? {} : { costPerMillion }
  return {
    job: id,
    state,
    release,
    releaseDigest,
    rows,
    scored,
    rejected,
    seconds,
    rowsPerSecond,
    peakMemoryBytes,
    processorSeconds,
    output,
    quarantine,
    columns,
    reasons,
    ...cost,
    ...(error && { error }),
  }
}

async function list({ control, output }: Context): Promise<undefined> {
  const items = await allItems((next) => control.call('listJobs', { query: { next } }))
  output.result({ items }, () => {
    if (items.length === 0) return output.note('There are no jobs yet. Make one with: fairlead batch run NAME --input FILE --output FILE')
    output.table(
      ['JOB', 'DEPLOYMENT', 'RELEASE', 'STATE', 'ROWS', 'REJECTED', 'MADE'],
      items.map(({ id, deployment, release, state, progress, summary, createdAt }) => [
        id,
        deployment,
        String(release),
        state,
        figure(summary?.rows ?? progress.rowsDone),
        figure(summary?.rejected ?? progress.rejected),
        ago(createdAt),
      ]),
    )
  })
  return undefined
}

async function show({ control, output }: Context, [id = '']: string[]): Promise<undefined> {
  const job = await control.call('getJob', { params: { job: id } })
  output.result(job, () => shownJob(output, job))
  return undefined
}

async function change({ control, output }: Context, route: 'pauseJob' | 'cancelJob', id: string): Promise<undefined> {
  const job = await control.call(route, { params: { job: id } })
  output.result(job, () => output.line(`job ${cell(job.id)} is ${job.state}`))
  return undefined
}
