import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readiness } from '../transport/control/index.ts'

/** What a serve process's slot is doing. */
interface Slot {
  id: string
  state: 'starting' | 'ready' | 'draining' | 'dead'
}

export interface ReadinessOptions {
  /** The platform is on its way out. */
  stopping(): boolean
  processes(): readonly Slot[]
  /** A folder of the data folder: what can be written there can be written in the stores beside it. */
  folder: string
  /** Milliseconds for which a look at the disk counts (default 1000). */
  everyMs?: number
}

/**
 * Whether the platform takes requests: the stores can be written and at least one serve process is ready, since all share one port.
 * Processes that are not ready while another is are named under `degraded`.
 */
export function readinessOf({ stopping, processes, folder, everyMs = 1000 }: ReadinessOptions): () => Promise<Readiness> {
  let looked = Number.NEGATIVE_INFINITY
  let disk: Promise<string | undefined> = Promise.resolve(undefined)
  const look = () => {
    if (performance.now() - looked >= everyMs) {
      looked = performance.now()
      disk = unwritable(folder)
    }
    return disk
  }
  return async () => {
    if (stopping()) return { ready: false, reasons: ['the platform is stopping'], degraded: [] }
    const all = processes()
    const down = all.filter((slot) => slot.state !== 'ready').map((slot) => `${slot.id} is ${slot.state}`)
    const unserved = down.length === all.length
    const full = await look()
    const reasons = [...(full === undefined ? [] : [full]), ...(unserved ? down : [])]
    return { ready: reasons.length === 0, reasons, degraded: unserved ? [] : down }
  }
}

const PROBE = Buffer.alloc(4096, 1)

async function unwritable(folder: string): Promise<string | undefined> {
  const path = join(folder, 'ready')
  try {
    await writeFile(path, PROBE)
    return undefined
  } catch (error) {
    return `the data folder cannot be written: ${error instanceof Error ? error.message : error}`
  } finally {
    await rm(path, { force: true }).catch(() => {})
  }
}
