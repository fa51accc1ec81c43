import { hash } from 'node:crypto'
import { closeSync, fstatSync, fsyncSync, globSync, openSync, readdirSync, readSync, realpathSync, type Stats, statSync } from 'node:fs'
import { basename, dirname, isAbsolute, join, resolve, sep } from 'node:path'
import { FairleadError } from '@fairlead/contract'
import type { BatchFormat } from '@fairlead/contract/control'

/** Where jobs may read and write: below these folders, or anywhere where there is no list; never below `closed`. Absolute paths. */
export interface PathRules {
  folders: readonly string[] | null
  closed: readonly string[]
}

/** A file as it was when a job was planned. */
export interface FileFacts {
  path: string
  size: number
  mtimeMs: number
  inode: number
  /** Of its first and last bytes, by which a file is told from another of the same size and time. */
  digest: string
}

const MOST_FILES = 100_000
const HEAD_BYTES = 4096
const TAIL_BYTES = 65_536

const ENDINGS: Readonly<Record<string, BatchFormat>> = {
  csv: 'csv',
  tsv: 'csv',
  txt: 'csv',
  ndjson: 'ndjson',
  jsonl: 'ndjson',
  parquet: 'parquet',
  pq: 'parquet',
  arrow: 'arrow',
  feather: 'arrow',
  ipc: 'arrow',
  arrows: 'arrows',
}
/** Forms that are known by their endings, and not read yet. */
const LATER: Readonly<Record<string, string>> = {
  xlsx: 'Excel workbooks',
  xls: 'Excel workbooks',
  db: 'databases',
  sqlite: 'databases',
  json: 'JSON documents',
  gz: 'compressed files',
}

/** The form of a file by its name; `undefined` where the name does not tell. Throws `not-supported` for forms that are not read. */
export function formatOf(path: string): BatchFormat | undefined {
  const ending = basename(path).split('.').at(-1)?.toLowerCase() ?? ''
  if (Object.hasOwn(LATER, ending))
    throw new FairleadError('not-supported', `${path}: ${LATER[ending]} cannot be used in batch; use CSV, NDJSON, Parquet or Arrow files.`)
  return Object.hasOwn(ENDINGS, ending) ? ENDINGS[ending] : undefined
}

/** Refuses addresses and places that jobs may not use; answers the real path. `path` need not exist, but its folder must. Throws `path-refused`, `not-supported`, `file-unreadable`. */
export function allowedPath(path: string, { folders, closed }: PathRules): string {
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(path)) throw new FairleadError('not-supported', `${path}: jobs read and write files; other addresses cannot be used yet.`)
  if (!isAbsolute(path)) throw new FairleadError('path-refused', `${path} is not an absolute path.`)
  const real = realPath(path)
  const below = (folder: string) => real === folder || real.startsWith(folder.endsWith(sep) ? folder : folder + sep)
  if (closed.some((folder) => below(folder))) throw new FairleadError('path-refused', `${path} lies in the data folder of the platform.`)
  if (folders && !folders.some((folder) => below(folder))) {
    const where = folders.length === 0 ? 'Jobs of this platform may use no files by their paths' : `Jobs may use files in ${folders.join(', ')} only`
    throw new FairleadError('path-refused', `${where}, and ${path} lies elsewhere.`)
  }
  return real
}

/** Follows links, as far as there is something. */
function realPath(path: string): string {
  const full = resolve(path)
  try {
    return realpathSync(full)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw unreadable(path, cause)
  }
  const parent = dirname(full)
  return parent === full ? full : join(realPath(parent), basename(full))
}

/** The files that names, folders and globs stand for, in order; those of a folder or glob by name. Throws `file-unreadable`, and as `allowedPath`. */
export function findFiles(inputs: readonly string[], rules: PathRules): string[] {
  const found = inputs.flatMap((input) => filesOf(input))
  const files = [...new Set(found)].map((file) => allowedPath(file, rules))
  if (files.length > MOST_FILES) throw new FairleadError('not-supported', `${files.length} files, at most ${MOST_FILES} are taken.`)
  return files
}

function filesOf(input: string): string[] {
  const facts = statSync(input, { throwIfNoEntry: false })
  if (facts?.isFile()) return [input]
  if (facts?.isDirectory()) return inFolder(input)
  if (facts) throw new FairleadError('file-unreadable', `${input} is neither a file nor a folder.`)
  if (!/[*?[{]/.test(input)) throw new FairleadError('file-unreadable', `${input} does not exist.`)
  const files = globSync(input).filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile())
  if (files.length === 0) throw new FairleadError('file-unreadable', `No file is called like ${input}.`)
  return files.sort((a, b) => (a < b ? -1 : 1))
}

function inFolder(folder: string): string[] {
  // hidden files, and those that writers of tables leave beside their parts
  const names = readdirSync(folder).filter((name) => !/^[._]/.test(name) && formatOrNothing(name) !== undefined)
  if (names.length === 0) throw new FairleadError('file-unreadable', `The folder ${folder} has no file that can be scored.`)
  return names.sort((a, b) => (a < b ? -1 : 1)).map((name) => join(folder, name))
}

function formatOrNothing(name: string): BatchFormat | undefined {
  const ending = name.split('.').at(-1)?.toLowerCase() ?? ''
  return Object.hasOwn(ENDINGS, ending) ? ENDINGS[ending] : undefined
}

/** What a file is now. Throws `file-unreadable`. */
export function factsOf(path: string): FileFacts {
  let file: number | undefined
  try {
    file = openSync(path, 'r')
    const facts = fstatSync(file)
    if (!facts.isFile()) throw new FairleadError('file-unreadable', `${path} is not a file.`)
    return { path, ...plainFacts(facts), digest: digestOf(file, facts.size) }
  } catch (cause) {
    throw cause instanceof FairleadError ? cause : unreadable(path, cause)
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

function plainFacts({ size, mtimeMs, ino }: Stats): Pick<FileFacts, 'size' | 'mtimeMs' | 'inode'> {
  return { size, mtimeMs, inode: ino }
}

function digestOf(file: number, size: number): string {
  const head = Buffer.alloc(Math.min(size, HEAD_BYTES))
  const tail = Buffer.alloc(Math.min(size, TAIL_BYTES))
  readSync(file, head, 0, head.length, 0)
  readSync(file, tail, 0, tail.length, size - tail.length)
  return hash('sha256', Buffer.concat([head, tail]), 'hex')
}

/** Throws `source-changed` where a file is not what it was. `deep` looks at its bytes, too. */
export function checkUnchanged(before: FileFacts, { deep = false }: { deep?: boolean } = {}): void {
  const { path, size, mtimeMs, inode } = before
  const now = statSync(path, { throwIfNoEntry: false })
  if (!now) throw new FairleadError('source-changed', `${path} is not there any more.`)
  const words = now.size !== size ? `it had ${size} bytes and has ${now.size}` : 'it was written meanwhile'
  const changed = now.size !== size || now.mtimeMs !== mtimeMs || now.ino !== inode || (deep && factsOf(path).digest !== before.digest)
  if (changed) throw new FairleadError('source-changed', `${path} changed while it was read: ${words}.`)
}

/** An error of the file system, of something that is read. */
export function unreadable(path: string, cause: unknown): FairleadError {
  const { code, message } = cause as NodeJS.ErrnoException
  const words = { ENOENT: 'it does not exist', EACCES: 'it may not be read', EISDIR: 'it is a folder' }[code ?? ''] ?? message
  return new FairleadError('file-unreadable', `${path} cannot be read: ${words}.`, { cause })
}

/** An error of the file system, of something that is written. */
export function unwritable(path: string, cause: unknown): unknown {
  const { code, message } = cause as NodeJS.ErrnoException
  if (cause instanceof FairleadError || code === undefined) return cause
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG')
    return new FairleadError('storage-full', `${path} cannot be written: there is no room (${code}).`, { cause })
  const words = {
    ENOENT: 'its folder does not exist',
    EACCES: 'its folder may not be written',
    EROFS: 'its disk is read-only',
    ENOTDIR: 'its folder is a file',
  }[code]
  return new FairleadError('target-unwritable', `${path} cannot be written: ${words ?? message}.`, { cause })
}

/** Makes sure that a file is on the disk. */
export function flushFile(path: string): void {
  const file = openSync(path, 'r+')
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}
