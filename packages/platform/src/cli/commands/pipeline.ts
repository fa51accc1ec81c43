import { createReadStream, readFileSync, writeFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { FairleadError, type Row, type Signature } from '@fairlead/contract'
import type { ModelVersion, TracedColumn, TracedStep } from '@fairlead/contract/control'
import { parsePipeline } from '@fairlead/contract/control'
import { stringify } from 'yaml'
import type { ModelAtHand } from '../../app/pipelines.ts'
import { type FeatureServiceSettings, featureServices, findDeclaration, readDeclaration } from '../../config/index.ts'
import { readYaml } from '../../kernel/yaml.ts'
import { Context } from '../context.ts'
import { cell } from '../format.ts'
import { unreadableFile } from '../model-source.ts'
import { positive } from '../option-values.ts'
import type { Output } from '../output.ts'
import type { Registrar } from '../registrar.ts'
import { type Columns, formatOf, readRows } from '../rows.ts'
import { signatureOfFile } from '../signature-of-file.ts'
import { readPipeline } from './deploy.ts'

const DEFAULT_ROWS = 100

/** `fairlead pipeline`: what a pipeline file does, before it is deployed. */
export function registerPipeline({ program, run }: Registrar): void {
  const group = program.command('pipeline').description('check, run and fit the steps from request to answer, before they are deployed')
  run(
    group
      .command('check <file>')
      .description('check a pipeline file against a model, and say which columns there are behind each step')
      .option('--model <ref>', 'the model: name, name:3 or name@alias')
      .option('--signature <file>', 'a file that says what the model takes and gives, instead of a model')
      .addHelpText(
        'after',
        '\nExamples:\n  fairlead pipeline check pipeline.yaml --model credit-risk@champion\n  fairlead pipeline check pipeline.yaml --signature signature.yaml --json',
      ),
    check,
  )
  for (const [name, action, words] of [
    ['run', runRows, 'run rows through a pipeline file and show the answers'],
    ['explain', explainRows, 'show what each step of a pipeline file did to which rows'],
  ] as const)
    run(
      group
        .command(`${name} <file>`)
        .description(words)
        .requiredOption('--model <ref>', 'the model: name, name:3 or name@alias')
        .requiredOption('--rows <file>', 'rows in a file (json, ndjson or csv), or - for stdin')
        .option('--format <format>', 'format of the rows; guessed when not given')
        .option('--limit <n>', `rows that are read, at most 1000; ${DEFAULT_ROWS} when not given`, positive)
        .addHelpText('after', `\nExamples:\n  fairlead pipeline ${name} pipeline.yaml --model credit-risk@champion --rows applications.csv`),
      action,
    )
  run(
    group
      .command('fit <file>')
      .description(
        'learn what steps lack (means, categories, edges, calibrations) from the rows of --data FILE (parquet, csv, json or ndjson), and write the pipeline with it',
      )
      .option('--label <column>', 'the column that the model learns to tell, for target encoding and calibrate')
      .option('--positive <value>', 'the value of that column that counts as 1')
      .option('--model <ref>', 'the model, for calibrate')
      .requiredOption('--out <file>', 'where the fitted pipeline is written')
      .addHelpText(
        'after',
        '\nExamples:\n  fairlead pipeline fit pipeline.yaml --data train.parquet --out fitted.yaml\n  fairlead pipeline fit pipeline.yaml --data held-out.csv --label risk --positive bad --model credit-risk --out fitted.yaml',
      ),
    fit,
  )
}

interface FitCommand {
  label?: string
  positive?: string
  model?: string
  out: string
}

async function fit(context: Context, [file = '']: string[], options: object): Promise<undefined> {
  const { label, positive, model: ref, out } = options as FitCommand
  // elsewhere the folder of a platform, which is found without it here
  const { data: path, ...globals } = context.globals
  if (path === undefined) throw new FairleadError('usage', 'Say with --data FILE which rows to learn from.')
  const platform = new Context(context.io, globals, context.output)
  const pipeline = pipelineOf(file)
  const { fitSteps } = await engine()
  const model = ref === undefined ? undefined : await atHand(platform, await platform.control.call('resolveModel', { query: { ref } }))
  const declared = pipeline.flatMap((step) => ('inputs' in step ? step.inputs : []))
  const texts = [...declared, ...(model?.version.signature.columns ?? [])].filter(({ type }) => type === 'string').map(({ name }) => name)
  const data = await dataOf(path, new Set(texts))
  const fitted = await fitSteps(pipeline, { data, label, positive, model })
  const steps = readPipeline(file) as unknown[]
  // what was not fitted stays as it was written
  const written = fitted.map((step, i) => (isDeepStrictEqual(step, pipeline[i]) ? steps[i] : step))
  const learnt = fitted.flatMap((step, i) => (isDeepStrictEqual(step, pipeline[i]) ? [] : [i]))
  try {
    writeFileSync(out, stringify(written))
  } catch (cause) {
    throw new FairleadError('file-unreadable', `${out} cannot be written: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
  context.output.result({ out, rows: data.rows, data: data.digest, fitted: learnt.map((i) => ({ index: i, step: fitted[i] })) }, () => {
    const names = learnt.map((i) => `${i + 1} ${Object.keys(fitted[i]!)[0]}`)
    context.output.line(`${out}: ${names.length === 0 ? 'nothing had to be fitted' : `fitted ${names.join(', ')} on ${data.rows} rows`}`)
  })
}

/** `texts` are columns of text, which a CSV does not say. */
async function dataOf(path: string, texts: ReadonlySet<string>) {
  const { parquetData, rowsData } = await import('../../app/training-data.ts')
  let bytes: Buffer
  try {
    bytes = readFileSync(path)
  } catch (cause) {
    throw unreadableFile(path, cause)
  }
  if (/\.parquet$/i.test(path)) return await parquetData(bytes)
  const format = formatOf(undefined, path)
  const rows: Row[] = []
  for await (const row of readRows({
    chunks: (async function* () {
      yield bytes
    })(),
    format,
    columns: async () => new Map(),
  }))
    rows.push(row)
  return rowsData(rows, { bytes, fromText: format === 'csv', texts })
}

async function check({ control, output }: Context, [file = '']: string[], options: { model?: string; signature?: string }): Promise<undefined> {
  if ((options.model === undefined) === (options.signature === undefined)) throw new FairleadError('usage', 'Give either --model or --signature.')
  const signature =
    options.model === undefined ? readSignature(options.signature!) : (await control.call('resolveModel', { query: { ref: options.model } })).signature
  const { checkPipeline } = await engine()
  const trace = checkPipeline(pipelineOf(file), signature)
  output.result(trace, () => {
    for (const step of trace.steps) printStep(output, step)
    printSignature(output, trace.signature)
  })
}

/** What runs pipelines, loaded for the commands that do. */
function engine() {
  return import('../../app/pipelines.ts')
}

function readSignature(path: string): Signature {
  try {
    return signatureOfFile(readYaml(readFileSync(path, 'utf8'), { maxAliasCount: 100 }).value)
  } catch (cause) {
    throw cause instanceof FairleadError ? cause : unreadableFile(path, cause)
  }
}

function pipelineOf(file: string) {
  const parsed = parsePipeline(readPipeline(file))
  // it was read a moment ago
  if ('issues' in parsed) throw new FairleadError('pipeline-invalid', parsed.issues[0]!.detail)
  return parsed.pipeline
}

interface RunOptions {
  model: string
  rows: string
  format?: string
  limit?: number
}

/** The feature services that the current folder's `fairlead.yaml` declares. */
function declaredServices({ io }: Context): FeatureServiceSettings[] {
  const path = findDeclaration(io.cwd)
  return path === undefined ? [] : featureServices(readDeclaration(path).content.features ?? {}, io.env)
}

async function traced(context: Context, file: string, options: RunOptions) {
  const pipeline = pipelineOf(file)
  const version = await context.control.call('resolveModel', { query: { ref: options.model } })
  const { checkPipeline, runPipeline } = await engine()
  const { signature } = checkPipeline(pipeline, version.signature)
  const rows = await rowsFrom(context, options, new Map(signature.columns.map((column) => [column.name, column])))
  const features = pipeline.some((step) => 'lookup' in step) ? declaredServices(context) : []
  const { trace, withoutModel } = await runPipeline(pipeline, await atHand(context, version), { rows, features })
  if (withoutModel !== undefined)
    context.output.note(`note: what the model answers is not shown, because it is not run here: ${withoutModel}; deploy it to see`)
  return trace
}

async function runRows(context: Context, [file = '']: string[], options: object): Promise<undefined> {
  const { output } = context
  const trace = await traced(context, file, options as RunOptions)
  output.result(trace, () => {
    const { answers = [] } = trace
    if (answers.length === 0) for (const step of trace.steps) printStep(output, step)
    else {
      const names = Object.keys(answers[0]!)
      output.table(
        names.map((name) => name.toUpperCase()),
        answers.map((answer) => names.map((name) => valueText(answer[name]))),
      )
    }
  })
}

async function explainRows(context: Context, [file = '']: string[], options: object): Promise<undefined> {
  const trace = await traced(context, file, options as RunOptions)
  context.output.result(trace, () => {
    context.output.line(`${trace.rows} rows`)
    for (const step of trace.steps) printStep(context.output, step)
  })
}

async function rowsFrom({ io }: Context, { rows: path, format, limit = DEFAULT_ROWS }: RunOptions, columns: Columns): Promise<Row[]> {
  const chunks = path === '-' ? (io.stdin as AsyncIterable<Uint8Array>) : createReadStream(path)
  const rows: Row[] = []
  try {
    for await (const row of readRows({ chunks, format: formatOf(format, path === '-' ? undefined : path), columns: async () => columns }))
      if (rows.push(row) >= limit) break
  } catch (cause) {
    throw cause instanceof FairleadError ? cause : unreadableFile(path, cause)
  }
  return rows
}

async function atHand({ control }: Context, version: ModelVersion): Promise<ModelAtHand> {
  const entry =
    version.files.find(({ path }) => /\.(?:onnx|json|ubj|bst|txt|lgb|model|pmml|xml|skops)$/i.test(path) && !path.endsWith('input_example.json')) ??
    version.files[0]
  if (!entry) throw new FairleadError('model-unknown', `${version.model}:${version.version} has no files`)
  const { model, version: number } = version
  const response = await control.raw('getVersionFile', { params: { model, version: number, '*': entry.path } })
  return { version, entry: entry.path, bytes: new Uint8Array(await response.arrayBuffer()) }
}

/** One step: what it made, what it took away, and of rows how many it changed. */
function printStep(output: Output, { index, step, made, removed }: TracedStep): void {
  output.line(`${output.paint('bold', `${index + 1} ${step}`)}${made.length + removed.length === 0 ? '  changes no column' : ''}`)
  for (const column of made) {
    const { name, type, nullable, change, nulls, rowsChanged } = column
    const facts = [
      change === 'new' ? 'new' : rowsChanged === undefined ? 'changed' : `changed in ${rowsChanged} ${rowsChanged === 1 ? 'row' : 'rows'}`,
      nulls === undefined ? (nullable ? 'may be null' : '') : nulls > 0 ? `${nulls} null` : '',
    ].filter((part) => part !== '')
    output.line(`    ${cell(name)}  ${type}, ${facts.join(', ')}${examples(column)}`)
  }
  for (const name of removed) output.line(`    ${cell(name)}  gone`)
}

function examples({ before, after }: TracedColumn): string {
  if (!after) return ''
  return `: ${after.map((value, row) => `${before ? `${valueText(before[row])} → ` : ''}${valueText(value)}`).join('; ')}`
}

function valueText(value: unknown): string {
  if (typeof value === 'object' && value !== null)
    return Object.entries(value)
      .map(([key, one]) => `${key} ${valueText(one)}`)
      .join(', ')
  return cell(typeof value === 'number' ? Number(value.toPrecision(6)) : value === null ? 'null' : value)
}

function printSignature(output: Output, { columns, fields }: Signature): void {
  output.line()
  output.table(
    ['CALLERS SEND', 'TYPE', 'OPTIONAL'],
    columns.map(({ name, type, optional }) => [cell(name), type, optional ? 'yes' : '']),
  )
  output.line()
  output.table(
    ['CALLERS GET', 'TYPE', 'OPTIONAL'],
    fields.map(({ name, kind, type, optional }) => [cell(name), kind === 'probabilities' ? kind : type, optional ? 'yes' : '']),
  )
}
