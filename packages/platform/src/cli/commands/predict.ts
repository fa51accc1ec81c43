import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { type Explanation, FairleadError, MAX_EXPLAINED_ROWS, type Prediction, type PredictResponse, type Row } from '@fairlead/contract'
import type { Context } from '../context.ts'
import { unreadableFile } from '../model-source.ts'
import { collect, positive } from '../option-values.ts'
import { printCsv, printTable } from '../prediction-table.ts'
import { Progress } from '../progress.ts'
import { refusing } from '../refused-rows.ts'
import type { Registrar } from '../registrar.ts'
import { withHints } from '../row-hints.ts'
import { type Columns, formatOf, parseExact, readRows, rowsOf } from '../rows.ts'

const CHUNK_ROWS = 1000
const OUTPUTS = ['table', 'csv', 'json']

/** `fairlead predict`: asks a deployment. */
export function registerPredict({ program, run }: Registrar): void {
  const command = program
    .command('predict <name> [source]')
    .description('ask a deployment for predictions; - reads rows from stdin')
    .option('--row <json>', 'a row, or an array of rows; may be repeated', collect)
    .option('--file <file>', 'rows in a file')
    .option('--format <format>', 'format of the rows: json, ndjson or csv; guessed when not given')
    .option('--output <format>', `format of the answers: ${OUTPUTS.join(', ')}`)
    .option('--keep-inputs', "put each row's id and inputs before its prediction")
    .option('--explain', 'tell what each column contributed, and the main reasons in words')
    .option('--release <n>', 'ask this release instead of the current one', positive)
    .option('--key <key>', 'API key, where the platform asks for one (or FAIRLEAD_API_KEY)')
    .addHelpText(
      'after',
      '\nExamples:\n  fairlead predict credit-risk --row \'{"age": 35, "purpose": "car"}\'\n  fairlead predict credit-risk --file rows.csv --json > answers.json\n  fairlead predict credit-risk --file rows.csv --output csv --keep-inputs > scored.csv\n  fairlead predict credit-risk --row \'{"age": 35, "purpose": "car"}\' --explain\n  cat rows.ndjson | fairlead predict credit-risk -',
    )
  run(command, predict)
}

interface PredictOptions {
  row?: string[]
  file?: string
  format?: string
  output?: string
  keepInputs?: boolean
  explain?: boolean
  release?: number
  key?: string
}

async function predict(context: Context, [name = '', source]: string[], options: PredictOptions): Promise<undefined> {
  const format = outputFormat(context, options.output)
  const input = await openInput(context, name, source, options)
  const client = await context.client(options.key ?? context.io.env.FAIRLEAD_API_KEY)
  const progress = new Progress(context.output)
  const answers: Prediction[] = []
  const ids: string[] = []
  const kept: Row[] = []
  const rowIds: string[] = []
  const explained: Explanation[] = []
  const asked = options.explain ? { explain: true } : {}
  let last: PredictResponse | undefined
  try {
    for await (const rows of inChunks(input.rows, options.explain ? MAX_EXPLAINED_ROWS : CHUNK_ROWS)) {
      last = await client.predict(name, { rows, ...asked }, { release: options.release }).catch(async (error: unknown) => {
        throw located(refusing(await withHints(error, rows[0], { control: context.control, deployment: name }), rows), answers.length)
      })
      const { id } = last
      if (options.keepInputs) {
        kept.push(...rows)
        rowIds.push(...rows.map((_, index) => `${id}/${index}`))
      }
      answers.push(...last.predictions)
      explained.push(...(last.explanations ?? []))
      ids.push(last.id)
      if (answers.length >= CHUNK_ROWS) progress.update(`${answers.length} rows`, input.share())
    }
  } finally {
    progress.end()
  }
  if (!last) throw new FairleadError('rows-empty', 'There are no rows in the input.')
  const { id, deployment, release } = last
  const inputs = options.keepInputs ? { rows: kept, rowIds } : {}
  const explanations = options.explain ? explained : undefined
  const document = {
    id: ids[0] ?? id,
    ...(ids.length > 1 ? { ids } : {}),
    deployment,
    release,
    ...inputs,
    predictions: answers,
    ...(explanations && { explanations }),
  }
  const answered = { predictions: answers, ids: rowIds, inputs: options.keepInputs ? kept : undefined, explanations }
  if (format === 'json') context.output.document(document)
  else if (format === 'csv') printCsv(context.output, answered)
  else printTable(context.output, answered)
  return undefined
}

function outputFormat({ output }: Context, asked: string | undefined): string {
  if (asked !== undefined && !OUTPUTS.includes(asked)) throw new FairleadError('usage', `--output takes ${OUTPUTS.join(', ')}, not "${asked}".`)
  if (output.json && asked !== undefined && asked !== 'json') throw new FairleadError('usage', `--json and --output ${asked} exclude each other.`)
  return output.json ? 'json' : (asked ?? 'table')
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
  const columns = () => columnsOf(context, name)
  if (file === undefined) return { rows: readRows({ chunks: context.io.stdin, format, columns }), share: () => null }
  const info = await stat(file).catch((cause: unknown) => {
    throw unreadableFile(file, cause)
  })
  if (!info.isFile()) throw new FairleadError('file-unreadable', `${file} is not a file.`)
  const stream = createReadStream(file)
  stream.on('error', () => {})
  return { rows: readRows({ chunks: stream, format, columns }), share: () => (info.size === 0 ? null : stream.bytesRead / info.size) }
}

async function* from(rows: Row[]): AsyncGenerator<Row> {
  yield* rows
}

async function columnsOf({ control }: Context, deployment: string): Promise<Columns> {
  const { signature } = await control.call('getDeploymentSignature', { params: { deployment } })
  return new Map(signature.columns.map((column) => [column.name, column]))
}

async function* inChunks(rows: AsyncIterable<Row>, size: number): AsyncGenerator<Row[]> {
  let chunk: Row[] = []
  for await (const row of rows) {
    chunk.push(row)
    if (chunk.length < size) continue
    yield chunk
    chunk = []
  }
  if (chunk.length > 0) yield chunk
}
