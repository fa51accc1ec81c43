import { openAsBlob } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Control, RequestError } from '@fairlead/client'
import { FairleadError, parseJson, ROW_MEMBERS, writeJson } from '@fairlead/contract'
import { goldenRows, type ImportRequest, type ImportResult, importRequest, type ReadingOptions } from '@fairlead/contract/control'
import { readYaml } from '../kernel/yaml.ts'
import { cell } from './format.ts'
import { commitOf } from './git-commit.ts'
import { digestFile, listSource, type SourceFile, unreadableFile } from './model-source.ts'
import type { Progress } from './progress.ts'

/** A model to hand over: its files, and what is known of it besides. */
export interface ModelToImport {
  /** Whether the model must not be there yet. */
  new?: boolean
  name: string
  /** A file, a folder, or `-` for a model file on stdin. */
  source: string
  signature?: string | undefined
  reading?: ReadingOptions | undefined
  baseline?: string | undefined
  golden?: string | undefined
  alias?: string | undefined
  tags?: Record<string, string> | undefined
  metrics?: Record<string, number> | undefined
  description?: string | undefined
  /** What is known of where it came from, beside its source. */
  lineage?: ImportRequest['lineage'] | undefined
  /** Lets the code run that loading the model runs. */
  allowCode?: boolean | undefined
}

/** What an import needs besides the model. */
export interface ImportMeans {
  control: Control
  progress: Progress
  stdin: AsyncIterable<Uint8Array | string>
}

type Extras = Omit<ImportRequest, 'upload'>

const AGAIN_MS = 2000

/**
 * Uploads a model's files and makes a version of them; the same files again answer the version that is there.
 * Whatever is wrong with the files beside the model is found before anything is sent. An upload that fails is dropped.
 */
export async function importModel(model: ModelToImport, means: ImportMeans): Promise<ImportResult> {
  const extras = await readExtras(model)
  const files = model.source === '-' ? undefined : await listSource(model.source)
  const { upload } = await means.control.call('createUpload')
  try {
    if (files) await sendFiles(upload, files, means)
    else await sendStdin(upload, means)
    means.progress.update('reading the model', null)
    return await imported(model.name, { upload, ...extras }, means)
  } catch (error) {
    await means.control.call('deleteUpload', { params: { upload } }).catch(() => {})
    throw error
  } finally {
    means.progress.end()
  }
}

/** A Python environment takes minutes to build: the request is sent again until it is there, and what is happening is told meanwhile. */
async function imported(model: string, body: ImportRequest, { control, progress }: ImportMeans): Promise<ImportResult> {
  for (;;) {
    try {
      return await control.call('importVersion', { params: { model }, body })
    } catch (error) {
      if (!(error instanceof RequestError) || error.code !== 'environment-building') throw error
      progress.update(error.detail, null)
      await sleep(error.retryAfterMs ?? AGAIN_MS)
    }
  }
}

async function readExtras(model: ModelToImport): Promise<Extras> {
  const codeCommit = model.source === '-' ? undefined : await commitOf(model.source)
  const dataDigests = model.baseline === undefined ? undefined : { baseline: await digestFile(model.baseline) }
  const extras = {
    signature: model.signature === undefined ? undefined : await readText(model.signature),
    golden: model.golden === undefined ? undefined : await readGolden(model.golden),
    reading: model.reading,
    newModel: model.new,
    alias: model.alias,
    tags: model.tags,
    metrics: model.metrics,
    description: model.description,
    allowCode: model.allowCode,
    lineage: clean({ source: model.source, codeCommit, dataDigests, ...model.lineage }),
  }
  const parsed = importRequest.omit({ upload: true }).safeParse(clean(extras))
  if (parsed.success) return clean(extras)
  const issue = parsed.error.issues[0]
  const [field = '', ...rest] = issue?.path ?? []
  const given = (extras as Record<PropertyKey, unknown>)[field]
  throw new FairleadError(
    'request-invalid',
    `--${[field, ...rest].join(' ')} cannot be ${cell(given).slice(0, 100)}${field === 'alias' ? ': a-z, 0-9 and . _ - make an alias' : ''}.`,
  )
}

function clean<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, inner]) => inner !== undefined)) as never
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw unreadableFile(path, cause)
  }
}

async function readGolden(path: string): Promise<ImportRequest['golden']> {
  const text = await readText(path)
  let value: unknown
  try {
    value = path.endsWith('.json')
      ? parseJson(text, ROW_MEMBERS)
      : parseJson(writeJson(readYaml(text, { intAsBigInt: true, maxAliasCount: 100 }).value), ROW_MEMBERS)
  } catch (cause) {
    throw new FairleadError('file-unreadable', `${path} is not valid: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
  const golden = goldenRows.safeParse(value)
  if (!golden.success) {
    throw new FairleadError('request-invalid', `${path}: ${wrongIn(value, golden.error.issues[0]?.path ?? [])}. ${GOLDEN_FORM}`)
  }
  if (golden.data.rows.length !== golden.data.predictions.length) {
    throw new FairleadError(
      'request-invalid',
      `${path}: it has ${golden.data.rows.length} rows and ${golden.data.predictions.length} predictions; one each is needed.`,
    )
  }
  return golden.data
}

const GOLDEN_FORM =
  'Golden rows are {"tolerance": 1e-5, "rows": [{"age": 35, …}, …], "predictions": [{"label": "good", …}, …]}: a prediction for each row, as predict answers it.'

/** What stands at a place of a file where something else is needed, in words. */
function wrongIn(value: unknown, path: readonly PropertyKey[]): string {
  let found = value
  for (const step of path) found = (found as Record<PropertyKey, unknown> | undefined)?.[step]
  const place = path.reduce<string>((words, step) => words + (typeof step === 'number' ? `[${step}]` : `${words === '' ? '' : '.'}${String(step)}`), '')
  const kind = Array.isArray(found)
    ? found.length === 0
      ? 'an empty list'
      : 'a list'
    : found === null
      ? 'null'
      : typeof found === 'object'
        ? 'an object'
        : undefined
  return `${place === '' ? 'the file' : place} ${found === undefined ? 'is missing' : `is ${kind ?? cell(found)}`}`
}

async function sendFiles(upload: string, files: SourceFile[], means: ImportMeans): Promise<void> {
  const total = files.reduce((sum, file) => sum + file.size, 0)
  let sent = 0
  for (const file of files) {
    const blob = await openAsBlob(file.full)
    const before = sent
    const counted = counting(blob.stream(), (count) => {
      sent += count
      means.progress.transfer({ what: `sending ${file.path}`, size: file.size }, sent, total)
    })
    means.progress.transfer({ what: `sending ${file.path}`, size: file.size }, before, total)
    // a file without bytes has no stream to follow
    await means.control.upload(upload, file.path, file.size === 0 ? new Uint8Array() : counted)
  }
}

async function sendStdin(upload: string, means: ImportMeans): Promise<void> {
  means.progress.update('sending the model from stdin', null)
  const chunks = async function* () {
    for await (const chunk of means.stdin) yield typeof chunk === 'string' ? new TextEncoder().encode(chunk) : new Uint8Array(chunk)
  }
  await means.control.upload(upload, 'model', ReadableStream.from(chunks()) as ReadableStream<Uint8Array>)
}

function counting(stream: ReadableStream<Uint8Array>, told: (count: number) => void): ReadableStream<Uint8Array> {
  return stream.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        told(chunk.byteLength)
        controller.enqueue(chunk)
      },
    }),
  )
}
