import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { availableParallelism } from 'node:os'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { nodeFirst } from '../../test/support/platform.ts'
import { processorMicros, processTree } from '../platform.ts'
import type { Running } from './contender.ts'

/** Whether servers and generator can have a core each. */
export const PINNED = process.platform === 'linux' && availableParallelism() > 1 && spawnSync('taskset', ['--version']).status === 0

/** A command that runs on the core of the servers, where that can be said. */
export function onServerCore(command: string[]): string[] {
  return PINNED ? ['taskset', '-c', '0', ...command] : command
}

/** Moves a running process to the core of the servers or that of the generator. */
export function pin(pid: number, core: 'server' | 'generator'): void {
  if (!PINNED) return
  const moved = spawnSync('taskset', ['-a', '-c', '-p', core === 'server' ? '0' : '1', String(pid)], { encoding: 'utf8' })
  if (moved.status !== 0) throw new Error(`taskset ended with ${moved.status}: ${moved.stderr}`)
}

export interface LaunchOptions {
  command: string[]
  port: number
  /** Answers 200 to GET when the server is ready. */
  ready: string
  /** File for all it says. */
  log: string
  cwd?: string
  env?: Record<string, string>
  timeoutMs?: number
}

/** Groups of servers that run: none outlives the benchmark, however it ends. */
const groups = new Set<number>()
process.on('exit', () => {
  for (const group of groups) signal(-group, 'SIGKILL')
})
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => process.exit(name === 'SIGINT' ? 130 : 143))

/** Starts a server in a process group of its own and waits until it is ready. Throws with the end of what it said when it ends or takes too long. */
export async function launch(options: LaunchOptions): Promise<Running> {
  const [program, ...args] = onServerCore(options.command)
  mkdirSync(dirname(options.log), { recursive: true })
  const log = openSync(options.log, 'w')
  const child = spawn(program as string, args, { cwd: options.cwd, env: nodeFirst(options.env), stdio: ['ignore', log, log], detached: true })
  closeSync(log)
  if (child.pid !== undefined) groups.add(child.pid)
  const ended = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve(String(code ?? signal)))
    child.once('error', (error) => resolve(error.message))
  })
  try {
    await ready(options, ended)
  } catch (error) {
    await stopTree(child)
    throw error
  }
  return { port: { row: options.port, tensor: options.port }, pids: [child.pid as number], stop: () => stopTree(child) }
}

async function ready({ port, ready: path, log, timeoutMs = 120_000 }: LaunchOptions, ended: Promise<string>): Promise<void> {
  const url = `http://127.0.0.1:${port}${path}`
  const until = performance.now() + timeoutMs
  const over = ended.then((code) => `ended with ${code}`)
  for (;;) {
    const answer = fetch(url, { signal: AbortSignal.timeout(5_000) }).then(
      async (response) => {
        await response.arrayBuffer()
        return response.status
      },
      () => 0,
    )
    const state = await Promise.race([answer, over])
    if (state === 200) return
    if (typeof state === 'string' || performance.now() > until) {
      throw new Error(`${typeof state === 'string' ? state : `not ready within ${timeoutMs / 1000} s`}: ${lastWords(readFileSync(log, 'utf8'))}`)
    }
    await sleep(100)
  }
}

/** The last lines that say something, as one. */
export function lastWords(text: string, lines = 3): string {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .slice(-lines)
    .join(' / ')
    .slice(-400)
}

/** Ends a process and all its descendants, also those that left its group. */
export async function stopTree(child: ChildProcess): Promise<void> {
  const { pid } = child
  if (pid === undefined) return
  const tree = await processTree(pid)
  signal(-pid, 'SIGTERM')
  const until = performance.now() + 10_000
  const alive = (): number[] => tree.filter((member) => isAlive(member))
  while (alive().length > 0 && performance.now() < until) await sleep(50)
  for (const member of alive()) signal(member, 'SIGKILL')
  groups.delete(pid)
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** Whether it runs; one that ended and waits for its parent does not. */
function isAlive(pid: number): boolean {
  try {
    if (process.platform !== 'linux') return process.kill(pid, 0)
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) !== 'Z'
  } catch {
    return false
  }
}

/** Processor time that processes and their descendants used so far, in microseconds; undefined where it cannot be read. */
export async function treeMicros(pids: readonly number[]): Promise<number | undefined> {
  if (process.platform !== 'linux') return undefined
  const trees = await Promise.all(pids.map((pid) => processTree(pid)))
  return trees.flat().reduce((sum, pid) => sum + (isAlive(pid) ? processorMicros(pid) : 0), 0)
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}
