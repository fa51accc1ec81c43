import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RunFile } from '../../packages/platform/src/app/data-folder.ts'
import { ROOT } from '../../scripts/files.ts'

/** The workspace's executable. */
export const FAIRLEAD = join(ROOT, 'packages/platform/bin/fairlead.js')

/** A platform in a process of its own, on free ports and a data folder that goes with it. */
export interface RunningPlatform extends AsyncDisposable {
  data: string
  run: RunFile
  token: string
  child: ChildProcess
  /** All it said so far on stdout and stderr. */
  output(): string
  /** Sends SIGTERM and waits; gives the exit code. */
  stop(): Promise<number | null>
}

/** How to start one: the command and arguments before `up`'s options, and where. */
export interface StartOptions {
  command?: string[]
  args?: string[]
  cwd?: string
  data?: string
  timeoutMs?: number
  env?: Record<string, string>
}

/** Environment in which `node` is the Node that runs the tests. */
export function nodeFirst(extra: Record<string, string> = {}): NodeJS.ProcessEnv {
  const kept = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('FAIRLEAD_') && !name.startsWith('npm_')))
  return { ...kept, PATH: `${dirname(process.execPath)}:${process.env.PATH}`, ORT_DISABLE_TELEMETRY: '1', ...extra }
}

/** Starts a platform and waits until it is ready. Throws with what it said when it ends or takes too long. */
export async function startPlatform(options: StartOptions = {}): Promise<RunningPlatform> {
  const own = options.data === undefined
  const data = options.data ?? mkdtempSync(join(tmpdir(), 'fairlead-test-'))
  const [program, ...before] = options.command ?? [process.execPath, FAIRLEAD, 'up']
  const args = [...before, '--data', data, '--port', '0', '--http-port', '0', '--grpc-port', '0', ...(options.args ?? [])]
  // a platform that was killed has left its announcement
  const stale = announced(data)
  const child = spawn(program as string, args, { cwd: options.cwd ?? data, env: nodeFirst(options.env), stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += chunk))
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const stop = async (): Promise<number | null> => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
    return await Promise.race([ended, sleep(20_000, null, { ref: false }).then(() => killed(child))])
  }
  const dispose = async (): Promise<void> => {
    await stop()
    if (own) rmSync(data, { recursive: true, force: true, maxRetries: 3 })
  }
  try {
    const run = await waitForRunFile(data, child, { stale, said: () => said, timeoutMs: options.timeoutMs ?? 30_000 })
    const token = readFileSync(join(data, 'admin-token'), 'utf8').trim()
    return { data, run, token, child, output: () => said, stop, [Symbol.asyncDispose]: dispose }
  } catch (error) {
    await dispose()
    throw error
  }
}

function killed(child: ChildProcess): null {
  child.kill('SIGKILL')
  return null
}

function announced(data: string): string {
  const path = join(data, 'run.json')
  return existsSync(path) ? readFileSync(path, 'utf8') : ''
}

async function waitForRunFile(data: string, child: ChildProcess, options: { stale: string; said: () => string; timeoutMs: number }): Promise<RunFile> {
  const until = Date.now() + options.timeoutMs
  while (Date.now() < until) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`The platform ended with ${child.exitCode ?? child.signalCode}:\n${options.said()}`)
    const text = announced(data)
    if (text !== '' && text !== options.stale) return JSON.parse(text) as RunFile
    await sleep(20)
  }
  throw new Error(`The platform was not ready within ${options.timeoutMs} ms:\n${options.said()}`)
}

/** Runs a command of the CLI against a data folder and gives what it said. */
export async function fairlead(data: string, args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [FAIRLEAD, ...args, '--data', data], { cwd: data, env: nodeFirst(), stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk) => (stdout += chunk))
  child.stderr.on('data', (chunk) => (stderr += chunk))
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, stdout, stderr }
}
