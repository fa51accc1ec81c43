import { FairleadError, type ProblemItem } from '@fairlead/contract'
import { type ImportRequest, type ModelFile, type ReadingOptions, readingOptions } from '@fairlead/contract/control'
import { canonicalJson } from '../../kernel/canonical-json.ts'
import { YAML_LIMIT } from '../../kernel/yaml.ts'
import type { ReadOptions } from '../../model/index.ts'
import { READING_FILE, SIGNATURE_FILE, STATED_FILES } from './manifest.ts'
import type { BlobStore } from './ports.ts'

/** The files of a version, and what the user states in some of them. */
export interface Stated extends ReadOptions {
  files: ModelFile[]
}

/**
 * Lays what came with a request over the files of an upload: a signature and reading options become files of the version, so that they
 * are a part of its digest; where the request has none, those among the uploaded files count.
 * Throws `signature-invalid` and `model-option-invalid` for such files that cannot be read.
 */
export async function withStated(request: Pick<ImportRequest, 'signature' | 'reading'>, uploaded: ModelFile[], blobs: BlobStore): Promise<Stated> {
  const own = (path: string) => uploaded.find((file) => file.path === path)
  const signatureFile = request.signature ?? (await textOf(own(SIGNATURE_FILE), blobs, 'signature-invalid'))
  const given = request.reading && Object.keys(request.reading).length > 0 ? request.reading : undefined
  const reading = given ?? readingOf(await textOf(own(READING_FILE), blobs, 'model-option-invalid'))
  const files = uploaded.filter((file) => !STATED_FILES.includes(file.path))
  for (const [path, text] of [
    [SIGNATURE_FILE, signatureFile],
    [READING_FILE, reading && canonicalJson(reading)],
  ] as const) {
    if (text !== undefined) files.push({ path, ...(await put(blobs, text)) })
  }
  return { files, signatureFile, reading }
}

async function textOf(file: ModelFile | undefined, blobs: BlobStore, code: 'signature-invalid' | 'model-option-invalid'): Promise<string | undefined> {
  if (!file) return undefined
  if (file.size > YAML_LIMIT) throw new FairleadError(code, `"${file.path}" has more than ${YAML_LIMIT} bytes.`)
  return new TextDecoder().decode(await blobs.read(file.digest))
}

function readingOf(text: string | undefined): ReadingOptions | undefined {
  if (text === undefined) return undefined
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new FairleadError('model-option-invalid', `"${READING_FILE}" is not valid JSON: ${(cause as Error).message}`, { cause })
  }
  const parsed = readingOptions.safeParse(value)
  if (parsed.success) return parsed.data
  const items = parsed.error.issues.map(
    (issue): ProblemItem => ({ path: ['reading', ...issue.path].join('.'), code: 'model-option-invalid', detail: issue.message }),
  )
  throw new FairleadError('model-option-invalid', items.map((item) => `${item.path}: ${item.detail}`).join('; '), { items })
}

async function put(blobs: BlobStore, text: string): Promise<{ digest: string; size: number }> {
  const bytes = Buffer.from(text)
  return blobs.put(
    (async function* () {
      yield bytes
    })(),
  )
}
