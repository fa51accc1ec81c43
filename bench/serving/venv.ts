import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { lastWords } from './process.ts'

/** Debian's own Python where there is one: Triton's backend is linked against its library. */
const PYTHON = existsSync('/usr/bin/python3.11') ? '/usr/bin/python3.11' : 'python3'

/** Runs a command at low priority; throws with its last words unless it succeeds. */
export async function run(command: string[], options: { cwd?: string; env?: Record<string, string> } = {}): Promise<void> {
  const [program, ...args] = ['nice', '-n', '15', ...command]
  const child = spawn(program as string, args, { cwd: options.cwd, env: { ...process.env, ...options.env }, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said = (said + chunk).slice(-10_000)))
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('close', resolve)
    child.once('error', reject)
  })
  if (code !== 0) throw new Error(`${command.slice(0, 3).join(' ')} ended with ${code}: ${lastWords(said, 1)}`)
}

/** Makes a virtual environment with these packages in `folder`; does nothing when it holds just these. */
export async function venv(folder: string, packages: readonly string[]): Promise<void> {
  const stamp = join(folder, 'installed.json')
  const wanted = JSON.stringify(packages)
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  rmSync(join(folder, 'venv'), { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  await run([PYTHON, '-m', 'venv', join(folder, 'venv')])
  await run([python(folder), '-m', 'pip', 'install', '--quiet', '--no-cache-dir', '--disable-pip-version-check', ...packages])
  writeFileSync(stamp, wanted)
}

export function python(folder: string): string {
  return join(folder, 'venv/bin/python')
}

/** Environment in which the programs of a virtual environment are found, and no numerical library starts threads. */
export function venvEnv(folder: string): Record<string, string> {
  return {
    PATH: `${join(folder, 'venv/bin')}${delimiter}${process.env.PATH}`,
    OMP_NUM_THREADS: '1',
    OPENBLAS_NUM_THREADS: '1',
    PYTHONUNBUFFERED: '1',
  }
}
