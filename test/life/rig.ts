import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Control, createControl } from '@fairlead/client'
import type { Row } from '@fairlead/contract'
import type { Operation, ReleaseSettingsInput } from '@fairlead/contract/control'
import { ROOT } from '../../scripts/files.ts'
import { FAIRLEAD, nodeFirst, type RunningPlatform } from '../support/platform.ts'

/** The project that `npm start` applies. */
export const EXAMPLE = join(ROOT, 'examples/credit-risk')
/** Two models of the same columns: a small one that loads at once, and a hundred trees. */
export const MODELS = { logistic: join(EXAMPLE, 'models/logistic'), trees: join(EXAMPLE, 'model') }

const golden = JSON.parse(readFileSync(join(EXAMPLE, 'golden.json'), 'utf8')) as { rows: Row[] }
/** A row that every test model takes. */
export const ROW: Row = golden.rows[0] as Row

/** A folder that goes with its scope. */
export async function temporaryFolder(): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'fairlead-life-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 3 }) }
}

/** The control API of a platform, as its administrator. */
export function controlOf({ run, token }: Pick<RunningPlatform, 'run' | 'token'>): Control {
  return createControl({ url: run.control, token })
}

/** Imports a folder's files as a version; `note` makes the version a new one, though the model is the same. */
export async function importFolder(control: Control, name: string, { folder, note }: { folder: string; note?: string }): Promise<number> {
  const { upload } = await control.call('createUpload')
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isFile()) await control.upload(upload, entry.name, new Uint8Array(await readFile(join(folder, entry.name))))
  }
  if (note !== undefined) await control.upload(upload, 'note.txt', new TextEncoder().encode(note))
  const signature = await readFile(join(EXAMPLE, 'signature.yaml'), 'utf8')
  const { version } = await control.call('importVersion', { params: { model: name }, body: { upload, signature } })
  return version.version
}

/** Deploys and waits for the end. */
export async function deploy(control: Control, name: string, model: string, settings: ReleaseSettingsInput = {}): Promise<Operation> {
  const { id } = await control.call('createRelease', { params: { deployment: name }, body: { model, settings } })
  return ended(control, id)
}

/** An operation at its end. */
export async function ended(control: Control, id: string): Promise<Operation> {
  const operation = await control.call('getOperation', { params: { operation: id }, query: { wait: 60 } })
  if (operation.state === 'running') throw new Error(`operation ${id} did not end within a minute: ${operation.step}`)
  return operation
}

/** How often each request id stands in a deployment's prediction log. */
export async function logged(control: Control, deployment: string): Promise<Map<string, number>> {
  const counts = new Map<string, number>()
  let next: string | null | undefined
  do {
    const query = { limit: 10_000, ...(next ? { next } : {}) }
    const page = await control.call('listPredictions', { params: { deployment }, query })
    for (const item of page.items) counts.set(String(item._request), (counts.get(String(item._request)) ?? 0) + 1)
    next = page.next
  } while (next)
  return counts
}

/** Samples of a Prometheus text by name and labels. */
export async function samples(url: string): Promise<Map<string, number>> {
  const text = await (await fetch(`${url}/metrics`)).text()
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]))
}

/** Whether a process runs; one that has ended and was not collected by its parent does not. */
export function alive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

type Answer<T> = T | false | undefined

/** Waits until `holds` answers something that counts as true, and answers it. */
export async function eventually<T>(what: string, holds: () => Answer<T> | Promise<Answer<T>>, timeoutMs = 20_000): Promise<T> {
  const until = Date.now() + timeoutMs
  for (;;) {
    const value = await holds()
    if (value) return value
    if (Date.now() > until) throw new Error(`${what}: not within ${timeoutMs} ms`)
    await sleep(25)
  }
}

/** A command that has ended, and what it said. */
export interface Said {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

/** Starts `fairlead up` with just these options. */
export function spawnUp(args: string[]): { child: ChildProcess; said: Promise<Said> } {
  const child = spawn(process.execPath, [FAIRLEAD, 'up', ...args], { cwd: tmpdir(), env: nodeFirst(), stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stdout?.on('data', (chunk) => (stdout += chunk))
  child.stderr?.on('data', (chunk) => (stderr += chunk))
  const said = new Promise<Said>((resolve) => child.once('close', (code, signal) => resolve({ code, signal, stdout, stderr })))
  return { child, said }
}
