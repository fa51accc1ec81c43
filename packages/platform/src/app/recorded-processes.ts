import { execFileSync } from 'node:child_process'
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'

interface Recorded {
  pid: number
  /** When it was started, in the words of the operating system: a number that another process has later comes with other words. */
  started: string
}

/** Writes which processes work on a data folder, for a start after this run was killed. */
export function recordProcesses(path: string, pids: readonly number[]): void {
  if (pids.length === 0) {
    rmSync(path, { force: true })
    return
  }
  const all = pids.flatMap((pid): Recorded[] => {
    const started = startOf(pid)
    return started === undefined ? [] : [{ pid, started }]
  })
  const fresh = `${path}.new`
  writeFileSync(fresh, `${JSON.stringify(all)}\n`, { mode: 0o600 })
  renameSync(fresh, path)
}

/** Kills those of the recorded processes that are still there, and answers their numbers. */
export function killRecorded(path: string): number[] {
  const killed: number[] = []
  for (const { pid, started } of recorded(path)) {
    if (startOf(pid) !== started) continue
    try {
      process.kill(pid, 'SIGKILL')
      killed.push(pid)
    } catch {
      // it has ended meanwhile, or is another user's
    }
  }
  return killed
}

function recorded(path: string): Recorded[] {
  let all: unknown
  try {
    all = JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return []
  }
  if (!Array.isArray(all)) return []
  // 0 and below would be whole groups of processes
  return all.filter((one): one is Recorded => Number.isSafeInteger(one?.pid) && one.pid > 1 && one.pid !== process.pid && typeof one.started === 'string')
}

/** When a process was started, as its system tells it; `undefined` for one that is not there. */
function startOf(pid: number): string | undefined {
  try {
    if (process.platform !== 'linux') return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8', stdio: 'pipe' }).trim() || undefined
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // proc(5): the name stands in parentheses and may hold any character; the start, in ticks since boot, is the 22nd field
    const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${ticks}`
  } catch {
    return undefined
  }
}
