import { access, constants, writeFile } from 'node:fs/promises'
import { cpus, loadavg, totalmem } from 'node:os'
import { dirname, extname } from 'node:path'
import { FairleadError } from '@fairlead/contract'
import { InvalidArgumentError } from 'commander'
import {
  type Arrivals,
  type BenchResult,
  COLUMNS,
  cellsOf,
  documentOf,
  outcomeOf,
  percentText,
  type ReportFacts,
  rateText,
  readObjective,
  renderHtml,
  requestsOf,
  runBench,
  sentences,
} from '../../bench/index.ts'
import { type Plan, type PlanOptions, planOf } from '../bench-plan.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../failure.ts'
import { bytes, figure } from '../format.ts'
import { collect, positive } from '../option-values.ts'
import { Progress } from '../progress.ts'
import type { Registrar } from '../registrar.ts'

/** `fairlead bench`: how many requests a deployment answers within a latency. */
export function registerBench({ program, run }: Registrar): void {
  const command = program
    .command('bench <name>')
    .description('find the highest throughput of a deployment at a latency objective')
    .option('--latency <objective>', 'percentile and time that must be kept', 'p99=20ms')
    .option('--interface <interface>', 'how it is asked: rows, oip, oip-binary or grpc; rows when not given')
    .option('--rows <n>', 'rows in a request', positive, 1)
    .option('--row <json>', "a row, or an array of rows, to ask with; the deployment's example when not given; may be repeated", collect)
    .option('--file <file>', 'rows in a file')
    .option('--format <format>', 'format of the file: json, ndjson or csv; guessed when not given')
    .option('--connections <n>', 'connections that are kept open', positive, 64)
    .option('--duration <seconds>', 'seconds of a step', seconds, 5)
    .option('--max-rate <n>', 'try no more requests a second than this', positive)
    .option('--arrivals <kind>', 'poisson (at random, as independent callers come) or constant', 'poisson')
    .option('--seed <n>', 'for the random arrivals and made-up rows', positive, 1)
    .option('--timeout <seconds>', 'seconds after which a request counts as failed', seconds, 10)
    .option('--key <key>', 'API key, where predictions ask for one (or FAIRLEAD_API_KEY)')
    .option('--server <url>', 'ask a model of this server of the Open Inference Protocol instead of a deployment')
    .option('--grpc <host:port>', 'ask over gRPC at this address; that of the platform with --interface grpc')
    .option('--report <file>', 'write a report: .html or .json; may be repeated', collect)
    .addHelpText(
      'after',
      '\nExamples:\n  fairlead bench credit-risk\n  fairlead bench credit-risk --latency p99.9=50ms --report bench.html\n  fairlead bench credit-risk --interface oip --rows 16 --file rows.csv\n  fairlead bench iris --server http://127.0.0.1:8080 --duration 2\n  fairlead bench iris --server http://127.0.0.1:8000 --grpc 127.0.0.1:8001\n\nExit codes: 0 a rate meets the objective, 10 none does, 1 failed, interrupted, or this machine was too busy to tell, 2 wrong usage, 3 not reachable, 4 not allowed.',
    )
  run(command, bench)
}

interface BenchCommandOptions extends PlanOptions {
  latency: string
  connections: number
  duration: number
  maxRate?: number
  arrivals: string
  timeout: number
  report?: string[]
}

const RENDERERS: Record<string, (result: BenchResult, facts: ReportFacts) => string> = {
  '.html': renderHtml,
  '.json': (result, facts) => `${JSON.stringify(documentOf(result, facts), null, 2)}\n`,
}

function seconds(text: string): number {
  const value = Number(text)
  if (!/^\d+(\.\d+)?$/.test(text) || !(value >= 0.1 && value <= 3600)) throw new InvalidArgumentError('It takes seconds, from 0.1 to 3600.')
  return value
}

async function bench(context: Context, [name = '']: string[], options: unknown): Promise<number> {
  const asked = options as BenchCommandOptions
  const objective = readObjective(asked.latency)
  const writers = await writersOf(asked.report ?? [])
  const arrivals = arrivalsOf(asked.arrivals)
  const plan = await planOf(context, name, asked)
  if (plan.interface === 'rows') await firstAnswer(context, name, plan, asked)
  const requests = requestsOf({ ...plan, deployment: name, rowsPerRequest: asked.rows })
  const facts = await factsOf(context, name, { plan, asked, requests: requests.length })
  if (!/^https?:\/\/(127\.|localhost|\[::1\])/.test(plan.url)) context.output.note(`note: this loads ${plan.url} as far as it goes`)
  const { output } = context
  const progress = new Progress(output)
  const stop = new AbortController()
  const interrupt = () => stop.abort()
  process.once('SIGINT', interrupt)
  const result = await runBench({
    target: {
      url: plan.url,
      headers: plan.headers,
      ...(plan.protocol && { protocol: plan.protocol }),
      connections: asked.connections,
      timeoutMs: asked.timeout * 1000,
    },
    requests,
    settings: { objective, duration: asked.duration, maxRate: asked.maxRate, arrivals, seed: asked.seed },
    signal: stop.signal,
    tell: (words, share) => progress.update(words, share),
    busy: (rate, late) => output.note(busyNote(rate, late)),
  })
    .catch((error: unknown) => {
      if (!plan.invented || !(error instanceof FairleadError)) throw error
      throw new FairleadError(error.code, `${error.message} The values are made up: give rows that the model accepts with --row or --file.`, { cause: error })
    })
    .finally(() => {
      process.removeListener('SIGINT', interrupt)
      progress.end()
    })
  output.result(documentOf(result, facts), () => print(context, result, facts))
  for (const { file, render } of writers) await write(file, render(result, facts))
  return { met: EXIT.done, missed: EXIT.differences, unknown: EXIT.failed }[outcomeOf(result)]
}

function busyNote(rate: number, late: number): string {
  return `note: this machine is busy: at ${rateText(rate)} requests/s the load generator itself came too late to ${percentText(late)} of its requests`
}

function print({ output }: Context, result: BenchResult, facts: ReportFacts): void {
  output.table(
    [...COLUMNS],
    result.curve.map((point) => cellsOf(point, result.best)),
  )
  const [first = '', ...others] = sentences(result, facts)
  output.line()
  output.line(output.paint('bold', first))
  for (const line of others) output.line(line)
}

function arrivalsOf(text: string): Arrivals {
  if (text !== 'poisson' && text !== 'constant') throw new FairleadError('usage', `--arrivals takes poisson or constant, not "${text}".`)
  return text
}

/** Asks once through the client, whose refusals say what is wrong with a row or a key. */
async function firstAnswer(context: Context, name: string, { rows, url }: Plan, { key, rows: count }: BenchCommandOptions): Promise<void> {
  const client = await context.client(key ?? context.io.env.FAIRLEAD_API_KEY)
  await client.predict(name, { rows: Array.from({ length: Math.min(count, rows.length) }, (_, at) => rows[at]!) }).catch((error: unknown) => {
    if (error instanceof TypeError) throw new FairleadError('unreachable', `${url} does not answer.`, { cause: error })
    throw error
  })
}

async function factsOf(context: Context, name: string, given: { plan: Plan; asked: BenchCommandOptions; requests: number }): Promise<ReportFacts> {
  const { plan, asked, requests } = given
  const [cpu] = cpus()
  const facts: [string, string][] = [
    ['Rows', plan.source],
    ['This machine', `${cpu?.model ?? 'unknown processor'}, ${cpus().length} cores, ${bytes(totalmem())} of memory, load ${figure(loadavg()[0])} at the start`],
    ['Load generator', `fairlead bench on Node ${process.version}, a thread of its own`],
  ]
  if (asked.server === undefined) facts.unshift(...(await deploymentFacts(context, name)))
  return { name, url: plan.url, interface: plan.interface, rowsPerRequest: asked.rows, requests, facts, command: commandOf(context, name, asked) }
}

async function deploymentFacts({ control }: Context, name: string): Promise<[string, string][]> {
  const [status, { current }] = await Promise.all([control.call('getStatus'), control.call('getDeployment', { params: { deployment: name } })])
  const serving = status.processes.filter(({ role }) => role === 'serve').length
  return [
    ['Platform', `Fairlead ${status.version}, ${serving} serve ${serving === 1 ? 'process' : 'processes'}`],
    ...(current
      ? ([
          [
            'Release',
            `${current.number}, ${current.digest}, of ${current.model.name}:${current.model.version}; prediction log ${current.settings.logEnabled ? current.settings.logDurability : 'off'}`,
          ],
          ...(current.execution ? [['Model runs', current.execution.reason]] : []),
        ] as [string, string][])
      : []),
  ]
}

/** The command line that measures the same again; a key is not shown. */
function commandOf({ globals }: Context, name: string, asked: BenchCommandOptions): string {
  const { report: _report, key, ...shown } = asked
  const words = Object.entries({ url: globals.url, data: globals.data, ...shown }).flatMap(([option, value]) =>
    [value ?? []].flat().flatMap((one) => [`--${option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`, quoted(String(one))]),
  )
  return ['fairlead', 'bench', quoted(name), ...words, ...(key === undefined ? [] : ['--key', '…'])].join(' ')
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}

async function writersOf(files: string[]) {
  const writers: { file: string; render: (result: BenchResult, facts: ReportFacts) => string }[] = []
  for (const file of files) {
    const render = RENDERERS[extname(file).toLowerCase()]
    if (!render) throw new FairleadError('usage', `A report is .html or .json, and --report says "${file}".`)
    // minutes of measuring should not end in a folder that is not there
    await access(dirname(file), constants.W_OK).catch((cause: unknown) => {
      throw new FairleadError('usage', `The report ${file} cannot be written: its folder is not there or may not be written to.`, { cause })
    })
    writers.push({ file, render })
  }
  return writers
}

async function write(file: string, text: string): Promise<void> {
  await writeFile(file, text).catch((cause: unknown) => {
    throw new FairleadError('usage', `The report ${file} cannot be written: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  })
}
