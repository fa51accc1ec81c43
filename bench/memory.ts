import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ROOT } from '../scripts/files.ts'
import { startPlatform } from '../test/support/platform.ts'
import { processTree } from './platform.ts'
import type { Figure } from './report.ts'

/** Memory of the whole platform at rest with the example deployed, and of one serve process (Linux: proportional set size). */
export async function memory(options: { rounds: number }): Promise<Figure[]> {
  const whole: number[] = []
  const resident: number[] = []
  const serve: number[] = []
  for (let round = 0; round < options.rounds; round++) {
    await using platform = await startPlatform({ args: ['--processes', '1', '--apply', join(ROOT, 'examples/credit-risk')] })
    await sleep(5_000)
    const tree = await processTree(platform.run.pid)
    const main = tree.map((pid) => ({ pid, ...sizes(pid), command: readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ') }))
    whole.push(main.reduce((sum, { rss }) => sum + rss, 0))
    resident.push(main.reduce((sum, { pss }) => sum + pss, 0))
    serve.push(main.find(({ command }) => command.includes('serve-main'))?.rss ?? Number.NaN)
  }
  return [
    { name: 'whole platform at rest, sum of resident sets (shared pages counted once per process)', unit: 'MB', rounds: whole, bar: { most: 350 } },
    { name: 'whole platform at rest, proportional (shared pages counted once)', unit: 'MB', rounds: resident, bar: { most: 350 } },
    { name: 'a serve process, resident set', unit: 'MB', rounds: serve, bar: { most: 150 } },
  ]
}

function sizes(pid: number): { rss: number; pss: number } {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
  const megabytes = (key: string): number => (Number(new RegExp(`^${key}:\\s+(\\d+) kB`, 'm').exec(text)?.[1]) * 1024) / 1e6
  return { rss: megabytes('Rss'), pss: megabytes('Pss') }
}
