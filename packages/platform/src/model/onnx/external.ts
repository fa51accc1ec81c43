import { FairleadError, type ProblemItem } from '@fairlead/contract'
import type { OnnxModel } from './model.ts'

/** A file with weights beside an ONNX file, and how many bytes of it the model needs. */
export interface ExternalFile {
  /** Path relative to the folder of the ONNX file, with `/` between parts. */
  path: string
  needed: number
}

/**
 * Answers `path` without `.` parts when it stays inside its folder.
 * Throws FairleadError `model-path-escapes` for absolute paths, `..`, backslashes, drive letters and NUL.
 */
export function insidePath(path: string, what: string): string {
  const parts = path.split('/').filter((part) => part !== '.')
  const escapes = path === '' || path.startsWith('/') || /[\\\0]/.test(path) || /^[A-Za-z]:/.test(path) || parts.some((part) => part === '..' || part === '')
  if (escapes || parts.length === 0)
    throw new FairleadError('model-path-escapes', `${what} names the file ${JSON.stringify(path)}, which is not a path inside the model's folder`)
  return parts.join('/')
}

/** The external data files of a model, each path checked. Throws FairleadError `model-path-escapes`. */
export function externalDataFiles(model: OnnxModel): ExternalFile[] {
  const files = new Map<string, number>()
  for (const tensor of model.external) {
    if (!tensor.external) continue
    const path = insidePath(tensor.external.location, `tensor "${tensor.name}"`)
    const needed = tensor.external.offset + tensor.sizeBytes
    files.set(path, Math.max(needed, files.get(path) ?? 0))
  }
  return [...files].map(([path, needed]) => ({ path, needed }))
}

/**
 * Checks that every external data file is there and long enough.
 * `folder` is the folder of the ONNX file within `present` (empty for the root). Throws FairleadError `model-data-missing`.
 */
export function requireExternalData(model: OnnxModel, present: readonly { path: string; size: number }[], folder = ''): ExternalFile[] {
  const sizes = new Map(present.map((file) => [file.path, file.size]))
  const files = externalDataFiles(model).map((file) => ({ ...file, path: folder === '' ? file.path : `${folder}/${file.path}` }))
  const items: ProblemItem[] = []
  for (const { path, needed } of files) {
    const size = sizes.get(path)
    if (size === undefined) items.push({ path, code: 'model-data-missing', detail: 'the file is missing' })
    else if (size < needed) items.push({ path, code: 'model-data-missing', detail: `the file has ${size} bytes and the model reads ${needed}` })
  }
  if (items.length > 0) {
    const list = items.map((item) => `${item.path} (${item.detail})`).join(', ')
    throw new FairleadError('model-data-missing', `the model keeps weights in other files: ${list}`, { items })
  }
  return files
}
