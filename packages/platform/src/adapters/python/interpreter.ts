import { execFile } from 'node:child_process'
import { constants } from 'node:fs'
import { access, readdir, realpath } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { FairleadError } from '@fairlead/contract'
import { type PythonHost, workerVariables } from './host.ts'

const run = promisify(execFile)

/** A Python that was started and said what it is. */
export interface Interpreter {
  path: string
  /** `3.11.7` */
  version: string
  /** Folder of its library, which what runs in its environments reads. */
  prefix: string
}

/** Longest time that an interpreter takes to say its version. */
const ASK_MS = 10_000
// what lies on a search path may be a script that only finds the interpreter
const ASK =
  'import json, sys; print(json.dumps([getattr(sys, "_base_executable", None) or sys.executable, ".".join(map(str, sys.version_info[:3])), sys.base_prefix]))'

/** What the program at a path says of itself; undefined where it is no Python that starts. */
export async function askInterpreter(path: string, host: Pick<PythonHost, 'variables'>): Promise<Interpreter | undefined> {
  try {
    const { stdout } = await run(path, ['-I', '-S', '-c', ASK], { timeout: ASK_MS, env: workerVariables(host) })
    const [own, version, prefix] = JSON.parse(stdout) as [string, string, string]
    return { path: own, version, prefix }
  } catch {
    return undefined
  }
}

/** `3.11` of `3.11.7`. */
export function minorOf(version: string): string {
  return version.split('.').slice(0, 2).join('.')
}

/**
 * An interpreter whose version has the first two numbers of `wanted`, as pickles need: one that was named, else one that uv, the search path or
 * pyenv has; any Python 3 where none is wanted. Throws `environment-failed` that says what was found and how to name one.
 */
export async function findInterpreter(wanted: string | undefined, host: Pick<PythonHost, 'interpreters' | 'variables'>): Promise<Interpreter> {
  const minor = wanted === undefined ? undefined : minorOf(wanted)
  const seen: Interpreter[] = []
  for await (const path of candidates(minor, host)) {
    const found = await askInterpreter(path, host)
    if (found && (minor === undefined ? found.version.startsWith('3.') : minorOf(found.version) === minor)) return found
    if (found) seen.push(found)
  }
  const others = [...new Set(seen.map(({ version }) => version))]
  const has = others.length === 0 ? 'no Python was found' : `found were ${others.join(', ')}`
  const what = minor === undefined ? 'Python 3' : `Python ${minor}, with which it was made (${wanted})`
  throw new FairleadError(
    'environment-failed',
    `The model needs ${what}, and ${has}. Install it, for instance with "uv python install ${minor ?? '3'}", or name one with --python PATH, and import again.`,
  )
}

async function* candidates(minor: string | undefined, host: Pick<PythonHost, 'interpreters' | 'variables'>): AsyncGenerator<string> {
  const given = new Set<string>()
  for (const path of host.interpreters) if (!given.has(path)) yield remember(given, path)
  const uv = await onPath('uv', host)
  if (uv !== undefined) {
    const found = await run(uv, ['python', 'find', '--no-python-downloads', ...(minor === undefined ? [] : [minor])], { timeout: ASK_MS }).catch(
      () => undefined,
    )
    const path = found?.stdout.trim()
    if (path) yield remember(given, path)
  }
  const names = minor === undefined ? ['python3', 'python'] : [`python${minor}`, 'python3', 'python']
  for (const name of names) {
    const path = await onPath(name, host)
    if (path !== undefined && !given.has(path)) yield remember(given, path)
  }
  yield* ofPyenv(minor, host)
}

function remember(given: Set<string>, path: string): string {
  given.add(path)
  return path
}

/** Where a program lies on the search path; undefined where it does not. */
export async function onPath(name: string, { variables }: Pick<PythonHost, 'variables'>): Promise<string | undefined> {
  for (const folder of (variables.PATH ?? '').split(delimiter)) {
    if (folder === '') continue
    const path = join(folder, name)
    if (await isProgram(path)) return path
  }
  return undefined
}

async function isProgram(path: string): Promise<boolean> {
  try {
    await access(await realpath(path), constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** The versions that pyenv has, the newest of each first: what it puts on the search path runs only those that are switched on. */
async function* ofPyenv(minor: string | undefined, { variables }: Pick<PythonHost, 'variables'>): AsyncGenerator<string> {
  const root = variables.PYENV_ROOT ?? (variables.HOME === undefined ? undefined : join(variables.HOME, '.pyenv'))
  if (root === undefined) return
  const versions = await readdir(join(root, 'versions')).catch(() => [])
  const fitting = versions.filter((name) => /^3\.\d+\.\d+$/.test(name) && (minor === undefined || minorOf(name) === minor))
  fitting.sort((a, b) => Number(b.split('.')[1]) - Number(a.split('.')[1]) || Number(b.split('.')[2]) - Number(a.split('.')[2]))
  for (const name of fitting) yield join(root, 'versions', name, 'bin/python3')
}
