import { spawn } from 'node:child_process'
import { accessSync, constants, existsSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { createServer } from 'node:net'
import { freemem, totalmem } from 'node:os'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Control } from '@fairlead/client'
import type { PlatformSettings } from '../../config/index.ts'
import { bytes, duration } from '../format.ts'
import type { PlatformAddress } from '../platform-address.ts'

/** What a check found. */
export interface Finding {
  name: string
  state: 'ok' | 'warn' | 'wrong'
  detail: string
  /** How to mend it. */
  remedy?: string
}

/** What checks look at. */
export interface CheckContext {
  settings: PlatformSettings
  address: () => PlatformAddress
  control: () => Control
}

/** One thing that `fairlead doctor` looks at. */
export interface Check {
  name: string
  run(context: CheckContext): Promise<Omit<Finding, 'name'>>
}

const LEAST_FREE = 500 * 1024 ** 2
const LEAST_MEMORY = 512 * 1024 ** 2
const MOST_SKEW_MS = 5000

/** Everything that `fairlead doctor` looks at, in order. */
export const CHECKS: readonly Check[] = [
  { name: 'node', run: async () => nodeVersion(process.versions.node) },
  { name: 'onnxruntime', run: () => nativePackage('onnxruntime-node', 'models cannot run') },
  { name: 'duckdb', run: () => nativePackage('@duckdb/node-api', 'the prediction log cannot be written as Parquet or read') },
  { name: 'data folder', run: async ({ settings }) => dataFolder(settings.dataDir) },
  { name: 'disk', run: ({ settings }) => disk(settings.dataDir) },
  { name: 'memory', run: async () => memory(freemem(), totalmem()) },
  { name: 'ports', run: ports },
  { name: 'platform', run: platform },
  { name: 'clock', run: clock },
]

/** Whether a version of Node.js is new enough. */
export function nodeVersion(version: string): Omit<Finding, 'name'> {
  if (Number(version.split('.')[0]) >= 24) return { state: 'ok', detail: `Node.js ${version}` }
  return {
    state: 'wrong',
    detail: `Node.js ${version} is too old`,
    remedy: 'Install Node.js 24 or newer from https://nodejs.org, or run through npm, which brings it.',
  }
}

/** Loads a package in a process of its own: a native library that does not fit the machine may end the process that loads it. */
export function nativePackage(name: string, consequence: string): Promise<Omit<Finding, 'name'>> {
  return new Promise((resolve) => {
    const here = dirname(fileURLToPath(import.meta.url))
    const child = spawn(process.execPath, ['--input-type=module', '-e', `await import(${JSON.stringify(name)})`], {
      cwd: here,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let stderr = ''
    child.stderr.on('data', (chunk: Buffer) => {
      if (stderr.length < 10_000) stderr += chunk.toString()
    })
    const timer = setTimeout(() => child.kill('SIGKILL'), 20_000)
    child.once('close', (code, signal) => {
      clearTimeout(timer)
      if (code === 0) return resolve({ state: 'ok', detail: `${name} loads` })
      const reason = stderr.split('\n').find((line) => /error/i.test(line)) ?? `it ended with ${signal ?? `exit code ${code}`}`
      resolve({
        state: 'wrong',
        detail: `${name} does not load, so ${consequence}: ${reason.trim()}`,
        remedy: `Install it anew (npm ci, or npm install fairlead) on this machine: ${process.platform} ${process.arch}; Alpine Linux (musl) is not supported by it.`,
      })
    })
  })
}

/** Whether the data folder, or the nearest folder above it that exists, can be written. */
export function dataFolder(path: string): Omit<Finding, 'name'> {
  let folder = path
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder)
  try {
    accessSync(folder, constants.W_OK | constants.X_OK)
    return { state: 'ok', detail: folder === path ? `${path} can be written` : `${path} can be made` }
  } catch {
    return { state: 'wrong', detail: `${folder} cannot be written by this user`, remedy: 'Choose another folder with --data, or change its permissions.' }
  }
}

async function disk(path: string): Promise<Omit<Finding, 'name'>> {
  let folder = path
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder)
  const { bavail, bsize } = await statfs(folder)
  const free = bavail * bsize
  if (free >= LEAST_FREE) return { state: 'ok', detail: `${bytes(free)} free` }
  return { state: 'wrong', detail: `only ${bytes(free)} free for ${path}`, remedy: 'Free space, or choose a folder on another disk with --data.' }
}

/** Whether there is memory enough for a platform. */
export function memory(free: number, total: number): Omit<Finding, 'name'> {
  const detail = `${bytes(free)} of ${bytes(total)} free`
  // what the system uses as file cache counts as used on some systems, so little free memory alone is no fault
  if (total < LEAST_MEMORY)
    return { state: 'wrong', detail: `only ${bytes(total)} of memory`, remedy: 'A platform with one small model takes about 350 MB; use a larger machine.' }
  if (free >= LEAST_MEMORY) return { state: 'ok', detail }
  return {
    state: 'warn',
    detail,
    remedy: 'A platform with one small model takes about 350 MB; close other programs, or start fewer processes with --processes.',
  }
}

async function ports({ settings, address, control }: CheckContext): Promise<Omit<Finding, 'name'>> {
  const own = await portsOfPlatform({ address, control })
  const wanted: [string, number][] = [
    ['--port', settings.port],
    ['--http-port', settings.httpPort],
    ['--grpc-port', settings.grpcPort],
  ]
  const taken: string[] = []
  const held: number[] = []
  for (const [option, port] of wanted) {
    if (port === 0 || (await free(settings.host, port))) continue
    if (own.includes(port)) held.push(port)
    else taken.push(`${port} (${option})`)
  }
  if (taken.length === 0 && held.length > 0) return { state: 'ok', detail: `${held.join(', ')} held by the running platform` }
  if (taken.length === 0) return { state: 'ok', detail: `${wanted.map(([, port]) => port).join(', ')} are free` }
  return {
    state: 'wrong',
    detail: `in use by another program: ${taken.join(', ')}`,
    remedy: 'Stop that program, or choose other ports with the options named; 0 means any free one.',
  }
}

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/

/** Ports of the platform, where it runs on this machine. */
async function portsOfPlatform({ address, control }: Pick<CheckContext, 'address' | 'control'>): Promise<number[]> {
  if (!runs(address)) return []
  const found = address()
  // a data folder is of this machine; an address may be of any
  if (found.http === undefined && !LOOPBACK.test(new URL(found.control).hostname)) return []
  const { addresses } = await control().call('getStatus')
  return Object.values(addresses).flatMap((one) => (one === null ? [] : [Number(/:(\d+)$/.exec(one)?.[1] ?? 80)]))
}

function runs(address: () => PlatformAddress): boolean {
  try {
    return address() !== undefined
  } catch {
    return false
  }
}

/** Whether a port can be listened on. */
export function free(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)))
  })
}

async function platform({ address, control }: CheckContext): Promise<Omit<Finding, 'name'>> {
  if (!runs(address)) return { state: 'ok', detail: 'none runs here; start one with: fairlead up' }
  const status = await control().call('getStatus')
  const ready = await fetch(`${address().control}/readyz`, { signal: AbortSignal.timeout(5000) })
  const sentence = `${status.version} at ${address().control}: ${status.sentence}`
  if (!ready.ok) return { state: 'wrong', detail: `${sentence} It is not ready (${ready.status}).`, remedy: `Its reasons: ${address().control}/readyz` }
  if (status.health === 'alert') return { state: 'wrong', detail: sentence, remedy: 'fairlead status tells more.' }
  return { state: status.health === 'warn' ? 'warn' : 'ok', detail: sentence }
}

async function clock({ address, control }: CheckContext): Promise<Omit<Finding, 'name'>> {
  const now = Date.now()
  if (now < Date.parse('2025-01-01T00:00:00Z'))
    return { state: 'wrong', detail: `the clock says ${new Date(now).toISOString()}`, remedy: 'Set the clock; keys, links and the log depend on it.' }
  if (!runs(address)) return { state: 'ok', detail: new Date(now).toISOString() }
  const { at } = await control().call('getStatus')
  const skew = Math.abs(Date.parse(at) - (now + Date.now()) / 2)
  if (skew <= MOST_SKEW_MS) return { state: 'ok', detail: `${new Date(now).toISOString()}, the same as the platform's` }
  return { state: 'warn', detail: `it differs from the platform's by ${duration(skew)}`, remedy: 'Keep both machines in time with NTP.' }
}
