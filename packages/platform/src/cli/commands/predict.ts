import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { FairleadError, type Prediction, type PredictResponse, type Row } from '@fairlead/contract'
import type { Context } from '../context.ts'
import { cell } from '../format.ts'
import { collect, positive } from '../option-values.ts'
import type { Output } from '../output.ts'
import { Progress } from '../progress.ts'
import type { Registrar } from '../registrar.ts'
import { type ColumnTypes, formatOf, parseExact, readRows, rowsOf } from '../rows.ts'
import { withWideHint } from '../wide-columns.ts'

const CHUNK_ROWS = 1000

/** `fairlead predict`: asks a deployment. */
export function registerPredict({ program, run }: Registrar): void {
  const command = program
    .command('predict <name> [source]')
    .description('ask a deployment for predictions; - reads rows from stdin')
    .option('--row <json>', 'a row, or an array of rows; may be repeated', collect)
    .option('--file <file>', 'rows in a file')
    .option('--format <format>', 'json, ndjson or csv; guessed when not given')
    .option('--release <n>', 'ask this release instead of the current one', positive)
    .option('--key <key>', 'API key, where the platform asks for one (or FAIRLEAD_API_KEY)')
    .addHelpText(
      'after',
      '\nExamples:\n  fairlead predict credit-risk --row \'{"age": 35, "purpose": "car"}\'\n  fairlead predict credit-risk --file rows.csv --json > answers.json\n  cat rows.ndjson | fairlead predict credit-risk -',
    )
  run(command, predict)
}

interface PredictOptions {
  row?: string[]
  file?: string
  format?: string
  release?: number
  key?: string
}

async function predict(context: Context, [name = '', source]: string[], options: PredictOptions): Promise<undefined> {
  const input = await openInput(context, name, source, options)
  const client = await context.client(options.key ?? context.io.env.FAIRLEAD_API_KEY)
  const progress = new Progress(context.output)
  const answers: Prediction[] = []
  const ids: string[] = []
  let last: PredictResponse | undefined
  try {
    for await (const rows of inChunks(input.rows)) {
      last = await client.predict(name, { rows }, { release: options.release }).catch(async (error: unknown) => {
        throw located(await withWideHint(error, rows[0], { control: context.control, deployment: name }), answers.length)
      })
      answers.push(...last.predictions)
      ids.push(last.id)
      if (answers.length >= CHUNK_ROWS) progress.update(`${answers.length} rows`, input.share())
    }
  } finally {
    progress.end()
  }
  if (!last) throw new FairleadError('rows-empty', 'There are no rows in the input.')
  const { id, deployment, release } = last
  const document = { id: ids[0] ?? id, ...(ids.length > 1 ? { ids } : {}), deployment, release, predictions: answers }
  context.output.result(document, () => printPredictions(context.output, answers))
  return undefined
}

/** Says from which row on a refused chunk counts, where it is not the first. */
function located(error: unknown, before: number): unknown {
  if (before === 0 || !(error instanceof Error) || !('problem' in error)) return error
  const problem = error.problem as { detail: string }
  problem.detail = `${problem.detail} (rows are counted from row ${before} of the input; the ${before} before it were answered)`
  return error
}

interface Input {
  rows: AsyncIterable<Row>
  /** Share of the input that is read, where its size is known. */
  share(): number | null
}

async function openInput(context: Context, name: string, source: string | undefined, options: PredictOptions): Promise<Input> {
  const given = [options.row !== undefined, options.file !== undefined, source !== undefined].filter(Boolean).length
  if (given !== 1) throw new FairleadError('usage', 'Give rows with exactly one of --row JSON, --file FILE or - (stdin).')
  if (source !== undefined && source !== '-') throw new FairleadError('usage', `"${source}" is not understood; a file is given with --file ${source}.`)
  const asked = formatOf(options.format, undefined)
  if (options.row) {
    if (asked !== undefined && asked !== 'json') throw new FairleadError('usage', `--row takes JSON; --format ${options.format} goes with --file or -.`)
    const rows = options.row.flatMap((text) => rowsOf(parseExact(text, '--row'), '--row'))
    return { rows: from(rows), share: () => null }
  }
  const file = options.file === '-' ? undefined : options.file
  const format = formatOf(options.format, file)
  const types = () => columnTypes(context, name)
  if (file === undefined) return { rows: readRows({ chunks: context.io.stdin, format, types }), share: () => null }
  const info = await stat(file).catch((cause: unknown) => unreadable(file, cause))
  if (!info.isFile()) throw new FairleadError('file-unreadable', `${file} is not a file.`)
  const stream = createReadStream(file)
  stream.on('error', () => {})
  return { rows: readRows({ chunks: stream, format, types }), share: () => (info.size === 0 ? null : stream.bytesRead / info.size) }
}

function unreadable(file: string, cause: unknown): never {
  throw new FairleadError('file-unreadable', `${file} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
}

async function* from(rows: Row[]): AsyncGenerator<Row> {
  yield* rows
}

async function columnTypes({ control }: Context, deployment: string): Promise<ColumnTypes> {
  const { signature } = await control.call('getDeploymentSignature', { params: { deployment } })
  return new Map(signature.columns.map((column) => [column.name, column.type]))
}

async function* inChunks(rows: AsyncIterable<Row>): AsyncGenerator<Row[]> {
  let chunk: Row[] = []
  for await (const row of rows) {
    chunk.push(row)
    if (chunk.length < CHUNK_ROWS) continue
    yield chunk
    chunk = []
  }
  if (chunk.length > 0) yield chunk
}

/** Predictions as a table with flat columns (`probabilities_good`). */
export function printPredictions(output: Output, predictions: Prediction[]): void {
  const flat = predictions.map((prediction) => flatten(prediction))
  const columns = [...new Set(flat.flatMap((row) => [...row.keys()]))]
  output.table(
    columns,
    flat.map((row) => columns.map((column) => cell(row.get(column)))),
  )
}

function flatten(prediction: Prediction): Map<string, unknown> {
  const flat = new Map<string, unknown>()
  for (const [key, value] of Object.entries(prediction)) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) flat.set(key, value)
    else for (const [inner, part] of Object.entries(value)) flat.set(`${key}_${inner}`, part)
  }
  return flat
}
