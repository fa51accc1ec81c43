import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Control, createControl } from '../../packages/client/src/index.ts'
import type { RunningPlatform } from '../../test/support/platform.ts'
import { processTree } from '../platform.ts'

/** What every area takes. */
export interface AreaOptions {
  rounds: number
  seconds: number
}

/** The control API of a platform, as its administrator. */
export function controlOf({ run, token }: RunningPlatform): Control {
  return createControl({ url: run.control, token })
}

/** Makes a release and waits until it answers. Throws with the reason when it does not. */
export async function deploy(control: Control, deployment: string, model: string, settings: { logEnabled?: boolean; queueRows?: number } = {}): Promise<void> {
  const { id } = await control.call('createRelease', { params: { deployment }, body: { model, settings } })
  const { state, error } = await control.call('getOperation', { params: { operation: id }, query: { wait: 60 } })
  if (state !== 'done') throw new Error(`The release of ${deployment} ended as ${state}: ${error?.detail}`)
}

/** The processes that answer predictions (Linux). */
export async function serveProcesses(platform: RunningPlatform): Promise<number[]> {
  const pids = await processTree(platform.run.pid)
  return pids.filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('serve-main')
    } catch {
      return false
    }
  })
}

/** Megabytes that a process has in memory: the middle of some readings, for the collector comes and goes (Linux). */
export async function residentMegabytes(pid: number): Promise<number> {
  const read: number[] = []
  for (let n = 0; n < 15; n++) {
    read.push((Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024) / 1e6)
    await sleep(200)
  }
  return read.sort((a, b) => a - b)[7] as number
}
