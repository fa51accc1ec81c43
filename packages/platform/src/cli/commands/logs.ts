import type { Control } from '@fairlead/client'
import { FairleadError } from '@fairlead/contract'
import type { PredictionPage } from '@fairlead/contract/control'
import type { Context } from '../context.ts'
import { followLog } from '../follow-log.ts'
import { ago, alignTable, cell, figure } from '../format.ts'
import { positive } from '../option-values.ts'
import type { Output } from '../output.ts'
import type { Registrar } from '../registrar.ts'

const FORMATS = ['table', 'json', 'csv', 'parquet']
const MEDIA: Record<string, string> = { csv: 'text/csv', parquet: 'application/vnd.apache.parquet' }
/** Rows that a table has when nobody says how many. */
const FEW_ROWS = 100
/** Rows that are held in memory for a table or a document. */
const MOST_ROWS = 100_000
const PAGE_ROWS = 1000

/** `fairlead logs`: logged predictions. */
export function registerLogs({ program, run }: Registrar): void {
  const command = program
    .command('logs <name>')
    .description('logged predictions of a deployment, newest first')
    .option('--since <when>', 'from a duration back (1h, 15m, 7d) or a time on')
    .option('--until <when>', 'up to a duration back or a time')
    .option('--where <expression>', "only rows for which it holds, as: age > 60 and label = 'bad'")
    .option('--release <n>', 'only of this release', positive)
    .option('--limit <n>', 'at most so many rows; 100 when not given, or all of --since for json, and all for csv and parquet', positive)
    .option('--follow', 'go on with new predictions as they come')
    .option('--format <format>', FORMATS.join(', '), 'table')
    .addHelpText(
      'after',
      '\nExamples:\n  fairlead logs credit-risk --since 1h --where "label = \'bad\'"\n  fairlead logs credit-risk --since 7d --format parquet > log.parquet\n  fairlead logs credit-risk --follow --json',
    )
  run(command, (context, args, options) => logs(context, args, options as unknown as LogOptions))
}

interface LogOptions {
  since?: string
  until?: string
  where?: string
  release?: number
  limit?: number
  follow?: boolean
  format: string
}

async function logs(context: Context, [name = '']: string[], options: LogOptions): Promise<undefined> {
  const { output } = context
  const format = output.json && options.format === 'table' ? 'json' : options.format
  if (!FORMATS.includes(format)) throw new FairleadError('usage', `--format takes ${FORMATS.join(', ')}, not "${format}".`)
  if (options.follow && format in MEDIA) throw new FairleadError('usage', `--follow goes with --format table or json, not ${format}.`)
  if (options.follow && options.until !== undefined) throw new FairleadError('usage', '--follow goes on with what comes, so there is no --until with it.')
  if (options.follow) await follow(context, { name, json: format === 'json', options })
  else if (format in MEDIA) await download(context, { name, format, options })
  else await list(context, { name, json: format === 'json', options })
  return undefined
}

function filters({ since, until, where, release }: LogOptions) {
  return { since, until, where, release }
}

async function list({ control, output }: Context, { name, json, options }: { name: string; json: boolean; options: LogOptions }): Promise<void> {
  if ((options.limit ?? 0) > MOST_ROWS) {
    throw new FairleadError('usage', `--limit takes at most ${MOST_ROWS} rows as ${json ? 'JSON' : 'a table'}; --format csv and parquet take any number.`)
  }
  const limit = options.limit ?? (json && options.since !== undefined ? MOST_ROWS : FEW_ROWS)
  const page = await gather(control, name, { ...options, limit })
  if (json) output.document(page)
  else if (page.items.length === 0) output.note(`No predictions of ${name} fit. The log shows them within a second of the answer.`)
  else for (const line of tableOf(page.columns, page.items)) output.line(line)
  if (page.next !== null && options.limit === undefined) {
    output.note(`These are the newest ${limit} rows, and there are more: choose a number with --limit, or take them all with --format csv or parquet.`)
  }
}

async function gather(control: Control, deployment: string, options: LogOptions & { limit: number }): Promise<PredictionPage> {
  let page: PredictionPage = { columns: [], items: [], next: null }
  do {
    const query = { ...filters(options), limit: Math.min(PAGE_ROWS, options.limit - page.items.length), next: page.next ?? undefined }
    const more = await control.call('listPredictions', { params: { deployment }, query })
    const known = new Set(page.columns.map((column) => column.name))
    page.items.push(...more.items)
    page = { ...more, columns: [...page.columns, ...more.columns.filter((column) => !known.has(column.name))], items: page.items }
  } while (page.next !== null && page.items.length < options.limit)
  return page
}

async function download({ control, output }: Context, { name, format, options }: { name: string; format: string; options: LogOptions }): Promise<void> {
  if (format === 'parquet' && output.stdoutIsTerminal)
    throw new FairleadError('usage', 'Parquet is not for a terminal; send it to a file: … --format parquet > log.parquet')
  const query = { ...filters(options), limit: options.limit }
  const response = await control.raw('listPredictions', { params: { deployment: name }, query, headers: { accept: MEDIA[format]! } })
  for await (const chunk of response.body ?? []) output.bytes(chunk)
}

async function follow(context: Context, { name, json, options }: { name: string; json: boolean; options: LogOptions }): Promise<void> {
  const { control, output } = context
  const stop = new AbortController()
  const end = () => stop.abort()
  process.once('SIGINT', end)
  process.once('SIGTERM', end)
  let left = options.limit ?? Number.POSITIVE_INFINITY
  try {
    for await (const { columns, items } of followLog(control, { ...filters(options), deployment: name, signal: stop.signal })) {
      print(output, { columns, items: items.slice(0, left), json })
      left -= items.length
      if (left <= 0) return
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error
  } finally {
    process.removeListener('SIGINT', end)
    process.removeListener('SIGTERM', end)
  }
}

function print(output: Output, { columns, items, json }: Pick<PredictionPage, 'columns' | 'items'> & { json: boolean }): void {
  if (json) for (const item of items) output.record(item)
  else for (const line of tableOf(columns, items, true)) output.line(line)
}

/** The log as people look at it: when, which release, how long, inputs, outputs. Newest first, unless `exact` times are asked for. */
function tableOf(columns: PredictionPage['columns'], items: PredictionPage['items'], exact = false): string[] {
  const values = columns.filter((column) => column.role !== 'log').map((column) => column.name)
  const rows = items.map((item) => [
    exact ? String(item._time) : ago(typeof item._time === 'string' ? item._time : null),
    cell(item._release),
    figure(typeof item._total_ms === 'number' ? item._total_ms : null, 'ms'),
    ...values.map((name) => cell(item[name])),
  ])
  return alignTable(['TIME', 'RELEASE', 'TOOK', ...values], rows)
}
