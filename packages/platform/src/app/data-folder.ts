import { randomBytes } from 'node:crypto'
import { closeSync, constants, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, statSync, writeSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { FairleadError } from '@fairlead/contract'

/** Where everything of an embedded platform lies, as absolute paths. */
export interface DataFolder {
  root: string
  adminToken: string
  runFile: string
  /** Processes of this run, for a start after it was killed. */
  processes: string
  /** Registry, deployments, access: what must survive. */
  database: string
  /** What processes report while they live; made anew at every start. */
  observed: string
  telemetry: string
  blobs: string
  /** Models with external data, laid out as files. */
  cache: string
  /** Forms of models, below the cache. */
  forms: string
  /** Python environments of models, below the cache. */
  environments: string
  temporary: string
  /** Always empty: what native code of a serve process finds where it runs. */
  empty: string
  log: string
  logs: string
}

/** Names the paths below `root`. */
export function dataFolderAt(path: string): DataFolder {
  const root = resolve(path)
  const at = (...parts: string[]) => join(root, ...parts)
  return {
    root,
    adminToken: at('admin-token'),
    runFile: at('run.json'),
    processes: at('processes.json'),
    database: at('fairlead.db'),
    observed: at('observed.db'),
    telemetry: at('telemetry.db'),
    blobs: at('blobs'),
    cache: at('cache'),
    forms: at('cache/forms'),
    environments: at('cache/python'),
    temporary: at('tmp'),
    empty: at('empty'),
    log: at('log'),
    logs: at('logs'),
  }
}

/** Makes the folders below `root` and tries to write. Throws `data-unwritable`. */
export function openDataFolder(path: string): DataFolder {
  const folder = dataFolderAt(path)
  const { root } = folder
  const probe = join(folder.temporary, 'probe')
  try {
    makeFolder(root, 0o700)
    for (const sub of [folder.blobs, folder.cache, folder.temporary, folder.log, folder.logs]) makeFolder(sub, 0o777)
    makeFolder(folder.empty, 0o500)
    writeDurably(probe, 'ok', 0o600)
    rmSync(probe)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new FairleadError('data-unwritable', `The data folder ${root} cannot be written: ${reason}. Choose another with --data.`, { cause })
  }
  return folder
}

/** Makes a folder and those above it. Node's own way, `recursive`, never returns for a path such as `/proc/x`. */
function makeFolder(path: string, mode: number): void {
  try {
    mkdirSync(path, { mode })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST' && statSync(path).isDirectory()) return
    if (code !== 'ENOENT' || existsSync(dirname(path))) throw error
    makeFolder(dirname(path), mode)
    mkdirSync(path, { mode })
  }
}

/** Writes a file so that a crash leaves the old one or the new one, never half of one. */
export function writeDurably(path: string, text: string, mode: number): void {
  const temporary = `${path}.${process.pid}.tmp`
  const file = openSync(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC, mode)
  try {
    writeSync(file, text)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(temporary, path)
}

/** Reads the admin token, or makes it at the first start. Throws `file-unreadable` where the file holds something else. */
export function adminToken(folder: DataFolder): string {
  if (existsSync(folder.adminToken)) {
    const token = readFileSync(folder.adminToken, 'utf8').trim()
    if (/^[\x21-\x7e]{20,500}$/.test(token)) return token
    const rule = 'one line of at least 20 letters, digits or signs, without spaces'
    throw new FairleadError(
      'file-unreadable',
      `${folder.adminToken} does not hold a token: that is ${rule}. Put the token back, or remove the file for a new one.`,
    )
  }
  const token = `fla_${randomBytes(32).toString('base64url')}`
  writeDurably(folder.adminToken, `${token}\n`, 0o600)
  return token
}

/** What `DIR/run.json` says, exactly while the platform is ready. */
export interface RunFile {
  pid: number
  version: string
  control: string
  http: string
  grpc: string | null
  startedAt: string
}

/** Announces readiness. */
export function writeRunFile(folder: DataFolder, run: RunFile): void {
  writeDurably(folder.runFile, `${JSON.stringify(run, null, 2)}\n`, 0o600)
}

/** Takes the announcement back. */
export function removeRunFile(folder: DataFolder): void {
  rmSync(folder.runFile, { force: true })
}
