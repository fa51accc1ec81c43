import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { lstat, readdir, realpath, stat } from 'node:fs/promises'
import { basename, join, relative, resolve, sep } from 'node:path'
import { FairleadError } from '@fairlead/contract'

/** One file to send, with its path inside the model's folder (forward slashes). */
export interface SourceFile {
  path: string
  full: string
  size: number
}

const IGNORED = new Set(['.git', '__pycache__', '.DS_Store', 'Thumbs.db', '.ipynb_checkpoints'])
const MOST_FILES = 10_000
/** Protobuf, in which ONNX files are written, ends there. The platform would say so only when all is sent. */
const MOST_ONNX_BYTES = 2 ** 31 - 1

/**
 * Lists the files of a model: the file itself, or all of a folder in order of path.
 * Throws `file-unreadable` for what is missing or empty, and for links that leave the folder; `model-too-large` for what cannot be an ONNX file.
 */
export async function listSource(source: string): Promise<SourceFile[]> {
  const root = resolve(source)
  const info = await stat(root).catch((cause: unknown) => unreadable(source, cause))
  if (info.isFile()) return checkSizes([{ path: basename(root), full: root, size: info.size }])
  if (!info.isDirectory()) throw new FairleadError('file-unreadable', `${source} is neither a file nor a folder.`)
  const files: SourceFile[] = []
  await walk({ root: await realpath(root), files }, await realpath(root), new Set())
  if (files.length === 0) throw new FairleadError('file-unreadable', `The folder ${source} holds no files.`)
  return checkSizes(files.sort((a, b) => (a.path < b.path ? -1 : 1)))
}

function checkSizes(files: SourceFile[]): SourceFile[] {
  const large = files.find(({ path, size }) => /\.onnx$/i.test(path) && size > MOST_ONNX_BYTES)
  if (!large) return files
  const detail = `"${large.path}" has ${large.size} bytes; an ONNX file holds at most ${MOST_ONNX_BYTES}.`
  throw new FairleadError('model-too-large', detail, { items: [{ path: large.path, code: 'model-too-large', detail }] })
}

async function walk(found: { root: string; files: SourceFile[] }, folder: string, above: ReadonlySet<string>): Promise<void> {
  const { root, files } = found
  const real = await realpath(folder)
  if (above.has(real)) throw new FairleadError('file-unreadable', `${folder} is a link to a folder above it.`)
  for (const name of await readdir(folder)) {
    if (IGNORED.has(name)) continue
    const full = join(folder, name)
    if ((await lstat(full)).isSymbolicLink()) await checkLink(root, full)
    const info = await stat(full).catch((cause: unknown) => unreadable(full, cause))
    if (info.isDirectory()) await walk(found, full, new Set([...above, real]))
    else if (info.isFile()) files.push({ path: relative(root, full).split(sep).join('/'), full, size: info.size })
    else throw new FairleadError('file-unreadable', `${full} is neither a file nor a folder.`)
    if (files.length > MOST_FILES) throw new FairleadError('file-unreadable', `${root} holds more than ${MOST_FILES} files; name the model's own folder.`)
  }
}

async function checkLink(root: string, link: string): Promise<void> {
  const target = await realpath(link).catch((cause: unknown) => unreadable(link, cause))
  if (target !== root && !target.startsWith(root + sep)) {
    throw new FairleadError('file-unreadable', `${link} links to ${target}, outside the model's folder. Copy the file into the folder.`)
  }
}

const REASONS: Record<string, string> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'a part of the path is a file, not a folder',
  EACCES: 'you may not read it',
  EPERM: 'you may not read it',
  EISDIR: 'it is a folder',
  ELOOP: 'it is a link that leads to itself',
}

/** The error of a file that could not be read, in words rather than the system's. */
export function unreadableFile(path: string, cause: unknown): FairleadError {
  const reason = REASONS[(cause as NodeJS.ErrnoException).code ?? ''] ?? (cause instanceof Error ? cause.message.split('\n')[0] : String(cause))
  return new FairleadError('file-unreadable', `${path} cannot be read: ${reason}.`, { cause })
}

function unreadable(path: string, cause: unknown): never {
  throw unreadableFile(path, cause)
}

/** SHA-256 of a file, as `sha256:` and hex. */
export async function digestFile(path: string): Promise<string> {
  const hash = createHash('sha256')
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer)
  } catch (cause) {
    unreadable(path, cause)
  }
  return `sha256:${hash.digest('hex')}`
}
