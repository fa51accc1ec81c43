import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fairlead, type RunningPlatform, startPlatform } from '../test/support/platform.ts'
import { processTree } from './platform.ts'
import { type Shape, writeXGBoost } from './reading/xgboost.ts'
import type { Figure } from './report.ts'

const FILES: readonly (Shape & { readonly name: string })[] = [
  { name: 'XGBoost UBJSON of 10 million nodes', trees: 9_800, depth: 9, format: 'ubjson' },
  { name: 'XGBoost JSON of 10 million nodes, only what a prediction needs', trees: 9_800, depth: 9, format: 'json', terse: true },
]
const SAMPLED_MS = 20
/** It reads the file in a thread of its own. */
const CONTROL = 'control, which reads it'

/** The processes of a platform that an import keeps busy, by the program each runs; others are not told of. */
const PROCESSES = { 'trial-main': 'the process that tries it', 'serve-main': 'a serve process' } as const
type Part = (typeof PROCESSES)[keyof typeof PROCESSES] | typeof CONTROL

interface Imported {
  seconds: number
  /** Most resident bytes of each process. */
  peaks: ReadonlyMap<Part, number>
}

/** Large models imported by `fairlead models import` into a platform that runs: time and memory of its processes (Linux). */
export async function importing({ rounds }: { rounds: number }): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-importing-'))
  try {
    const figures: Figure[] = []
    for (const shape of FILES) {
      const path = join(folder, `model.${shape.format === 'json' ? 'json' : 'ubj'}`)
      const nodes = writeXGBoost(path, shape)
      const found: Imported[] = []
      for (let round = 0; round < rounds; round++) found.push(await imported(path))
      const about = `${shape.name} (${(statSync(path).size / 1e6).toFixed(1)} MB, ${nodes.toLocaleString('en-US')} nodes)`
      figures.push({ name: `${about}: \`models import\``, unit: 's', rounds: found.map(({ seconds }) => seconds) })
      for (const part of [CONTROL, ...Object.values(PROCESSES)] as const)
        figures.push({ name: `${about}: most memory of ${part}`, unit: 'MB', rounds: found.map(({ peaks }) => (peaks.get(part) ?? Number.NaN) / 1e6) })
    }
    return figures
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function imported(path: string): Promise<Imported> {
  await using platform = await startPlatform({ args: ['--processes', '1'] })
  const peaks = new Map<Part, number>()
  let done = false
  const watching = (async () => {
    while (!done) {
      await watch(platform, peaks)
      await new Promise((resolve) => setTimeout(resolve, SAMPLED_MS))
    }
  })()
  const began = performance.now()
  const { code, stderr } = await fairlead(platform.data, ['models', 'import', path, '--name', 'large'])
  const seconds = (performance.now() - began) / 1000
  done = true
  await watching
  if (code !== 0) throw new Error(`the import ended with ${code}: ${stderr}`)
  return { seconds, peaks }
}

async function watch(platform: RunningPlatform, peaks: Map<Part, number>): Promise<void> {
  for (const pid of await processTree(platform.run.pid)) {
    const part = pid === platform.run.pid ? CONTROL : partOf(pid)
    if (part) peaks.set(part, Math.max(peaks.get(part) ?? 0, mostResident(pid)))
  }
}

function partOf(pid: number): Part | undefined {
  const command = text(`/proc/${pid}/cmdline`)
  return Object.entries(PROCESSES).find(([program]) => command.includes(program))?.[1]
}

/** Most resident bytes of a process so far; 0 of one that has ended. */
function mostResident(pid: number): number {
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(text(`/proc/${pid}/status`))?.[1] ?? 0) * 1024
}

function text(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
