import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../scripts/files.ts'
import { fairlead, type RunningPlatform } from '../test/support/platform.ts'

export const FIXTURES = join(ROOT, 'bench/fixtures')

/** Runs a command of the CLI; throws with what it said unless it succeeds. */
export async function cli(platform: RunningPlatform, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await fairlead(platform.data, args)
  if (code !== 0) throw new Error(`fairlead ${args.join(' ')} ended with ${code}:\n${stdout}${stderr}`)
  return stdout
}

/** Imports the 100-tree classifier with 30 named columns as the model `trees`. */
export async function importTrees(platform: RunningPlatform): Promise<void> {
  await cli(platform, 'models', 'import', join(FIXTURES, 'trees_100x30.onnx'), '--name', 'trees', '--signature', join(FIXTURES, 'signature.yaml'))
}

/** Where a deployment's model runs, in the platform's own words: on a busy machine the platform may have judged it to be heavy. */
export async function executionOf(platform: RunningPlatform, name: string): Promise<string> {
  return /"reason":\s*"(Runs [^"]*)"/.exec(await cli(platform, 'deployments', 'show', name, '--json'))?.[1] ?? 'It is not known where the model runs.'
}

/** Process ids of a process and all its descendants (Linux). */
export async function processTree(root: number): Promise<number[]> {
  const { readdir, readFile } = await import('node:fs/promises')
  const parents = new Map<number, number>()
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => undefined)
    const parent = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[1]
    if (parent) parents.set(Number(name), Number(parent))
  }
  const found = [root]
  for (const pid of found) for (const [child, parent] of parents) if (parent === pid) found.push(child)
  return found
}

/** The process that answers predictions, of a platform that has one (Linux). */
export async function serveProcess(platform: RunningPlatform): Promise<number | undefined> {
  if (process.platform !== 'linux') return undefined
  const pids = await processTree(platform.run.pid)
  return pids.find((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('serve-main'))
}

/** Processor time that a process has used so far, in microseconds, in steps of ten thousand (Linux). */
export function processorMicros(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const [user = 0, system = 0] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
    .map(Number)
  return (user + system) * 10_000
}
