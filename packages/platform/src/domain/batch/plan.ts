import type { DataType } from '@fairlead/contract'
import { FairleadError } from '@fairlead/contract'
import type { BatchFormat, JobSpec } from '@fairlead/contract/control'
import type { ReleasePlan } from '../inference/index.ts'
import { checkUnchanged, type FileFacts, factsOf, findFiles, formatOf, type PathRules } from './files.ts'
import { type Mapping, mapColumns } from './mapping.ts'
import type { BatchForms, OutputColumn, Piece, PieceAsk, SourceColumn, SourceFacts } from './ports.ts'

/** A file of a job, and how it is read. */
export interface PlannedFile extends FileFacts {
  how: unknown
  headLines: number
  wanted: PieceAsk['wanted']
}

/** What a job does, decided once and kept: a job that goes on does what it began. */
export interface JobPlan {
  format: BatchFormat
  outputFormat: BatchFormat
  files: PlannedFile[]
  kept: { name: string; type: DataType }[]
  shards: { file: number; piece: Piece }[]
  /** Whether the places where pieces begin were guessed. */
  guessed: boolean
  rows: number | null
  /** Columns of the output, as far as they are known without an answer. */
  columns: OutputColumn[]
  releaseDigest: string
}

/** What is found out on the way to a plan. */
export interface Planned {
  plan: JobPlan
  mapping: Mapping
  bytes: number
}

/** Shards are so large that starting one costs nothing beside it, and so small that a job that is killed loses little. */
const MOST_PIECE_BYTES = 32 * 2 ** 20
const LEAST_PIECE_BYTES = 2 ** 20
/** Shards for each thread, so that they end together. */
const PIECES_A_THREAD = 6

export interface PlanOptions {
  spec: JobSpec
  release: ReleasePlan
  forms: BatchForms
  rules: PathRules
  threads: number
}

/**
 * Looks at the files of a job and cuts them into shards. Throws `file-unreadable`, `path-refused`, `table-invalid`, `not-supported`, and as
 * `mapColumns`, naming the file.
 */
export async function planJob({ spec, release, forms, rules, threads }: PlanOptions): Promise<Planned> {
  const paths = findFiles(spec.input, rules)
  const format = spec.read.format ?? oneFormat(paths)
  const outputFormat = spec.outputFormat ?? formatOf(spec.output)
  if (!outputFormat) throw new FairleadError('request-invalid', `${spec.output}: its name does not tell a form; end it in .csv, .ndjson, .parquet or .arrow.`)
  const source = await forms.source(format)
  const facts = paths.map((path) => factsOf(path))
  const bytes = facts.reduce((sum, { size }) => sum + size, 0)
  const pieceBytes = Math.min(MOST_PIECE_BYTES, Math.max(LEAST_PIECE_BYTES, Math.ceil(bytes / (threads * PIECES_A_THREAD))))
  const { columns } = release.release.signature
  const plan: JobPlan = {
    format,
    outputFormat,
    files: [],
    kept: [],
    shards: [],
    guessed: false,
    rows: 0,
    columns: release.answerColumns.of({}, 0).map(({ name, type, width }) => ({ name, type, list: width !== undefined })),
    releaseDigest: release.release.digest,
  }
  let first: { mapping: Mapping; found: SourceColumn[] } | undefined
  for (const file of facts) {
    const found = await inFile(file.path, () => source.describe(file.path, { ...spec.read, pieceBytes }))
    checkUnchanged(file)
    const mapping = await inFile(file.path, async () => mapColumns(columns, found.columns, spec.map))
    if (first && spec.keepInputs) checkSameColumns(file.path, first.found, found.columns)
    first ??= { mapping, found: found.columns }
    addFile(plan, file, { found, mapping })
  }
  const { mapping, found } = first!
  if (spec.keepInputs) plan.kept = keptColumns(found, mapping, { format, outputFormat })
  return { plan, mapping, bytes }
}

function addFile(plan: JobPlan, file: FileFacts, { found, mapping }: { found: SourceFacts; mapping: Mapping }): void {
  const place = plan.files.length
  plan.files.push({ ...file, how: found.how, headLines: found.headLines, wanted: mapping.wanted.map(({ column, from }) => ({ column, from })) })
  plan.shards.push(...found.pieces.map((piece) => ({ file: place, piece })))
  plan.guessed ||= found.guessed
  plan.rows = plan.rows === null || found.rows === null ? null : plan.rows + found.rows
}

/** Errors of a file name it. */
async function inFile<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof FairleadError) || error.message.includes(path)) throw error
    throw new FairleadError(error.code, `${path}: ${error.message}`, { items: error.items, cause: error })
  }
}

function oneFormat(paths: readonly string[]): BatchFormat {
  const formats = new Set(paths.map((path) => formatOf(path)))
  const [format] = formats
  if (formats.size > 1)
    throw new FairleadError('request-invalid', `The files have different forms (${[...formats].join(', ')}); score them in jobs of their own.`)
  if (!format) throw new FairleadError('request-invalid', `${paths[0]}: its name does not tell its form; say it with --format.`)
  return format
}

function checkSameColumns(path: string, first: readonly SourceColumn[], own: readonly SourceColumn[]): void {
  const names = new Set(own.map(({ name }) => name))
  const missing = first.find(({ name }) => !names.has(name))
  if (missing) throw new FairleadError('column-missing', `${path}: it has no column "${missing.name}", which the first file has, and inputs are kept.`)
}

/** The columns of the files as they are written again: texts stay as they are where both sides are text. */
function keptColumns(
  found: readonly SourceColumn[],
  { wanted }: Mapping,
  { format, outputFormat }: { format: BatchFormat; outputFormat: BatchFormat },
): JobPlan['kept'] {
  const types = new Map(wanted.map(({ from, column }) => [from, column.shape?.length ? 'string' : column.type]))
  const asText = format === 'csv' && outputFormat === 'csv'
  return found.map(({ name, type, unreadable }) => {
    if (unreadable !== undefined)
      throw new FairleadError('value-type', `The column "${name}" is ${unreadable} and cannot be kept; leave it out of the file, or out of the output.`)
    return { name, type: asText ? 'string' : (type ?? types.get(name) ?? 'string') }
  })
}
