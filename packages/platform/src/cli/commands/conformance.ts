import { readFile, writeFile } from 'node:fs/promises'
import { extname } from 'node:path'
import { FairleadError } from '@fairlead/contract'
import { InvalidArgumentError } from 'commander'
import {
  conforms,
  describeCase,
  documentOf,
  GRPC_CASES,
  HTTP_CASES,
  type Report,
  readRequest,
  renderHtml,
  renderMarkdown,
  renderText,
  runConformance,
} from '../../conformance/index.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../failure.ts'
import { unreadableFile } from '../model-source.ts'
import { collect, positive } from '../option-values.ts'
import { Progress } from '../progress.ts'
import type { Registrar } from '../registrar.ts'

/** `fairlead conformance`: judges any server of the Open Inference Protocol. */
export function registerConformance({ program, run }: Registrar): void {
  const command = program
    .command('conformance [server]')
    .description('ask a server every case of the Open Inference Protocol and report where it differs')
    .option('--grpc <host:port>', 'judge gRPC too, at this address')
    .option('--model <name>', 'the model to ask; the first ready one when not given')
    .option('--request <file>', 'an inference request in JSON that the model accepts, where made-up values are refused')
    .option('--header <header>', 'a header "Name: value" for every request, not shown in reports; may be repeated', header)
    .option('--only <case>', 'only cases whose id begins so; may be repeated', collect)
    .option('--timeout <seconds>', 'seconds for a request and its answer', positive, 10)
    .option('--allow-unload', 'also unload the model and load it again: it is away for a moment')
    .option('--report <file>', 'write a report with every exchange: .html, .md or .json; may be repeated', collect)
    .option('--list', 'print the cases and what they state, and ask nothing')
    .addHelpText(
      'after',
      '\nExamples:\n  fairlead conformance http://127.0.0.1:8000\n  fairlead conformance http://127.0.0.1:8080 --grpc 127.0.0.1:8081 --model iris --report report.html\n\nExit codes: 0 every required case passed, 10 one failed, 3 the server is not reachable, 2 wrong usage.',
    )
  run(command, conformance)
}

interface ConformanceCommandOptions {
  grpc?: string
  model?: string
  request?: string
  header?: Record<string, string>
  only?: string[]
  timeout: number
  allowUnload?: boolean
  report?: string[]
  list?: boolean
}

function header(text: string, before: Record<string, string> = {}): Record<string, string> {
  const found = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*([\t\x20-\x7e]*)$/.exec(text)
  if (!found) throw new InvalidArgumentError('It takes "Name: value".')
  return { ...before, [found[1] ?? '']: found[2] ?? '' }
}

async function conformance({ output }: Context, [server]: string[], options: unknown): Promise<number> {
  const asked = options as ConformanceCommandOptions
  if (asked.list) return list(output)
  if (server === undefined) throw new FairleadError('usage', 'Name the server: fairlead conformance http://HOST:PORT')
  const url = addressOf(server, 'The server')
  const grpc = asked.grpc === undefined ? undefined : addressOf(/^https?:/.test(asked.grpc) ? asked.grpc : `http://${asked.grpc}`, '--grpc')
  const writers = (asked.report ?? []).map((file) => ({ file, render: rendererOf(file) }))
  checkOnly(asked.only, grpc !== undefined)
  const inputs = asked.request === undefined ? undefined : await inputsOf(asked.request)
  const progress = new Progress(output)
  const report = await runConformance({
    url,
    grpc,
    model: asked.model,
    inputs,
    headers: asked.header,
    only: asked.only,
    timeoutMs: asked.timeout * 1000,
    mayUnload: asked.allowUnload,
    note: (text) => output.note(text),
    progress: (id, share) => (output.interactive ? progress.update(id, share) : progress.update(id.split('/')[0] ?? id, null)),
  }).finally(() => progress.end())
  for (const { file, render } of writers) await write(file, render(report))
  output.result(documentOf(report), () => output.line(renderText(report, (style, text) => output.paint(style, text))))
  return conforms(report.cases) ? EXIT.done : EXIT.differences
}

function list(output: Context['output']): number {
  const cases = [...HTTP_CASES.map(describeCase), ...GRPC_CASES.map(describeCase)]
  output.result({ cases }, () =>
    output.table(
      ['CASE', 'LEVEL', 'TITLE'],
      cases.map(({ id, level, title }) => [id, level, title]),
    ),
  )
  return EXIT.done
}

function addressOf(text: string, what: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !/^https?:$/.test(url.protocol) || url.hostname === '')
    throw new FairleadError('usage', `${what} must be an address like http://127.0.0.1:8000, and is "${text}".`)
  if (url.username || url.password) throw new FairleadError('usage', `${what} must be given without user and password; send them with --header.`)
  return url
}

function checkOnly(only: string[] | undefined, withGrpc: boolean): void {
  const ids = [...HTTP_CASES, ...(withGrpc ? GRPC_CASES : [])].map(({ id }) => id)
  const unknown = only?.find((start) => !ids.some((id) => id.startsWith(start)))
  if (unknown === undefined) return
  const hint = !withGrpc && GRPC_CASES.some(({ id }) => id.startsWith(unknown)) ? 'it is asked with --grpc HOST:PORT' : 'see --list'
  throw new FairleadError('usage', `No case begins with "${unknown}"; ${hint}.`)
}

function rendererOf(file: string): (report: Report) => string {
  const renderers: Record<string, (report: Report) => string> = {
    '.html': renderHtml,
    '.md': renderMarkdown,
    '.json': (report) => `${JSON.stringify(documentOf(report), null, 2)}\n`,
  }
  const render = renderers[extname(file).toLowerCase()]
  if (!render) throw new FairleadError('usage', `A report is .html, .md or .json, and --report says "${file}".`)
  return render
}

async function inputsOf(file: string) {
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw unreadableFile(file, cause)
  })
  return readRequest(bytes, file)
}

async function write(file: string, text: string): Promise<void> {
  await writeFile(file, text).catch((cause: unknown) => {
    throw new FairleadError('usage', `The report ${file} cannot be written: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  })
}
