import { readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { FairleadError } from '@fairlead/contract'
import type { Environment } from '../config/index.ts'

/** Where the platform is, as the global options, the data folder or the environment say it. */
export interface PlatformAddress {
  control: string
  /** Address of predictions, where the data folder told it. */
  http: string | undefined
  token: string | undefined
  /** The data folder of the current folder, where it stands before a platform that the environment names. */
  before?: string | undefined
}

/** What names the platform, from the command line and around it. */
export interface AddressSources {
  url?: string | undefined
  token?: string | undefined
  data?: string | undefined
  env: Environment
  cwd: string
}

/**
 * Finds the platform: `--url`, else the data folder of `--data`, else `./.fairlead`, else `FAIRLEAD_URL`; the token in the same order.
 * Throws `unreachable` with what to do when there is none, or when the folder's platform has ended.
 */
export function findPlatform(sources: AddressSources): PlatformAddress {
  const { env } = sources
  if (sources.url !== undefined) {
    const folder = sources.data === undefined ? undefined : resolve(sources.cwd, sources.data)
    return { control: checkUrl(sources.url, '--url'), http: undefined, token: sources.token ?? (folder ? readToken(folder) : env.FAIRLEAD_TOKEN) }
  }
  if (sources.data !== undefined) return fromFolder(resolve(sources.cwd, sources.data), sources.token)
  const near = resolve(sources.cwd, '.fairlead')
  const nearRuns = runFile(near) !== undefined
  if (nearRuns || (env.FAIRLEAD_URL === undefined && exists(near))) return { ...fromFolder(near, sources.token), before: overridden(env) ? near : undefined }
  if (env.FAIRLEAD_URL) return { control: checkUrl(env.FAIRLEAD_URL, 'FAIRLEAD_URL'), http: undefined, token: sources.token ?? env.FAIRLEAD_TOKEN }
  if (env.FAIRLEAD_DATA) return fromFolder(resolve(sources.cwd, env.FAIRLEAD_DATA), sources.token)
  throw new FairleadError('unreachable', `There is no platform here: ${near} does not exist, and neither --url, --data nor FAIRLEAD_URL names one.`)
}

function overridden(env: Environment): boolean {
  return env.FAIRLEAD_URL !== undefined || env.FAIRLEAD_TOKEN !== undefined
}

function fromFolder(folder: string, token: string | undefined): PlatformAddress {
  const run = runFile(folder)
  if (!run) throw new FairleadError('unreachable', `No platform runs on the data folder ${folder}: it has no run.json.`)
  if (!alive(run.pid)) {
    throw new FairleadError('unreachable', `No platform runs on the data folder ${folder}: its run.json is left from process ${run.pid}, which has ended.`)
  }
  return { control: run.control, http: run.http, token: token ?? readToken(folder) }
}

interface RunFile {
  pid: number
  control: string
  http: string
}

function runFile(folder: string): RunFile | undefined {
  let text: string
  try {
    text = readFileSync(join(folder, 'run.json'), 'utf8')
  } catch {
    return undefined
  }
  try {
    const run = JSON.parse(text) as RunFile
    if (typeof run.pid === 'number' && typeof run.control === 'string' && typeof run.http === 'string') return run
  } catch {
    // falls through to the one error of a damaged file
  }
  throw new FairleadError('unreachable', `${join(folder, 'run.json')} is damaged; the platform writes it anew when it starts.`)
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // another user's process is alive too
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function readToken(folder: string): string | undefined {
  try {
    return readFileSync(join(folder, 'admin-token'), 'utf8').trim()
  } catch {
    return undefined
  }
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined
}

function checkUrl(url: string, place: string): string {
  if (!/^https?:$/.test(URL.parse(url)?.protocol ?? '')) throw new FairleadError('usage', `${place} takes an http: or https: address, not "${url}".`)
  return url.replace(/\/+$/, '')
}
